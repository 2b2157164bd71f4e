//! The coded pixels of a frame: where they end, and nothing behind that is kept.
//!
//! Only the lengths of what the codes stand for are followed, not the pixels: the decoder decodes
//! them afterwards, from what is kept.

use crate::uploads::removed::{Found, Removed};

/// The most bits of a code.
const CODE_BITS: u32 = 12;
/// As many codes as there can be.
const CODES: usize = 1 << CODE_BITS;
/// The most bytes of a block.
const BLOCK: usize = 255;

/// A frame's data as it is in the file.
pub(super) struct Data<'a> {
    /// The bits of a pixel.
    pub literal_bits: u8,
    pub pixels: u64,
    /// Blocks, each with its length, up to the empty one.
    pub blocks: &'a [u8],
}

impl Data<'_> {
    /// Writes blocks of what makes the pixels.
    pub fn write(&self, out: &mut Vec<u8>, found: &mut Found) {
        let coded = self.joined();
        let end = Codes::new(&coded, self.literal_bits)
            .and_then(|codes| codes.end(self.pixels))
            .unwrap_or(coded.len());
        let (kept, cut) = coded.split_at(end.min(coded.len()));
        // Some encoders fill up with zeros.
        if cut.iter().any(|byte| *byte != 0) {
            found.insert(Removed::Appended);
        }
        for block in kept.chunks(BLOCK) {
            out.push(u8::try_from(block.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(block);
        }
        out.push(0);
    }

    fn joined(&self) -> Vec<u8> {
        let mut joined = Vec::with_capacity(self.blocks.len());
        let mut rest = self.blocks;
        while let Some((length, behind)) = rest.split_first() {
            let (block, behind) = behind.split_at(usize::from(*length).min(behind.len()));
            joined.extend_from_slice(block);
            rest = behind;
        }
        joined
    }
}

/// Reads codes of growing width, the lowest bit first.
struct Codes<'a> {
    data: &'a [u8],
    /// Bytes that were put into `waiting`.
    at: usize,
    waiting: u64,
    bits: u32,
    width: u32,
    literal_bits: u32,
}

impl<'a> Codes<'a> {
    fn new(data: &'a [u8], literal_bits: u8) -> Option<Self> {
        let literal_bits = u32::from(literal_bits);
        let codes =
            Self { data, at: 0, waiting: 0, bits: 0, width: literal_bits + 1, literal_bits };
        (1..CODE_BITS).contains(&literal_bits).then_some(codes)
    }

    fn next(&mut self) -> Option<usize> {
        while self.bits < self.width {
            let byte = *self.data.get(self.at)?;
            self.waiting |= u64::from(byte) << self.bits;
            self.at += 1;
            self.bits += 8;
        }
        let code = self.waiting & ((1 << self.width) - 1);
        self.waiting >>= self.width;
        self.bits -= self.width;
        usize::try_from(code).ok()
    }

    /// Bytes read, the last of them perhaps in part.
    fn read(&self) -> usize {
        self.at - (self.bits / 8) as usize
    }

    /// Where the data ends that makes so many pixels, with its end code if it has one. None if there
    /// are fewer, or a code that means nothing: the decoder says what is wrong.
    fn end(mut self, pixels: u64) -> Option<usize> {
        let clear = 1 << self.literal_bits;
        // How many pixels a code stands for.
        let mut lengths = [1u16; CODES];
        let mut free = clear + 2;
        let mut last: Option<usize> = None;
        let mut made = 0;
        while made < pixels {
            let code = self.next()?;
            if code == clear {
                self.width = self.literal_bits + 1;
                (free, last) = (clear + 2, None);
                continue;
            }
            if code == clear + 1 {
                return Some(self.read());
            }
            if let Some(last) = last {
                if free < CODES {
                    lengths[free] = lengths[last].saturating_add(1);
                    free += 1;
                }
                if free >= 1 << self.width && self.width < CODE_BITS {
                    self.width += 1;
                }
            }
            if code >= free || last.is_none() && code > clear {
                return None;
            }
            made += u64::from(lengths[code]);
            last = Some(code);
        }
        let complete = self.read();
        Some(self.end_code(clear).unwrap_or(complete))
    }

    /// Where the end code ends, if that is what comes next; some encoders clear before.
    fn end_code(&mut self, clear: usize) -> Option<usize> {
        let mut code = self.next()?;
        if code == clear {
            self.width = self.literal_bits + 1;
            code = self.next()?;
        }
        (code == clear + 1).then(|| self.read())
    }
}
