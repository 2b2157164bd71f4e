//! What waits to be written to one client. Bounded: presence and typing give way first; what is
//! still too much closes the connection.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;

use crate::chat::{Class, TooMuch};

/// At most so many pieces go into one write.
pub const MAX_SLICES: usize = 64;
/// A queue that once was longer gives its memory back when it is empty.
const KEPT_CAPACITY: usize = 4;

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    class: Class,
}

/// A queue of shared frames, oldest first.
#[derive(Debug, Default)]
pub struct Outbox {
    pieces: VecDeque<Piece>,
    /// How much of the first piece is written.
    written: usize,
    /// Bytes of events and passing frames.
    unasked: usize,
    /// Bytes of answers.
    answers: usize,
}

impl Outbox {
    /// Queues `bytes`; returns how many passing pieces gave way, this one among them.
    ///
    /// # Errors
    /// When `limit` bytes of unasked frames wait already.
    pub fn push(&mut self, bytes: Bytes, class: Class, limit: usize) -> Result<u32, TooMuch> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut dropped = 0;
        match class {
            Class::Reply => self.answers += bytes.len(),
            Class::Passing if self.unasked + bytes.len() > limit => return Ok(1),
            Class::Event | Class::Passing => {
                if self.unasked + bytes.len() > limit {
                    dropped = self.drop_passing();
                    if self.unasked + bytes.len() > limit {
                        return Err(TooMuch);
                    }
                }
                self.unasked += bytes.len();
            }
        }
        self.pieces.push_back(Piece { bytes, class });
        Ok(dropped)
    }

    fn drop_passing(&mut self) -> u32 {
        // A frame that is partly written must be finished.
        let (mut index, mut dropped) = (0, 0);
        let (written, unasked) = (self.written, &mut self.unasked);
        self.pieces.retain(|piece| {
            let keep = piece.class != Class::Passing || (index == 0 && written > 0);
            index += 1;
            if !keep {
                *unasked -= piece.bytes.len();
                dropped += 1;
            }
            keep
        });
        dropped
    }

    /// Drops everything but the rest of a frame that is partly written.
    pub fn discard(&mut self) {
        let keep = usize::from(self.written > 0);
        while self.pieces.len() > keep {
            if let Some(piece) = self.pieces.pop_back() {
                self.forget(&piece);
            }
        }
    }

    fn forget(&mut self, piece: &Piece) {
        match piece.class {
            Class::Reply => self.answers -= piece.bytes.len(),
            Class::Event | Class::Passing => self.unasked -= piece.bytes.len(),
        }
    }

    /// Fills `slices` with what to write next; returns how many there are.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize {
        let mut count = 0;
        for piece in self.pieces.iter().take(MAX_SLICES) {
            let skip = if count == 0 { self.written } else { 0 };
            slices[count] = IoSlice::new(&piece.bytes[skip..]);
            count += 1;
        }
        count
    }

    /// Notes that `bytes` bytes are written.
    pub fn advance(&mut self, mut bytes: usize) {
        while let Some(first) = self.pieces.front() {
            let left = first.bytes.len() - self.written;
            if bytes < left {
                self.written += bytes;
                return;
            }
            bytes -= left;
            self.written = 0;
            if let Some(piece) = self.pieces.pop_front() {
                self.forget(&piece);
            }
        }
        if self.pieces.capacity() > KEPT_CAPACITY {
            self.pieces = VecDeque::new();
        }
    }

    /// Gives memory back while nothing waits.
    pub fn rest(&mut self) {
        if self.pieces.is_empty() {
            self.pieces = VecDeque::new();
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes of answers that wait.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.answers + self.unasked - self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(outbox: &Outbox) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = outbox.slices(&mut slices);
        slices[..count].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn passing_frames_give_way_to_events_and_then_it_is_too_much() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.push("pppp".into(), Class::Passing, 10), Ok(0));
        assert_eq!(outbox.push("eeeeee".into(), Class::Event, 10), Ok(0));
        assert_eq!(outbox.push("dropped".into(), Class::Passing, 10), Ok(1));
        assert_eq!(outbox.push("ffff".into(), Class::Event, 10), Ok(1));
        assert_eq!(written(&outbox), b"eeeeeeffff");
        assert_eq!(outbox.push("g".into(), Class::Event, 10), Err(TooMuch));
        assert_eq!(outbox.push("answers do not count".into(), Class::Reply, 10), Ok(0));
    }

    #[test]
    fn a_frame_that_is_partly_written_is_finished() {
        let mut outbox = Outbox::default();
        outbox.push("pppp".into(), Class::Passing, 10).unwrap();
        outbox.push("eeee".into(), Class::Event, 10).unwrap();
        outbox.advance(1);
        assert_eq!(outbox.push("ff".into(), Class::Event, 10), Ok(0));
        outbox.discard();
        assert_eq!(written(&outbox), b"ppp");
        outbox.advance(3);
        assert!(outbox.is_empty() && outbox.bytes() == 0);
    }

    proptest! {
        #[test]
        fn events_come_out_whole_and_in_order(
            sizes in prop::collection::vec(1usize..50, 1..100),
            steps in prop::collection::vec(1usize..200, 1..100),
        ) {
            let mut outbox = Outbox::default();
            let mut expected = Vec::new();
            let mut out = Vec::new();
            let mut steps = steps.into_iter().cycle();
            for (index, size) in sizes.into_iter().enumerate() {
                let frame = vec![index as u8; size];
                prop_assert!(outbox.push(frame.clone().into(), Class::Event, usize::MAX).is_ok());
                expected.extend(frame);
                let ready = written(&outbox);
                let taken = steps.next().unwrap_or(1).min(ready.len());
                out.extend_from_slice(&ready[..taken]);
                outbox.advance(taken);
            }
            while !outbox.is_empty() {
                let ready = written(&outbox);
                out.extend_from_slice(&ready);
                outbox.advance(ready.len());
            }
            prop_assert_eq!(out, expected);
            prop_assert_eq!(outbox.bytes(), 0);
        }
    }
}
