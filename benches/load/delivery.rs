//! Reads from a server's frame just what the bench must know, without parsing
//! the JSON: which kind it is, its sequence number, and the time that the sender
//! wrote into the text.
//!
//! Invariant: a field is trusted only where its name stands before it. Where it
//! stood in the last frame is a guess that saves the search.

use memchr::memmem;

use crate::message::STAMP_DIGITS;

const SEQ: &[u8] = b"\"seq\":";
const TEXT: &[u8] = b"\"text\":\"";
const TYPE: &[u8] = b"\"type\":\"";

/// What the bench tells apart.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Kind {
    Message,
    Sent,
    Welcome,
    Joined,
    Error,
    /// Presence and whatever else passes by.
    Other,
}

/// The kind that the frame's `type` names.
#[inline]
pub fn kind(payload: &[u8]) -> Kind {
    let name = payload
        .strip_prefix(b"{\"type\":\"")
        .or_else(|| memmem::find(payload, TYPE).map(|at| &payload[at + TYPE.len()..]));
    match name {
        Some(name) if name.starts_with(b"message\"") => Kind::Message,
        Some(name) if name.starts_with(b"sent\"") => Kind::Sent,
        Some(name) if name.starts_with(b"welcome\"") => Kind::Welcome,
        Some(name) if name.starts_with(b"joined\"") => Kind::Joined,
        Some(name) if name.starts_with(b"error\"") => Kind::Error,
        _ => Kind::Other,
    }
}

/// Finds the fields of messages; one for all connections, since their messages
/// look the same.
#[derive(Default)]
pub struct Fields {
    seq_at: usize,
    text_at: usize,
}

impl Fields {
    /// The sequence number of a message.
    #[inline]
    pub fn seq(&mut self, payload: &[u8]) -> Option<u64> {
        let digits = after(payload, SEQ, &mut self.seq_at)?;
        number(digits)
    }

    /// The stamp at the front of a message's text, in nanoseconds.
    #[inline]
    pub fn stamp(&mut self, payload: &[u8]) -> Option<u64> {
        let text = after(payload, TEXT, &mut self.text_at)?;
        let digits = std::str::from_utf8(text.get(..STAMP_DIGITS)?).ok()?;
        u64::from_str_radix(digits, 16).ok()
    }
}

/// What follows `name`, looked for at `guess` first.
#[inline]
fn after<'a>(payload: &'a [u8], name: &[u8], guess: &mut usize) -> Option<&'a [u8]> {
    let guessed = payload.get(*guess..).and_then(|rest| rest.strip_prefix(name));
    if guessed.is_some() {
        return guessed;
    }
    *guess = memmem::find(payload, name)?;
    payload.get(*guess + name.len()..)
}

/// The decimal number at the front of `bytes`.
#[inline]
pub fn number(bytes: &[u8]) -> Option<u64> {
    let mut value = None;
    for digit in bytes.iter().take_while(|byte| byte.is_ascii_digit()).take(19) {
        value = Some(value.unwrap_or(0) * 10 + u64::from(digit - b'0'));
    }
    value
}

/// The head of the log that a `joined` frame tells: the room's own `seq`.
///
/// This frame comes once a connection, so its JSON is parsed.
pub fn head(joined: &[u8]) -> Option<u64> {
    let frame: serde_json::Value = serde_json::from_slice(joined).ok()?;
    frame["room"]["seq"].as_u64()
}
