//! The frame reader: wherever the network cuts, the same is read, and it costs no more than promised.

use super::pieces::{Tape, pieces};
use crate::session::{Frames, Incoming, Violation};

/// Limits around the three lengths that a frame's header has.
const LIMITS: [usize; 8] = [0, 1, 125, 126, 127, 1000, 65_535, 65_536];
/// The longest header, and the longest control frame, which may stand between fragments.
const HEADER: usize = 14;
const CONTROL: usize = 125;

/// Everything that was read, and what ended it if the peer broke the rules.
type Read = (Vec<Incoming>, Option<Violation>);

fn read(bytes: &[u8], cuts: &[usize], max: usize) -> Read {
    let (mut frames, mut out) = (Frames::new(max), Vec::new());
    for piece in pieces(bytes, cuts) {
        frames.feed(piece);
        loop {
            match frames.take_next() {
                Ok(Some(message)) => out.push(message),
                Ok(None) => break,
                Err(violation) => return (out, Some(violation)),
            }
        }
        // What is kept for later is at most one message that is under way, and the header or control
        // frame at which the piece was cut.
        assert!(frames.held() <= max + HEADER + CONTROL, "{} bytes are held", frames.held());
    }
    (out, None)
}

/// Any bytes, cut anywhere, give the messages and the violation that they give all at once; no
/// message is larger than the limit, and what is held between two reads is bounded by it.
pub fn frames(data: &[u8]) {
    let mut tape = Tape(data);
    let max = LIMITS[usize::from(tape.byte()) % LIMITS.len()];
    let cuts = tape.cuts();
    let whole = read(tape.0, &[], max);
    assert_eq!(read(tape.0, &cuts, max), whole, "in pieces of {cuts:?}");
    assert_eq!(read(tape.0, &[1], max), whole, "byte by byte");
    for message in &whole.0 {
        let (size, most) = match message {
            Incoming::Text(text) => (text.len(), max),
            Incoming::Binary(bytes) => (bytes.len(), max),
            Incoming::Ping(bytes) => (bytes.len(), CONTROL),
            _ => continue,
        };
        assert!(size <= most, "a message of {size} bytes where {most} are allowed");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// A frame that is right, or nearly.
    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let first = prop_oneof![
            prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88]),
            any::<u8>(),
        ];
        let payload = prop_oneof![
            "\\PC{0,40}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..140),
            Just(b"\x03\xe8bye".to_vec()),
        ];
        (first, any::<[u8; 4]>(), payload).prop_map(|(first, mask, payload)| {
            let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
            let length = match payload.len() {
                length @ 0..126 => vec![0x80 | length as u8],
                length => [&[0xfe][..], &(length as u16).to_be_bytes()].concat(),
            };
            [vec![first], length, mask.to_vec(), masked.collect()].concat()
        })
    }

    proptest! {
        #[test]
        fn any_bytes_cut_anywhere_are_read_as_if_they_came_at_once(
            head in prop::collection::vec(any::<u8>(), 0..20),
            frames in prop::collection::vec(frame(), 0..8),
            tail in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            super::frames(&[head, frames.concat(), tail].concat());
        }
    }
}
