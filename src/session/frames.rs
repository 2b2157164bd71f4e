//! Client frames (RFC 6455 section 5): bytes in, whole messages out, refused as early as can be.
//!
//! A frame that announces more than the limit is refused at its header, before a byte of it is
//! kept; fragments count together, one without content as a byte, so that no message goes on for
//! ever. Text is checked for UTF-8 as its fragments come.

use bytes::Bytes;

use crate::protocol::Close;

/// A whole message, a piece of one, or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// A fragment, kept until its message is whole.
    Fragment,
    /// A ping and what it carries.
    Ping(Bytes),
    /// A pong.
    Pong,
    /// Goodbye, with its code if there is one.
    Close(Option<u16>),
}

/// How frames broke the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The framing itself (1002).
    Protocol,
    /// Text that is not UTF-8 (1007).
    NotUtf8,
    /// More than the limit (1009).
    TooLarge,
}

impl Violation {
    /// The close code that answers it.
    pub fn close(self) -> Close {
        match self {
            Self::Protocol => Close::Protocol,
            Self::NotUtf8 => Close::NotUtf8,
            Self::TooLarge => Close::TooLarge,
        }
    }
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

struct Header {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Bytes of the header itself.
    size: usize,
    /// Bytes of the payload.
    length: usize,
}

/// The reader's memory between two reads.
#[derive(Debug)]
pub struct Frames {
    max: usize,
    /// Bytes that came and were not used yet.
    pending: Vec<u8>,
    /// How many of them are used up.
    used: usize,
    /// The fragments of the message that is under way.
    message: Vec<u8>,
    /// How many of them were empty.
    empty: usize,
    /// Its opcode.
    opcode: Option<u8>,
    /// How much of it is known to be UTF-8.
    checked: usize,
}

impl Frames {
    /// A reader for messages of at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            pending: Vec::new(),
            used: 0,
            message: Vec::new(),
            empty: 0,
            opcode: None,
            checked: 0,
        }
    }

    /// Takes bytes from the socket. The caller takes all messages out before it feeds again.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.used > 0 {
            self.pending.drain(..self.used);
            self.used = 0;
        }
        self.pending.extend_from_slice(bytes);
    }

    /// What the next frame makes, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// How the peer broke the rules; nothing more can be read then.
    pub fn take_next(&mut self) -> Result<Option<Incoming>, Violation> {
        let rest = &self.pending[self.used..];
        let Some(header) = self.header(rest)? else {
            self.compact();
            return Ok(None);
        };
        let Some(payload) = rest.get(header.size..header.size + header.length) else {
            self.compact();
            return Ok(None);
        };
        self.used += header.size + header.length;
        if header.opcode == CONTINUATION {
            let from = self.message.len();
            self.message.extend_from_slice(payload);
            unmask(&mut self.message[from..], header.mask);
            return self.goes_on(&header).map(Some);
        }
        let mut payload = payload.to_vec();
        unmask(&mut payload, header.mask);
        self.take(&header, payload).map(Some)
    }

    /// Whether bytes are there that were not used yet.
    pub fn has_more(&self) -> bool {
        self.used < self.pending.len()
    }

    /// Gives memory back between messages: an idle connection keeps nothing.
    fn compact(&mut self) {
        if self.used == self.pending.len() {
            self.pending = Vec::new();
        } else {
            self.pending.drain(..self.used);
        }
        self.used = 0;
    }

    /// Bytes that are kept for later.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn held(&self) -> usize {
        self.pending.len() - self.used + self.message.len()
    }

    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Violation> {
        let Some((&[first, second], rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        let control = opcode & 0x08 != 0;
        let known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        let short = second & 0x7f;
        if first & 0x70 != 0 || !known || second & 0x80 == 0 || (control && (!fin || short > 125)) {
            return Err(Violation::Protocol);
        }
        if !control && (opcode == CONTINUATION) != self.opcode.is_some() {
            return Err(Violation::Protocol);
        }
        let Some((length, size, rest)) = extended(short, rest)? else { return Ok(None) };
        // Empty fragments count while the message goes on; one that ends it is welcome.
        let counted = if fin { length } else { length.max(1) };
        let so_far = (self.message.len() + self.empty) as u64;
        if !control && so_far.saturating_add(counted) > self.max as u64 {
            return Err(Violation::TooLarge);
        }
        let Some(mask) = rest.first_chunk::<4>() else { return Ok(None) };
        Ok(Some(Header { fin, opcode, mask: *mask, size: size + 4, length: length as usize }))
    }

    fn take(&mut self, header: &Header, payload: Vec<u8>) -> Result<Incoming, Violation> {
        match header.opcode {
            PING => Ok(Incoming::Ping(payload.into())),
            PONG => Ok(Incoming::Pong),
            CLOSE => close_code(&payload).map(Incoming::Close),
            opcode => {
                self.opcode = Some(opcode);
                self.message = payload;
                (self.checked, self.empty) = (0, 0);
                self.goes_on(header)
            }
        }
    }

    /// A fragment came to the message; whether it is whole.
    fn goes_on(&mut self, header: &Header) -> Result<Incoming, Violation> {
        let text = self.opcode == Some(TEXT);
        if !header.fin {
            self.empty += usize::from(header.length == 0);
            if text {
                self.check_utf8()?;
            }
            return Ok(Incoming::Fragment);
        }
        self.opcode = None;
        self.empty = 0;
        let message = std::mem::take(&mut self.message);
        if !text {
            return Ok(Incoming::Binary(message));
        }
        String::from_utf8(message).map(Incoming::Text).map_err(|_| Violation::NotUtf8)
    }

    /// Checks what came since the last time; a character may be cut at the end.
    fn check_utf8(&mut self) -> Result<(), Violation> {
        match std::str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }
}

/// The payload's length, the header's size up to the mask, and what follows.
#[expect(clippy::type_complexity, reason = "three values of one line's parse")]
fn extended(short: u8, rest: &[u8]) -> Result<Option<(u64, usize, &[u8])>, Violation> {
    Ok(match short {
        126 => rest
            .split_first_chunk::<2>()
            .map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), 4, rest)),
        127 => match rest.split_first_chunk::<8>() {
            None => None,
            Some((length, rest)) => {
                let length = u64::from_be_bytes(*length);
                if length >> 63 != 0 {
                    return Err(Violation::Protocol);
                }
                Some((length, 10, rest))
            }
        },
        short => Some((u64::from(short), 2, rest)),
    })
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let mut chunks = payload.chunks_exact_mut(4);
    for chunk in &mut chunks {
        for (byte, key) in chunk.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

/// The code of a close frame (RFC 6455 section 7.4): some may not be sent at all.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::Protocol) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::Protocol);
    }
    std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests {
    use actix_codec::{Decoder as _, Encoder as _};
    use actix_http::ws::{Codec, Frame, Item, Message};
    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;

    /// What actix-http's own client codec writes: an independent author of frames.
    fn written(messages: Vec<Message>) -> BytesMut {
        let mut bytes = BytesMut::new();
        let mut client = Codec::new().client_mode();
        for message in messages {
            client.encode(message, &mut bytes).expect("the client codec writes what it is given");
        }
        bytes
    }

    fn read(bytes: &[u8], step: usize, max: usize) -> Result<Vec<Incoming>, Violation> {
        let (mut frames, mut out) = (Frames::new(max), Vec::new());
        for chunk in bytes.chunks(step.max(1)) {
            frames.feed(chunk);
            while let Some(message) = frames.take_next()? {
                if message != Incoming::Fragment {
                    out.push(message);
                }
            }
        }
        Ok(out)
    }

    fn raw(first: u8, length: &[u8], payload: &[u8]) -> Vec<u8> {
        [&[first][..], length, &[0; 4], payload].concat()
    }

    #[test]
    fn fragments_come_together_around_a_ping() {
        let bytes = written(vec![
            Message::Continuation(Item::FirstText("hel".into())),
            Message::Ping("p".into()),
            Message::Continuation(Item::Last("lo".into())),
            Message::Close(None),
        ]);
        let expected =
            [Incoming::Ping("p".into()), Incoming::Text("hello".into()), Incoming::Close(None)];
        for step in 1..bytes.len() {
            assert_eq!(read(&bytes, step, 100).unwrap(), expected);
        }
    }

    #[test]
    fn what_announces_too_much_is_refused_at_its_header() {
        let gigabyte = raw(0x81, &[0xff, 0, 0, 0, 0, 0x40, 0, 0, 0], b"");
        assert_eq!(read(&gigabyte, 64, 16_384), Err(Violation::TooLarge));
        let two = [raw(0x01, &[0x80 | 60], &[b'x'; 60]), raw(0x80, &[0x80 | 60], &[b'x'; 60])];
        assert_eq!(read(&two.concat(), 7, 100), Err(Violation::TooLarge));
    }

    #[test]
    fn a_message_of_nothing_does_not_go_on_for_ever() {
        let empty = || raw(0x00, &[0x80], b"");
        let start = raw(0x01, &[0x82], b"{}");
        let many = |count: usize| {
            let pieces = std::iter::repeat_with(empty).take(count).flatten();
            start.iter().copied().chain(pieces).collect::<Vec<u8>>()
        };
        let whole = [many(98), raw(0x80, &[0x80], b"")].concat();
        assert_eq!(read(&whole, 7, 100), Ok(vec![Incoming::Text("{}".into())]));
        assert_eq!(read(&many(99), 7, 100), Err(Violation::TooLarge));
        // A message as large as it may be can still be ended by an empty fragment.
        let full = [raw(0x01, &[0x80 | 100], &[b'x'; 100]), raw(0x80, &[0x80], b"")].concat();
        assert_eq!(read(&full, 7, 100), Ok(vec![Incoming::Text("x".repeat(100))]));
        // And each message is counted for itself.
        assert_eq!(read(&[whole.clone(), whole].concat(), 7, 100).map(|read| read.len()), Ok(2));
    }

    #[test]
    fn broken_frames_are_told_apart() {
        for (bytes, violation) in [
            (raw(0xc1, &[0x80], b""), Violation::Protocol),
            (raw(0x83, &[0x80], b""), Violation::Protocol),
            (vec![0x81, 0x01, b'x'], Violation::Protocol),
            (raw(0x09, &[0x80], b""), Violation::Protocol),
            (raw(0x80, &[0x80], b""), Violation::Protocol),
            (raw(0x88, &[0x81], b"x"), Violation::Protocol),
            (raw(0x88, &[0x82], &1005u16.to_be_bytes()), Violation::Protocol),
            (raw(0x81, &[0x82], b"\xff\xff"), Violation::NotUtf8),
            (raw(0x01, &[0x82], b"\xff\xff"), Violation::NotUtf8),
            (raw(0x81, &[0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], b""), Violation::Protocol),
        ] {
            assert_eq!(read(&bytes, 3, 100), Err(violation), "{bytes:?}");
        }
    }

    #[test]
    fn an_idle_reader_keeps_no_memory() {
        let mut frames = Frames::new(100);
        frames.feed(&written(vec![Message::Text("hi".into())]));
        assert!(frames.take_next().unwrap().is_some() && frames.take_next().unwrap().is_none());
        assert_eq!(frames.pending.capacity() + frames.message.capacity(), 0);
    }

    proptest! {
        #[test]
        fn any_texts_come_through_in_any_pieces(
            texts in prop::collection::vec("\\PC{0,200}", 1..8),
            step in 1usize..64,
        ) {
            let messages = texts.iter().map(|text| Message::Text(text.clone().into())).collect();
            let read = read(&written(messages), step, 4096).unwrap();
            prop_assert_eq!(read, texts.into_iter().map(Incoming::Text).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, 17, 128);
        }

        #[test]
        fn what_the_server_writes_a_client_reads(text in "\\PC{0,300}") {
            let mut frame = BytesMut::from(&crate::protocol::wire::text(&text)[..]);
            let json = serde_json::to_vec(&text).unwrap();
            let read = Codec::new().client_mode().decode(&mut frame).unwrap();
            prop_assert_eq!(read, Some(Frame::Text(json.into())));
        }
    }
}
