//! Bits of coded data: a byte 0xFF has a zero behind it, or is a marker.

/// There are fewer bits than were asked for, or they mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

/// Reads bits up to the next marker.
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, the first of them highest.
    buffer: u64,
    /// How many of them were counted.
    count: u32,
}

impl<'a> BitReader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, count: 0 }
    }

    /// The next `bits` bits, at most 16; behind the end there are zeros.
    #[inline]
    pub fn peek(&mut self, bits: u32) -> u64 {
        if self.count < 16 {
            self.refill();
        }
        self.buffer >> (64 - bits)
    }

    /// Goes on by so many bits, which were peeked at.
    #[inline]
    pub fn skip(&mut self, bits: u32) -> Result<(), Exhausted> {
        self.count = self.count.checked_sub(bits).ok_or(Exhausted)?;
        self.buffer <<= bits;
        Ok(())
    }

    /// The next number of `bits` bits, at most 16, as JPEG writes signed numbers.
    #[inline]
    pub fn number(&mut self, bits: u32) -> Result<i32, Exhausted> {
        if bits == 0 {
            return Ok(0);
        }
        let value = self.peek(bits) as i32;
        self.skip(bits)?;
        // Half of the numbers of so many bits stand for negative ones.
        Ok(if value >> (bits - 1) == 0 { value - (1 << bits) + 1 } else { value })
    }

    fn refill(&mut self) {
        // Eight bytes at once if none of them is special, which is nearly always.
        if let Some(bytes) = self.data.get(self.at..).and_then(|data| data.first_chunk::<8>()) {
            let word = u64::from_be_bytes(*bytes);
            let ones = !word;
            let special = ones.wrapping_sub(0x0101_0101_0101_0101) & !ones & 0x8080_8080_8080_8080;
            if special == 0 {
                self.buffer |= word >> self.count;
                let bytes = (63 - self.count) / 8;
                self.at += bytes as usize;
                self.count += bytes * 8;
                // What lies behind the counted bits comes again.
                self.buffer &= !0 << (64 - self.count);
                return;
            }
        }
        while self.count <= 56 {
            let byte = match self.data.get(self.at..) {
                Some([0xFF, 0, ..]) => {
                    self.at += 2;
                    0xFF
                }
                Some([byte, ..]) if *byte != 0xFF => {
                    self.at += 1;
                    *byte
                }
                _ => return,
            };
            self.buffer |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Where the byte ends whose bits were read last; bytes that were not begun are given back.
    pub fn end(&self) -> usize {
        let mut at = self.at;
        for _ in 0..self.count / 8 {
            let stuffed = at >= 2 && self.data[at - 2..at] == [0xFF, 0];
            at -= if stuffed { 2 } else { 1 };
        }
        at
    }

    /// Goes to this place, at a byte's begin.
    pub fn seek(&mut self, at: usize) {
        *self = Self { data: self.data, at, buffer: 0, count: 0 };
    }
}

/// Writes bits.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    buffer: u64,
    count: u32,
}

impl BitWriter {
    /// Writes behind these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Writes the lowest `bits` bits of a value, at most 32.
    #[inline]
    pub fn write(&mut self, value: u32, bits: u32) {
        if self.count + bits > 64 {
            self.drain();
        }
        self.buffer = self.buffer << bits | u64::from(value);
        self.count += bits;
    }

    /// Writes all whole bytes.
    fn drain(&mut self) {
        while self.count >= 32 {
            let word = (self.buffer >> (self.count - 32)) as u32;
            let ones = !word;
            // Four bytes at once if none of them is 0xFF.
            if ones.wrapping_sub(0x0101_0101) & !ones & 0x8080_8080 != 0 {
                break;
            }
            self.bytes.extend_from_slice(&word.to_be_bytes());
            self.count -= 32;
        }
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.buffer >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xFF {
                self.bytes.push(0);
            }
        }
    }

    /// Fills the last byte with ones.
    pub fn finish(mut self) -> Vec<u8> {
        self.write(0x7F, 7);
        self.drain();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_come_back(numbers in prop::collection::vec((1u32..=16, any::<u16>()), 0..200)) {
            let mut writer = BitWriter::default();
            for (bits, value) in &numbers {
                writer.write(u32::from(*value) & ((1 << bits) - 1), *bits);
            }
            let data = [writer.finish(), vec![0xFF, 0xD9]].concat();
            let mut reader = BitReader::new(&data);
            for (bits, value) in &numbers {
                prop_assert_eq!(reader.peek(*bits), u64::from(*value) & ((1 << bits) - 1));
                reader.skip(*bits).unwrap();
            }
            prop_assert_eq!(reader.end(), data.len() - 2);
            let mut left = 0;
            while reader.peek(1) == 1 && reader.skip(1).is_ok() {
                left += 1;
            }
            prop_assert!(left < 8, "only what fills the last byte is left");
        }
    }
}
