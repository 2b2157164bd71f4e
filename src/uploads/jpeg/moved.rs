//! Turns a JPEG without decoding it to pixels: its blocks change places, their coefficients change
//! signs and places, and nothing is lost.

use crate::uploads::orientation::Orientation;
use crate::uploads::unfit::Unfit;

use super::bits::BitWriter;
use super::frame::Frame;
use super::huffman::ShortestCode;
use super::scan::{Block, Part, Scan};
use super::tables::{Steps, ZIGZAG};

/// Whether a picture can be turned so: where it is mirrored it must end with a whole unit, because
/// its border would come to lie inside.
pub(super) fn fits(frame: &Frame, turn: Orientation) -> bool {
    let (across, down) = if frame.components.len() == 1 { (1, 1) } else { frame.sampling() };
    let (mirrors_x, mirrors_y) = turn.mirrors_stored();
    (!mirrors_x || frame.width.is_multiple_of(8 * across))
        && (!mirrors_y || frame.height.is_multiple_of(8 * down))
}

/// All blocks of a picture, in the order in which they are shown.
pub(super) struct Moved<'a, 'b> {
    scan: &'b Scan<'a>,
    turn: Orientation,
    blocks: Vec<Vec<Block>>,
    /// Where each coefficient goes, in the order of the file, and its sign there.
    ways: [(usize, i16); 64],
}

impl<'a, 'b> Moved<'a, 'b> {
    pub fn new(scan: &'b Scan<'a>, turn: Orientation) -> Self {
        let blocks = scan
            .parts
            .iter()
            .map(|part| Vec::with_capacity(scan.units.0 * scan.units.1 * part.across * part.down));
        Self { scan, turn, blocks: blocks.collect(), ways: ways(turn) }
    }

    /// Takes the next row of units.
    pub fn push(&mut self, rows: &[Vec<Block>]) {
        for (blocks, row) in self.blocks.iter_mut().zip(rows) {
            blocks.extend_from_slice(row);
        }
    }

    /// Writes tables, frame and scan behind what the file has already, and its end.
    pub fn write(self, frame: &Frame, file: &mut Vec<u8>) -> Result<(), Unfit> {
        let codes = self.codes();
        self.headers(frame, &codes, file)?;
        let mut writer = BitWriter::new(std::mem::take(file));
        self.each(|place, symbol, value, bits| {
            let (length, code) = codes[place].of(symbol);
            writer.write(u32::from(code) << bits | value, u32::from(length) + bits);
        });
        *file = writer.finish();
        file.extend([0xFF, 0xD9]);
        Ok(())
    }

    /// One code for the first coefficients and one for the others, of each component.
    fn codes(&self) -> Vec<ShortestCode> {
        let mut counts = vec![[0u32; 256]; self.scan.parts.len() * 2];
        self.each(|place, symbol, _, _| counts[place][usize::from(symbol)] += 1);
        counts.iter().map(ShortestCode::new).collect()
    }

    /// Hands out, in the order of the file: which code, its symbol, the value behind it, its bits.
    fn each(&self, mut out: impl FnMut(usize, u8, u32, u32)) {
        let (wide, high) = self.turn.size(self.scan.units.0, self.scan.units.1);
        let mut last = vec![0i16; self.scan.parts.len()];
        for y in 0..high {
            for x in 0..wide {
                for (place, part) in self.scan.parts.iter().enumerate() {
                    let (across, down) = self.turn.size(part.across, part.down);
                    for (dy, dx) in (0..down).flat_map(|dy| (0..across).map(move |dx| (dy, dx))) {
                        let block = self.block(place, part, x * across + dx, y * down + dy);
                        symbols(
                            &self.turned(block),
                            &mut last[place],
                            |others, symbol, value, bits| {
                                out(place * 2 + others, symbol, value, bits);
                            },
                        );
                    }
                }
            }
        }
    }

    fn block(&self, place: usize, part: &Part, x: usize, y: usize) -> &Block {
        let stored = (self.scan.units.0 * part.across, self.scan.units.1 * part.down);
        let (start, step) = self.turn.walk(y, stored.0, stored.1);
        &self.blocks[place][start.wrapping_add_signed(step * x.cast_signed())]
    }

    /// A block as it is shown, in the order of the file.
    #[inline]
    fn turned(&self, block: &Block) -> Block {
        let mut turned = Block::EMPTY;
        for from in block.places() {
            let (to, sign) = self.ways[from];
            turned.put(to, block.values[from] * sign);
        }
        turned
    }

    fn headers(
        &self,
        frame: &Frame,
        codes: &[ShortestCode],
        file: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        let (width, height) = self.turn.size(frame.width, frame.height);
        let [width, height] = [width, height].map(|side| u16::try_from(side).unwrap_or(0));
        let mut sof = [&[8][..], &height.to_be_bytes(), &width.to_be_bytes()].concat();
        let mut sos = vec![self.scan.parts.len() as u8];
        sof.push(self.scan.parts.len() as u8);
        for (place, part) in self.scan.parts.iter().enumerate() {
            let component = &frame.components[part.component];
            let (across, down) = self.turn.size(component.across, component.down);
            let table = place as u8;
            sof.extend([component.id, (across << 4 | down) as u8, table]);
            sos.extend([component.id, table << 4 | table]);
            put(file, 0xDB, &self.steps(&part.steps, table));
            put(file, 0xC4, &[&[table][..], &codes[place * 2].segment()].concat());
            put(file, 0xC4, &[&[0x10 | table][..], &codes[place * 2 + 1].segment()].concat());
        }
        put(file, frame.marker, &sof);
        put(file, 0xDA, &[&sos[..], &[0, 63, 0]].concat());
        Ok(())
    }

    fn steps(&self, stored: &Steps, table: u8) -> Vec<u8> {
        let at = |place: usize| if self.turn.swaps() { place % 8 * 8 + place / 8 } else { place };
        let values = ZIGZAG.map(|place| stored[at(place)]);
        if values.iter().all(|value| *value < 256) {
            return [&[table][..], &values.map(|value| value as u8)].concat();
        }
        let wide: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        [&[0x10 | table][..], &wide].concat()
    }
}

/// What a turn does to the coefficients: rows and columns change places, and where the picture is
/// mirrored the odd waves change their signs.
fn ways(turn: Orientation) -> [(usize, i16); 64] {
    let (mirror_x, mirror_y) = turn.mirrors_shown();
    let mut ways = [(0, 1); 64];
    for (to, shown) in ZIGZAG.into_iter().enumerate() {
        let (x, y) = (shown % 8, shown / 8);
        let from = if turn.swaps() { x * 8 + y } else { shown };
        let negative = (mirror_x && x % 2 == 1) != (mirror_y && y % 2 == 1);
        ways[from] = (to, if negative { -1 } else { 1 });
    }
    ways
}

/// Hands out what a block is written as: 0 for its first coefficient or 1, the symbol, the value
/// behind it, its bits.
#[inline]
fn symbols(block: &Block, last: &mut i16, mut out: impl FnMut(usize, u8, u32, u32)) {
    let (value, bits) = written(block.values[0] - *last);
    *last = block.values[0];
    out(0, bits as u8, value, bits);
    let mut before = 0;
    for place in block.places().filter(|place| *place > 0) {
        let mut run = place - before - 1;
        while run > 15 {
            out(1, 0xF0, 0, 0);
            run -= 16;
        }
        let (value, bits) = written(block.values[place]);
        out(1, (run as u8) << 4 | bits as u8, value, bits);
        before = place;
    }
    if before < 63 {
        out(1, 0, 0, 0);
    }
}

/// A number as JPEG writes it, and its bits.
#[inline]
fn written(number: i16) -> (u32, u32) {
    let bits = 16 - number.unsigned_abs().leading_zeros();
    let value = i32::from(number) - i32::from(number < 0);
    ((value & ((1 << bits) - 1)) as u32, bits)
}

fn put(file: &mut Vec<u8>, marker: u8, body: &[u8]) {
    let length = u16::try_from(body.len() + 2).unwrap_or(u16::MAX);
    file.extend([0xFF, marker]);
    file.extend(length.to_be_bytes());
    file.extend_from_slice(body);
}
