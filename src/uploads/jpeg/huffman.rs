//! Huffman codes of a JPEG: those that a file has, and the shortest ones for what is to be written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bits::{BitReader, Exhausted};

/// Codes up to this many bits are found at once.
const QUICK_BITS: u32 = 9;
/// No code of a JPEG is longer.
const MAX_BITS: usize = 16;

/// A code, for reading.
#[derive(Clone)]
pub(super) struct Code {
    counts: [u8; MAX_BITS],
    symbols: Vec<u8>,
    /// Length and symbol by the next bits; a length of 0 if the code is longer.
    quick: Vec<(u8, u8)>,
}

impl Code {
    /// A code of `counts[n]` symbols of `n + 1` bits each; `None` if there are not so many.
    pub fn new(counts: [u8; MAX_BITS], symbols: &[u8]) -> Option<Self> {
        let mut quick = vec![(0, 0); 1 << QUICK_BITS];
        let mut next = 0usize;
        let mut left = symbols.iter();
        for (bits, count) in (1u32..).zip(counts) {
            for _ in 0..count {
                let symbol = *left.next()?;
                if next >> bits != 0 {
                    return None;
                }
                if bits <= QUICK_BITS {
                    let span = 1 << (QUICK_BITS - bits);
                    quick[next * span..(next + 1) * span].fill((bits as u8, symbol));
                }
                next += 1;
            }
            next <<= 1;
        }
        Some(Self { counts, symbols: symbols.to_vec(), quick })
    }

    /// Reads the next symbol.
    #[inline]
    pub fn read(&self, bits: &mut BitReader<'_>) -> Result<u8, Exhausted> {
        let (length, symbol) = self.quick[bits.peek(QUICK_BITS) as usize];
        if length != 0 {
            bits.skip(length.into())?;
            return Ok(symbol);
        }
        self.read_long(bits)
    }

    #[cold]
    fn read_long(&self, bits: &mut BitReader<'_>) -> Result<u8, Exhausted> {
        let next = bits.peek(MAX_BITS as u32) as usize;
        let (mut first, mut index) = (0usize, 0usize);
        for (length, count) in (1..=MAX_BITS).zip(self.counts) {
            let code = next >> (MAX_BITS - length);
            let count = usize::from(count);
            if code < first + count && code >= first {
                bits.skip(length as u32)?;
                return self.symbols.get(index + code - first).copied().ok_or(Exhausted);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(Exhausted)
    }
}

/// A code, for writing: the shortest that there is for how often each symbol comes.
pub(super) struct ShortestCode {
    counts: [u8; MAX_BITS],
    symbols: Vec<u8>,
    /// Bits and code of each symbol.
    codes: [(u8, u16); 256],
}

impl ShortestCode {
    pub fn new(frequencies: &[u32; 256]) -> Self {
        let mut lengths = lengths(frequencies);
        // Shorter codes for what comes more often; among equals the smaller symbol first.
        lengths.sort_unstable();
        let counts = limited(&lengths);
        let symbols: Vec<u8> =
            lengths.iter().filter_map(|(_, symbol)| u8::try_from(*symbol).ok()).collect();
        let mut codes = [(0, 0); 256];
        let (mut next, mut left) = (0u16, symbols.iter());
        for (bits, count) in (1u8..).zip(counts) {
            for symbol in left.by_ref().take(count.into()) {
                codes[usize::from(*symbol)] = (bits, next);
                next += 1;
            }
            next <<= 1;
        }
        Self { counts, symbols, codes }
    }

    /// Bits and code of a symbol that was counted.
    #[inline]
    pub fn of(&self, symbol: u8) -> (u8, u16) {
        self.codes[usize::from(symbol)]
    }

    /// As a segment holds it, behind the byte that says which it is.
    pub fn segment(&self) -> Vec<u8> {
        [&self.counts[..], &self.symbols].concat()
    }
}

/// How deep each symbol lies in Huffman's tree, with one symbol more that has no frequency: it
/// takes the code of ones only, which JPEG forbids.
fn lengths(frequencies: &[u32; 256]) -> Vec<(usize, usize)> {
    let counted = frequencies.iter().copied().enumerate().filter(|(_, count)| *count > 0);
    let leaves: Vec<(usize, u64)> =
        counted.map(|(symbol, count)| (symbol, u64::from(count) * 2)).chain([(256, 1)]).collect();
    let mut parents = vec![0; leaves.len()];
    let mut heap: BinaryHeap<_> =
        leaves.iter().enumerate().map(|(node, (_, count))| Reverse((*count, node))).collect();
    while let (Some(Reverse((a, left))), Some(Reverse((b, right)))) = (heap.pop(), heap.pop()) {
        let node = parents.len();
        parents.push(0);
        parents[left] = node;
        parents[right] = node;
        heap.push(Reverse((a + b, node)));
        if heap.len() == 1 {
            break;
        }
    }
    let root = parents.len() - 1;
    let depth = |mut node: usize| {
        let mut depth = 0;
        while node != root {
            node = parents[node];
            depth += 1;
        }
        depth
    };
    leaves.iter().enumerate().map(|(node, (symbol, _))| (depth(node), *symbol)).collect()
}

/// How many codes of each length there are when none is longer than 16 bits (T.81, K.3).
fn limited(lengths: &[(usize, usize)]) -> [u8; MAX_BITS] {
    let deepest = lengths.last().map_or(1, |(depth, _)| *depth).max(MAX_BITS);
    let mut counts = vec![0usize; deepest + 1];
    for (depth, _) in lengths {
        counts[*depth] += 1;
    }
    for long in (MAX_BITS + 1..=deepest).rev() {
        while counts[long] > 0 {
            // Two siblings go up: one to their parent, one beside a code that goes down.
            let Some(short) = (1..long - 1).rev().find(|length| counts[*length] > 0) else { break };
            counts[long] -= 2;
            counts[long - 1] += 1;
            counts[short] -= 1;
            counts[short + 1] += 2;
        }
    }
    // The symbol that is none has one of the longest codes.
    if let Some(last) = counts.iter_mut().rev().find(|count| **count > 0) {
        *last -= 1;
    }
    std::array::from_fn(|bits| u8::try_from(counts[bits + 1]).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for spread in [1u32, 2, 3] {
            // Frequencies that grow as fast as this make codes of more than 16 bits, unless limited.
            let mut frequencies = [0u32; 256];
            for (at, count) in frequencies.iter_mut().take(28).enumerate() {
                *count = spread.pow(at.min(19) as u32);
            }
            let code = ShortestCode::new(&frequencies);
            assert_eq!(code.symbols.len(), 28);
            let read = Code::new(code.counts, &code.symbols).unwrap();
            for symbol in 0..28 {
                let (bits, value) = code.of(symbol);
                assert!(bits >= 1 && (value as u32) < (1 << bits) - 1, "no code is of ones only");
                let mut writer = BitWriter::default();
                writer.write(value.into(), bits.into());
                let data = writer.finish();
                assert_eq!(read.read(&mut BitReader::new(&data)).unwrap(), symbol);
            }
        }
    }

    #[test]
    fn one_symbol_has_a_code_too() {
        let mut frequencies = [0; 256];
        frequencies[7] = 5;
        assert_eq!(ShortestCode::new(&frequencies).of(7), (1, 0));
    }

    #[test]
    fn codes_that_do_not_fit_are_none() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Code::new(counts, &[1, 2, 3]).is_none());
        assert!(Code::new(counts, &[1]).is_none());
    }
}
