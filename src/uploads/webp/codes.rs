//! How much memory the codes of a lossless picture will take, before the decoder makes their tables.
//!
//! Such a picture may bring 65,536 groups of five codes, each of them a table of four kilobytes for a
//! dozen bytes of file: four megabytes that become more than a gigabyte. No header says how many
//! there are, so that this reads up to them: over the transforms, whose values do not matter here,
//! and over the picture of groups, whose highest value is their number.

use crate::uploads::unfit::Unfit;

/// Codes up to this many bits are found at once.
const QUICK_BITS: u32 = 8;
const MAX_BITS: usize = 15;
/// The decoder's tables have no more bits.
const TABLE_BITS: usize = 10;
/// What the decoder holds beside a table, and for each code that is longer than that.
const CODE_BYTES: u64 = 96;
const LONG_BYTES: u64 = 32;

const LENGTH_ORDER: [usize; 19] =
    [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The bytes of the codes of a lossless picture; `data` begins behind its header.
pub(super) fn memory(data: &[u8], width: u32, height: u32) -> Result<u64, Unfit> {
    let mut bits = Bits { data, at: 0, buffer: 0, count: 0 };
    bits.codes_of_picture(width, height).ok_or_else(|| Unfit::broken("its codes make no sense"))
}

/// Reads bits, the lowest of each byte first.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    count: u32,
}

/// A code and what the decoder's table of it will take.
struct Code {
    counts: [usize; MAX_BITS + 1],
    symbols: Vec<usize>,
    /// Bits and symbol by the next bits; 0 bits for longer codes.
    quick: Vec<(u32, usize)>,
    bytes: u64,
}

impl Bits<'_> {
    fn peek(&mut self, bits: u32) -> u64 {
        while self.count <= 56 {
            let Some(byte) = self.data.get(self.at) else { break };
            self.buffer |= u64::from(*byte) << self.count;
            self.at += 1;
            self.count += 8;
        }
        self.buffer & ((1 << bits) - 1)
    }

    fn skip(&mut self, bits: u32) -> Option<()> {
        self.count = self.count.checked_sub(bits)?;
        self.buffer >>= bits;
        Some(())
    }

    fn number(&mut self, bits: u32) -> Option<usize> {
        let number = self.peek(bits);
        self.skip(bits)?;
        usize::try_from(number).ok()
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.number(1)? == 1)
    }

    fn codes_of_picture(&mut self, width: u32, height: u32) -> Option<u64> {
        let mut width = width as usize;
        let height = height as usize;
        let mut seen = [false; 4];
        while self.flag()? {
            let kind = self.number(2)?;
            if std::mem::replace(&mut seen[kind], true) {
                return None;
            }
            match kind {
                0 | 1 => {
                    let side = 1 << (self.number(3)? + 2);
                    self.small_picture(width.div_ceil(side) * height.div_ceil(side))?;
                }
                2 => {}
                _ => {
                    let colours = self.number(8)? + 1;
                    self.small_picture(colours)?;
                    width = width.div_ceil(match colours {
                        0..=2 => 8,
                        3..=4 => 4,
                        5..=16 => 2,
                        _ => 1,
                    });
                }
            }
        }
        let cached = self.cache()?;
        let mut groups = 1;
        if self.flag()? {
            let side = 1 << (self.number(3)? + 2);
            groups = self.small_picture(width.div_ceil(side) * height.div_ceil(side))? + 1;
        }
        let mut bytes = 0;
        for _ in 0..groups {
            bytes += self.group(cached)?.iter().map(|code| code.bytes).sum::<u64>();
        }
        Some(bytes)
    }

    /// How many colours are cached.
    fn cache(&mut self) -> Option<usize> {
        if !self.flag()? {
            return Some(0);
        }
        let bits = self.number(4)?;
        (1..=11).contains(&bits).then(|| 1 << bits)
    }

    fn group(&mut self, cached: usize) -> Option<[Code; 5]> {
        Some([
            self.code(256 + 24 + cached)?,
            self.code(256)?,
            self.code(256)?,
            self.code(256)?,
            self.code(40)?,
        ])
    }

    /// Reads over a picture of so many pixels that has one group; says its highest number of two
    /// bytes, red and green. What is copied or cached was there before.
    fn small_picture(&mut self, pixels: usize) -> Option<usize> {
        let cached = self.cache()?;
        let [green, red, blue, alpha, distance] = self.group(cached)?;
        let (mut done, mut highest) = (0, 0);
        while done < pixels {
            let symbol = green.read(self)?;
            if symbol < 256 {
                highest = highest.max(red.read(self)? << 8 | symbol);
                blue.read(self)?;
                alpha.read(self)?;
                done += 1;
            } else if symbol < 256 + 24 {
                done += self.length(symbol - 256)?;
                let symbol = distance.read(self)?;
                self.length(symbol)?;
            } else {
                done += 1;
            }
        }
        Some(highest)
    }

    /// A length or a distance: a symbol and the bits behind it.
    fn length(&mut self, symbol: usize) -> Option<usize> {
        if symbol < 4 {
            return Some(symbol + 1);
        }
        let extra = (symbol - 2) / 2;
        Some(((2 + symbol % 2) << extra) + self.number(u32::try_from(extra).ok()?)? + 1)
    }

    fn code(&mut self, symbols: usize) -> Option<Code> {
        if !self.flag()? {
            let lengths = self.lengths(symbols)?;
            return Code::new(&lengths);
        }
        let two = self.flag()?;
        let bits = if self.flag()? { 8 } else { 1 };
        let mut lengths = vec![0; symbols];
        *lengths.get_mut(self.number(bits)?)? = 1;
        if two {
            *lengths.get_mut(self.number(8)?)? = 1;
        }
        Code::new(&lengths)
    }

    /// Reads the lengths of a code's symbols, which are coded themselves.
    fn lengths(&mut self, symbols: usize) -> Option<Vec<usize>> {
        let mut of_lengths = [0; 19];
        let count = self.number(4)? + 4;
        for place in LENGTH_ORDER.get(..count)? {
            of_lengths[*place] = self.number(3)?;
        }
        let code = Code::new(&of_lengths)?;
        let mut left = symbols;
        if self.flag()? {
            let bits = 2 + 2 * self.number(3)?;
            left = 2 + self.number(u32::try_from(bits).ok()?)?;
        }
        let (mut lengths, mut last) = (Vec::with_capacity(symbols), 8);
        while lengths.len() < symbols && left > 0 {
            left -= 1;
            let (length, times) = match code.read(self)? {
                16 => (last, 3 + self.number(2)?),
                17 => (0, 3 + self.number(3)?),
                18 => (0, 11 + self.number(7)?),
                length => (length, 1),
            };
            if length != 0 {
                last = length;
            }
            lengths.extend(std::iter::repeat_n(length, times));
        }
        (lengths.len() <= symbols).then_some(lengths)
    }
}

impl Code {
    /// A code by the lengths of its symbols; `None` if that is no code.
    fn new(lengths: &[usize]) -> Option<Self> {
        let mut counts = [0; MAX_BITS + 1];
        for length in lengths {
            *counts.get_mut(*length)? += 1;
        }
        counts[0] = 0;
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at] != 0).collect();
        symbols.sort_by_key(|symbol| lengths[*symbol]);
        let longest = *lengths.iter().max()?;
        let long: usize = counts.get(TABLE_BITS + 1..)?.iter().sum();
        let table = if symbols.len() < 2 { 0 } else { 4u64 << longest.min(TABLE_BITS) };
        let bytes = CODE_BYTES + table + LONG_BYTES * long as u64;
        let mut code = Self { counts, symbols, quick: Vec::new(), bytes };
        code.fill()?;
        Some(code)
    }

    fn fill(&mut self) -> Option<()> {
        if self.symbols.len() < 2 {
            // One symbol takes no bits; none is no code.
            return (self.symbols.len() == 1).then_some(());
        }
        self.quick = vec![(0, 0); 1 << QUICK_BITS];
        let (mut next, mut symbols) = (0usize, self.symbols.iter());
        for (bits, count) in (1u32..).zip(&self.counts[1..]) {
            for symbol in symbols.by_ref().take(*count) {
                if bits <= QUICK_BITS {
                    // The highest bit of a code is the first that comes.
                    let start = next.reverse_bits() >> (usize::BITS - bits);
                    for entry in self.quick.iter_mut().skip(start).step_by(1 << bits) {
                        *entry = (bits, *symbol);
                    }
                }
                next += 1;
            }
            next <<= 1;
        }
        (next == 2 << MAX_BITS).then_some(())
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<usize> {
        if let [only] = self.symbols[..] {
            return Some(only);
        }
        let (length, symbol) = *self.quick.get(bits.peek(QUICK_BITS) as usize)?;
        if length != 0 {
            bits.skip(length)?;
            return Some(symbol);
        }
        let next = bits.peek(MAX_BITS as u32);
        let (mut code, mut first, mut index) = (0, 0, 0);
        for (length, count) in (1u32..).zip(&self.counts[1..]) {
            code = code << 1 | (next >> (length - 1) & 1) as usize;
            if code < first + count {
                bits.skip(length)?;
                return self.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
        }
        None
    }
}
