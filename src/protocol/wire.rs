//! Server frames as bytes (RFC 6455 section 5.2): JSON written straight behind its frame header.
//!
//! A frame is made once and shared by all who receive it. Frames from a server are not masked.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

use super::Close;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Room for the largest header of an unmasked frame: 2 bytes and a 64-bit length.
const HEADER: usize = 10;

/// JSON of `value`. Our frames hold strings, numbers and lists: nothing that could fail.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(192);
    write(&mut buffer, value);
    buffer
}

fn write(buffer: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(buffer, value).expect("frames have string keys and go to memory");
}

/// A text frame with the JSON of `value`.
pub fn text(value: &impl Serialize) -> Bytes {
    let mut buffer = vec![0; HEADER];
    write(&mut buffer, value);
    seal(buffer)
}

/// A text frame with the JSON object `head` and, in its last place, the list `events` of
/// ready-made JSON objects.
pub fn text_with_events<'a>(
    head: &impl Serialize,
    events: impl Iterator<Item = &'a Bytes>,
) -> Bytes {
    let mut buffer = vec![0; HEADER];
    write_with_events(&mut buffer, head, events);
    seal(buffer)
}

/// The JSON that [`text_with_events`] frames.
pub fn json_with_events<'a>(
    head: &impl Serialize,
    events: impl Iterator<Item = &'a Bytes>,
) -> Vec<u8> {
    let mut buffer = Vec::new();
    write_with_events(&mut buffer, head, events);
    buffer
}

fn write_with_events<'a>(
    buffer: &mut Vec<u8>,
    head: &impl Serialize,
    events: impl Iterator<Item = &'a Bytes>,
) {
    write(buffer, head);
    buffer.pop();
    buffer.extend_from_slice(b",\"events\":[");
    for (index, event) in events.enumerate() {
        if index > 0 {
            buffer.push(b',');
        }
        buffer.extend_from_slice(event);
    }
    buffer.extend_from_slice(b"]}");
}

/// Writes the header in front of the payload that begins at [`HEADER`].
fn seal(mut buffer: Vec<u8>) -> Bytes {
    let length = buffer.len() - HEADER;
    let (header, size) = header(length);
    let start = HEADER - size;
    buffer[start..HEADER].copy_from_slice(&header[..size]);
    Bytes::from(buffer).slice(start..)
}

/// The header of a text frame with `length` bytes of payload, and its size.
fn header(length: usize) -> ([u8; HEADER], usize) {
    let mut header = [0; HEADER];
    header[0] = TEXT;
    match length {
        0..=125 => {
            header[1] = length as u8;
            (header, 2)
        }
        126..=0xffff => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(length as u64).to_be_bytes());
            (header, 10)
        }
    }
}

/// Appends ready-made JSON as one text frame to `buffer`.
pub fn append_text(buffer: &mut BytesMut, payload: &[u8]) {
    let (header, size) = header(payload.len());
    buffer.extend_from_slice(&header[..size]);
    buffer.extend_from_slice(payload);
}

/// Appends a whole frame, as an echo sends it: `opcode` 1 text, 2 binary.
pub fn append_message(buffer: &mut BytesMut, opcode: u8, payload: &[u8]) {
    let (mut header, size) = header(payload.len());
    header[0] = 0x80 | opcode;
    buffer.extend_from_slice(&header[..size]);
    buffer.extend_from_slice(payload);
}

/// The payloads of joined text frames that this module made.
pub fn payloads(mut frames: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&[_, short], rest) = frames.split_first_chunk::<2>()?;
        let (length, rest) = match short {
            126 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk::<8>()?;
                (usize::try_from(u64::from_be_bytes(*length)).ok()?, rest)
            }
            short => (usize::from(short), rest),
        };
        let (payload, rest) = rest.split_at_checked(length)?;
        frames = rest;
        Some(payload)
    })
}

/// A close frame with code and reason.
pub fn close(close: Close) -> Bytes {
    close_with(close.code(), close.reason())
}

/// A close frame that answers the peer's own `code` (none: an empty close frame).
pub fn close_reply(code: Option<u16>) -> Bytes {
    match code {
        Some(code) => close_with(code, ""),
        None => Bytes::from_static(&[CLOSE, 0]),
    }
}

fn close_with(code: u16, reason: &str) -> Bytes {
    let reason = &reason.as_bytes()[..reason.len().min(123)];
    let mut frame = BytesMut::with_capacity(4 + reason.len());
    frame.put_u8(CLOSE);
    frame.put_u8(2 + reason.len() as u8);
    frame.put_u16(code);
    frame.put_slice(reason);
    frame.freeze()
}

/// A ping without payload: the heartbeat.
pub fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

/// The pong to a ping; its payload (at most 125 bytes) comes back unchanged.
pub fn pong(payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(125)];
    let mut frame = BytesMut::with_capacity(2 + payload.len());
    frame.put_u8(PONG);
    frame.put_u8(payload.len() as u8);
    frame.put_slice(payload);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_frames_of_every_size_come_apart_again() {
        let texts: Vec<Vec<u8>> =
            [0, 1, 125, 126, 65_535, 65_536].iter().map(|n| vec![b'x'; *n]).collect();
        let mut joined = BytesMut::new();
        texts.iter().for_each(|text| append_text(&mut joined, text));
        let apart: Vec<&[u8]> = payloads(&joined).collect();
        assert_eq!(apart, texts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn a_text_frame_is_header_and_json() {
        assert_eq!(&text(&[1, 2])[..], b"\x81\x05[1,2]");
        let long = text(&"y".repeat(200));
        assert_eq!(&long[..4], [0x81, 126, 0, 202]);
        assert_eq!(payloads(&long).next().map(<[u8]>::len), Some(202));
    }

    #[test]
    fn events_take_the_last_place_of_their_frame() {
        #[derive(Serialize)]
        struct Head {
            complete: bool,
        }
        let events = [Bytes::from_static(b"{\"seq\":1}"), Bytes::from_static(b"{\"seq\":2}")];
        let json = json_with_events(&Head { complete: true }, events.iter());
        assert_eq!(json, br#"{"complete":true,"events":[{"seq":1},{"seq":2}]}"#);
    }

    #[test]
    fn a_close_frame_carries_code_and_reason() {
        assert_eq!(&close(Close::NotUtf8)[..4], [0x88, 20, 0x03, 0xef]);
        assert_eq!(&close_reply(None)[..], [0x88, 0]);
    }
}
