//! Reads the coefficients of a picture that has one scan: nearly every photograph.
//!
//! The decoder forgives much, even a picture without pixels; this reader forgives nothing: every
//! block must be there, every code must mean something, restarts must come where they should. It
//! says where the last block ends, so that nothing hides behind it.

use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

use super::bits::{BitReader, Exhausted};
use super::frame::Frame;
use super::huffman::Code;
use super::tables::{Steps, Tables, ZIGZAG};

/// Coefficients of eight by eight pixels, row by row.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub values: [i16; 64],
    /// Which of them may not be zero; most are.
    pub set: u64,
}

impl Block {
    pub const EMPTY: Self = Self { values: [0; 64], set: 0 };

    #[inline]
    pub fn put(&mut self, index: usize, value: i16) {
        self.values[index] = value;
        self.set |= 1 << index;
    }

    /// Which may not be zero, in order.
    #[inline]
    pub fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.set;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            // Without its lowest one; there is none when nothing is left.
            left &= left.checked_sub(1)?;
            Some(place)
        })
    }
}

/// One component of a scan.
pub(super) struct Part {
    /// Which component of the frame it is.
    pub component: usize,
    /// Blocks of it in a unit.
    pub across: usize,
    pub down: usize,
    pub steps: Steps,
    first: Code,
    others: Code,
}

/// A scan that holds all components.
pub(super) struct Scan<'a> {
    pub parts: Vec<Part>,
    /// Units in a row, and rows of them.
    pub units: (usize, usize),
    restart: usize,
    pub data: &'a [u8],
}

/// The blocks of one row of units: for each part its rows of blocks, one after the other.
pub(super) type Rows = Vec<Vec<Block>>;

impl<'a> Scan<'a> {
    /// Reads a scan's header; `None` for scans that do not hold the whole picture.
    pub fn open(
        header: &[u8],
        data: &'a [u8],
        frame: &Frame,
        tables: &Tables,
    ) -> Result<Option<Self>, Unfit> {
        let mut take = Take::new(header);
        let count = usize::from(take.byte()?);
        if frame.progressive || count != frame.components.len() {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(count);
        for component in 0..count {
            let [id, codes] = take.array()?;
            let of = &frame.components[component];
            if of.id != id {
                return Err(Unfit::broken("its scan has other components than its frame"));
            }
            // One component alone comes block by block, whatever its factors say.
            let (across, down) = if count == 1 { (1, 1) } else { (of.across, of.down) };
            let first = tables.code(0, usize::from(codes >> 4))?;
            let others = tables.code(1, usize::from(codes & 15))?;
            let steps = tables.steps(of.table)?;
            parts.push(Part { component, across, down, steps, first, others });
        }
        let (across, down) = if count == 1 { (1, 1) } else { frame.sampling() };
        let units = (frame.width.div_ceil(8 * across), frame.height.div_ceil(8 * down));
        Ok(Some(Self { parts, units, restart: tables.restart, data }))
    }

    /// Reads everything, hands out row after row of units, and says where the data ends.
    pub fn read(&self, mut each: impl FnMut(&Rows)) -> Result<usize, Unfit> {
        let mut rows: Rows = self.parts.iter().map(|part| self.row_of(part)).collect();
        let mut bits = BitReader::new(self.data);
        let mut last = vec![0; self.parts.len()];
        let mut unit = 0usize;
        for _ in 0..self.units.1 {
            for row in &mut rows {
                row.fill(Block::EMPTY);
            }
            for x in 0..self.units.0 {
                if self.restart != 0 && unit != 0 && unit.is_multiple_of(self.restart) {
                    self.restart(&mut bits, unit / self.restart - 1)?;
                    last.fill(0);
                }
                self.unit(&mut bits, x, &mut rows, &mut last).map_err(|_| damaged())?;
                unit += 1;
            }
            each(&rows);
        }
        Ok(bits.end())
    }

    fn row_of(&self, part: &Part) -> Vec<Block> {
        vec![Block::EMPTY; self.units.0 * part.across * part.down]
    }

    fn unit(
        &self,
        bits: &mut BitReader<'_>,
        x: usize,
        rows: &mut Rows,
        last: &mut [i32],
    ) -> Result<(), Exhausted> {
        for ((part, row), last) in self.parts.iter().zip(rows).zip(last) {
            for down in 0..part.down {
                let start = (down * self.units.0 + x) * part.across;
                for block in &mut row[start..start + part.across] {
                    part.block(bits, last, block)?;
                }
            }
        }
        Ok(())
    }

    /// Goes over the marker of a restart, which must be the one whose turn it is.
    fn restart(&self, bits: &mut BitReader<'_>, number: usize) -> Result<(), Unfit> {
        let mut take = Take::new(self.data);
        take.bytes(bits.end())?;
        let mut byte = take.byte()?;
        let mut fill = 0;
        while byte == 0xFF {
            byte = take.byte()?;
            fill += 1;
        }
        if fill == 0 || usize::from(byte) != 0xD0 + number % 8 {
            return Err(damaged());
        }
        bits.seek(take.at());
        Ok(())
    }
}

impl Part {
    #[inline]
    fn block(
        &self,
        bits: &mut BitReader<'_>,
        last: &mut i32,
        block: &mut Block,
    ) -> Result<(), Exhausted> {
        let size = self.first.read(bits)?;
        if size > 12 {
            return Err(Exhausted);
        }
        *last += bits.number(size.into())?;
        // Twice of what eight bits can make.
        if !(-2048..2048).contains(last) {
            return Err(Exhausted);
        }
        block.put(0, *last as i16);
        let mut place = 1;
        while place < 64 {
            let symbol = self.others.read(bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            match (run, size) {
                (15, 0) => place += 16,
                (_, 0) => return Ok(()),
                _ => {
                    place += run;
                    let index = ZIGZAG.get(place).ok_or(Exhausted)?;
                    block.put(*index, bits.number(size)? as i16);
                    place += 1;
                }
            }
        }
        if place == 64 { Ok(()) } else { Err(Exhausted) }
    }
}

fn damaged() -> Unfit {
    Unfit::broken("its pixels are damaged or end too early")
}
