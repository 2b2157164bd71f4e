//! The header blocks of a connection over HTTP/2 while they come: how long each is so far.
//!
//! h2 gathers a block up to 16 MiB before it looks at it, and actix-http does not let that be set
//! (`h2::handshake_with_timeout`). So the frames are watched on their way in (RFC 9113 section 4.1).

/// Bytes of one header block, as it is packed.
const MOST: usize = 32 * 1024;
/// What a client begins with, before its frames.
const PREFACE: usize = 24;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;

/// Where in its frames a connection is.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Bytes that are no frame's head.
    skip: usize,
    head: [u8; 9],
    have: usize,
    block: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { skip: PREFACE, head: [0; 9], have: 0, block: 0 }
    }
}

impl Blocks {
    /// Takes what came; `false` once a block is too long.
    pub fn feed(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            let taken = (self.head.len() - self.have).min(bytes.len() - skipped);
            let (head, after) = bytes[skipped..].split_at(taken);
            self.head[self.have..self.have + taken].copy_from_slice(head);
            self.have += taken;
            bytes = after;
            if self.have == self.head.len() {
                self.have = 0;
                self.skip = self.begin_frame();
            }
        }
        self.block <= MOST
    }

    /// A frame's head is there; returns how long the rest of the frame is.
    fn begin_frame(&mut self) -> usize {
        let [high, middle, low, kind, ..] = self.head;
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        match kind {
            HEADERS => self.block = length,
            CONTINUATION => self.block += length,
            _ => {}
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let [_, high, middle, low] = (length as u32).to_be_bytes();
        [&[high, middle, low, kind, 0, 0, 0, 0, 1], vec![9; length].as_slice()].concat()
    }

    fn connection(frames: &[(u8, usize)]) -> Vec<u8> {
        let frames = frames.iter().map(|(kind, length)| frame(*kind, *length));
        [vec![b'p'; PREFACE], frames.collect::<Vec<_>>().concat()].concat()
    }

    #[test]
    fn a_block_counts_with_what_continues_it_and_nothing_else_does() {
        for (frames, fits) in [
            (vec![(HEADERS, 16_384), (CONTINUATION, 16_384)], true),
            (vec![(HEADERS, 16_384), (CONTINUATION, 16_384), (CONTINUATION, 1)], false),
            (vec![(HEADERS, 16_384), (0, 16_384), (0, 16_384), (HEADERS, 16_384)], true),
            (vec![(4, 0), (HEADERS, 0), (0, 40_000)], true),
        ] {
            let bytes = connection(&frames);
            assert_eq!(Blocks::default().feed(&bytes), fits, "{frames:?}");
            let mut slowly = Blocks::default();
            assert_eq!(bytes.iter().all(|byte| slowly.feed(&[*byte])), fits, "{frames:?}");
        }
    }
}
