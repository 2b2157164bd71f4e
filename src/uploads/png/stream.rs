//! Inflates the pixels of a PNG through a small window, to find where they end.

use fdeflate::Decompressor;
use simd_adler32::Adler32;

use crate::uploads::unfit::Unfit;

/// As far as packed data refers back.
const REACH: usize = 32 << 10;
/// The window: what may be referred to, and room for more.
const WINDOW: usize = 8 * REACH;
/// The checksum, and what the inflater may have read ahead behind it.
const TAIL: usize = 8;

/// Where packed pixels end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// They are as many as they should be; these bytes make them.
    At(usize),
    /// There are more of them than there should be.
    Surplus,
}

/// Inflates packed pixels that should become `expected` bytes, and hands out no more than those.
pub(super) fn inflate(
    packed: &[&[u8]],
    expected: u64,
    mut each: impl FnMut(&[u8]) -> Result<(), Unfit>,
) -> Result<Ending, Unfit> {
    let mut stream = Stream::new();
    let mut left = expected;
    for part in packed {
        let mut rest = *part;
        loop {
            let (used, pixels) = stream.read(rest)?;
            let (pixels, surplus) = match usize::try_from(left) {
                Ok(left) if left < pixels.len() => (&pixels[..left], true),
                _ => (pixels, false),
            };
            left -= pixels.len() as u64;
            each(pixels)?;
            if surplus {
                return Ok(Ending::Surplus);
            }
            if stream.inflater.is_done() {
                return if left == 0 { stream.end() } else { Err(Unfit::truncated()) };
            }
            rest = rest.get(used..).unwrap_or_default();
            if stream.make_room() {
                continue;
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    Err(Unfit::truncated())
}

struct Stream {
    inflater: Decompressor,
    window: Vec<u8>,
    at: usize,
    sum: Adler32,
    consumed: usize,
    /// The last bytes that were consumed.
    tail: Vec<u8>,
}

impl Stream {
    fn new() -> Self {
        let mut inflater = Decompressor::new();
        // It does not say where the checksum was: that is looked for here, so it is made here.
        inflater.ignore_adler32();
        Self {
            inflater,
            window: vec![0; WINDOW],
            at: 0,
            sum: Adler32::new(),
            consumed: 0,
            tail: Vec::with_capacity(2 * TAIL),
        }
    }

    /// How much was read of `packed`, and what became of it.
    fn read(&mut self, packed: &[u8]) -> Result<(usize, &[u8]), Unfit> {
        let (used, made) = self
            .inflater
            .read(packed, &mut self.window, self.at, false)
            .map_err(|_| Unfit::broken("its pixels cannot be decoded"))?;
        let pixels = &self.window[self.at..self.at + made];
        self.sum.write(pixels);
        self.at += made;
        self.consumed += used;
        self.tail.extend_from_slice(&packed[used.saturating_sub(TAIL)..used]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        Ok((used, pixels))
    }

    /// Whether the window was full: then the inflater may have more without reading more.
    fn make_room(&mut self) -> bool {
        let full = self.at == self.window.len();
        if full {
            self.window.copy_within(WINDOW - REACH.., 0);
            self.at = REACH;
        }
        full
    }

    /// Where the checksum ends. The inflater reads up to four bytes too far.
    fn end(&self) -> Result<Ending, Unfit> {
        let sum = self.sum.finish().to_be_bytes();
        (0..=TAIL - sum.len())
            .find(|ahead| {
                let read = self.tail.len().checked_sub(*ahead);
                read.and_then(|read| self.tail.get(..read)).is_some_and(|tail| tail.ends_with(&sum))
            })
            .map(|ahead| Ending::At(self.consumed - ahead))
            .ok_or_else(|| Unfit::broken("a checksum is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_end_is_found_however_the_data_is_divided(
            pixels in prop::collection::vec(0u8..4, 1..3000),
            repeat in 1usize..200,
            level in 0u8..10,
            tail in prop::collection::vec(any::<u8>(), 0..40),
            part in 1usize..500,
        ) {
            let pixels = pixels.repeat(repeat);
            let packed = compress_to_vec_zlib(&pixels, level);
            let all = [&packed[..], &tail].concat();
            let parts: Vec<&[u8]> = all.chunks(part).collect();
            let expected = pixels.len() as u64;
            let mut inflated = Vec::new();
            let mut keep = |part: &[u8]| { inflated.extend_from_slice(part); Ok(()) };
            prop_assert_eq!(inflate(&parts, expected, &mut keep), Ok(Ending::At(packed.len())));
            prop_assert_eq!(&inflated, &pixels);
            let ignore = |_: &[u8]| Ok(());
            prop_assert_eq!(inflate(&parts, expected - 1, ignore), Ok(Ending::Surplus));
            prop_assert!(inflate(&parts, expected + 1, ignore).is_err());
            prop_assert!(inflate(&[&packed[..packed.len() - 1]], expected, ignore).is_err());
        }
    }
}
