//! WebSocket frames by hand (RFC 6455, section 5.2): the client's side, and the
//! little of the server's side that the peer needs.
//!
//! Not here: what is inside a frame (`delivery`, `message`).
//! Invariant: nothing is allocated for a frame that is read; it is a view of the
//! bytes that were received.

use crate::Outcome;

/// Any key is as good as another; a fixed one costs no random numbers, and a key
/// that is not zero leaves the server the whole work of unmasking.
pub const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub const TEXT: u8 = 0x1;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// One whole frame at the front of what was received.
pub struct Frame<'a> {
    pub opcode: u8,
    /// As on the wire: still masked if it came from a client.
    pub payload: &'a [u8],
    /// Bytes of header and payload together.
    pub size: usize,
}

/// The first frame of `bytes`, or `None` as long as it is not all there.
///
/// `masked` says which side sent it. Fragments are refused: neither Parlor nor
/// the peer sends any.
#[inline]
pub fn split(bytes: &[u8], masked: bool) -> Outcome<Option<Frame<'_>>> {
    let Some((&[first, second], rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    if first & FINAL == 0 || (second & MASKED != 0) != masked {
        return Err(format!("a frame begins with {first:#04x} {second:#04x}").into());
    }
    let Some((length, extended)) = length(second & LENGTH, rest) else {
        return Ok(None);
    };
    let header = 2 + extended + if masked { MASK.len() } else { 0 };
    Ok(bytes[header.min(bytes.len())..].get(..length).map(|payload| Frame {
        opcode: first & 0x0f,
        payload,
        size: header + length,
    }))
}

/// The payload's length, and how many bytes after the second told it.
#[inline]
fn length(short: u8, rest: &[u8]) -> Option<(usize, usize)> {
    match short {
        126 => {
            let bytes = rest.first_chunk::<2>()?;
            Some((u16::from_be_bytes(*bytes).into(), 2))
        }
        127 => {
            let bytes = rest.first_chunk::<8>()?;
            Some((u64::from_be_bytes(*bytes).try_into().ok()?, 8))
        }
        short => Some((short.into(), 0)),
    }
}

/// Appends a frame as a client sends it.
pub fn push_masked(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    push_header(out, opcode, payload.len(), MASKED);
    out.extend_from_slice(&MASK);
    let start = out.len();
    out.extend_from_slice(payload);
    unmask(&mut out[start..]);
}

/// Appends a frame as a server sends it.
pub fn push_plain(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    push_header(out, opcode, payload.len(), 0);
    out.extend_from_slice(payload);
}

/// Masking and unmasking are one operation.
pub fn unmask(payload: &mut [u8]) {
    for (byte, key) in payload.iter_mut().zip(MASK.iter().cycle()) {
        *byte ^= key;
    }
}

fn push_header(out: &mut Vec<u8>, opcode: u8, length: usize, masked: u8) {
    out.push(FINAL | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => out.push(masked | short),
        (_, Ok(middle)) => {
            out.push(masked | 126);
            out.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}
