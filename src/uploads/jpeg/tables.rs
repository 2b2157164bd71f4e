//! The tables of a JPEG as they stand when a scan begins.

use crate::uploads::unfit::Unfit;

use super::huffman::Code;

/// The place in a block, row by row, of each coefficient in the order in which it is stored.
pub(super) const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A quantisation table, row by row.
pub(super) type Steps = [u16; 64];

/// What the segments before a scan defined; a later definition replaces an earlier one.
#[derive(Default)]
pub(super) struct Tables {
    steps: [Option<Box<Steps>>; 4],
    /// Codes of the first coefficients, then of the others.
    codes: [[Option<Code>; 4]; 2],
    /// Units between restarts; 0 for none.
    pub restart: usize,
}

impl Tables {
    /// Reads quantisation tables.
    pub fn quantisation(&mut self, mut segment: &[u8]) -> Result<(), Unfit> {
        while let Some((head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let values = rest.split_at_checked(if wide { 128 } else { 64 });
            let (values, rest) = values.ok_or_else(Unfit::truncated)?;
            let mut table = Box::new([1u16; 64]);
            for (place, index) in ZIGZAG.into_iter().enumerate() {
                table[index] = if wide {
                    u16::from_be_bytes([values[2 * place], values[2 * place + 1]])
                } else {
                    values[place].into()
                };
            }
            *self.steps.get_mut(usize::from(head & 15)).ok_or_else(nonsense)? = Some(table);
            segment = rest;
        }
        Ok(())
    }

    /// Reads Huffman codes.
    pub fn codes(&mut self, mut segment: &[u8]) -> Result<(), Unfit> {
        while let Some((head, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(Unfit::truncated)?;
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or_else(Unfit::truncated)?;
            let code = Code::new(*counts, symbols).ok_or_else(nonsense)?;
            let class = self.codes.get_mut(usize::from(head >> 4)).ok_or_else(nonsense)?;
            *class.get_mut(usize::from(head & 15)).ok_or_else(nonsense)? = Some(code);
            segment = rest;
        }
        Ok(())
    }

    /// The table of a component.
    pub fn steps(&self, index: usize) -> Result<Steps, Unfit> {
        self.steps.get(index).and_then(|table| table.as_deref().copied()).ok_or_else(missing)
    }

    /// A code: of first coefficients (0) or of the others (1).
    pub fn code(&self, class: usize, index: usize) -> Result<Code, Unfit> {
        let code = self.codes.get(class).and_then(|class| class.get(index));
        code.and_then(Clone::clone).ok_or_else(missing)
    }
}

fn nonsense() -> Unfit {
    Unfit::broken("a table makes no sense")
}

fn missing() -> Unfit {
    Unfit::broken("a table is missing")
}
