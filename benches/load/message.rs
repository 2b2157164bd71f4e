//! The messages that the load sends: of one size, with the time of sending
//! written into the text.
//!
//! Invariant: every message of a run has the same length, so that one delivery
//! is about [`DELIVERY_BYTES`] on the wire.

use std::io::Write;

/// Bytes of one delivery on the wire, frame header included, that the text is
/// padded for.
pub const DELIVERY_BYTES: usize = 190;
/// The stamp is a number of nanoseconds in hexadecimal, always this long.
pub const STAMP_DIGITS: usize = 16;

/// What Parlor puts around a text without `client_id`: frame header, kind, room,
/// number, time and author.
const AROUND_TEXT: usize = 127;
/// What a `client_id` adds to a delivery: its name, quotes and digits.
const CLIENT_ID_FIELD: usize = 14 + 1 + STAMP_DIGITS + 1;

/// A `send` request with two places to fill in.
pub struct Message {
    json: Vec<u8>,
    stamp_at: usize,
    client_id_at: Option<usize>,
    sent: u64,
}

impl Message {
    /// A message for `room`; with `client_id` each gets an id of its own.
    pub fn new(room: &str, client_id: bool) -> Self {
        let blank = "0".repeat(STAMP_DIGITS);
        let id = if client_id { CLIENT_ID_FIELD } else { 0 };
        let padding = "x".repeat(DELIVERY_BYTES.saturating_sub(AROUND_TEXT + STAMP_DIGITS + id));
        let start = format!(r#"{{"type":"send","room":"{room}","text":""#);
        let mut json = format!("{start}{blank}{padding}\"").into_bytes();
        let mut client_id_at = None;
        if client_id {
            json.extend_from_slice(br#","client_id":""#);
            client_id_at = Some(json.len());
            json.extend_from_slice(format!("{blank}\"").as_bytes());
        }
        json.push(b'}');
        Self { json, stamp_at: start.len(), client_id_at, sent: 0 }
    }

    /// The request, stamped with `nanos` since the load began.
    pub fn stamped(&mut self, nanos: u64) -> &[u8] {
        self.sent += 1;
        write_digits(&mut self.json[self.stamp_at..], nanos);
        if let Some(at) = self.client_id_at {
            write_digits(&mut self.json[at..], self.sent);
        }
        &self.json
    }
}

fn write_digits(mut place: &mut [u8], number: u64) {
    write!(place, "{number:016x}").expect("a u64 has at most 16 digits, and the place holds them");
}
