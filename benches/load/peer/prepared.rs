//! The frames that the peer writes, made before anybody is there.
//!
//! Invariant: a message is as long as it was asked to be, and shows its fields
//! where Parlor shows them.

use crate::Outcome;
use crate::frame;
use crate::message::STAMP_DIGITS;

/// The answer to the upgrade request; the load does not check the key's digest.
pub const UPGRADE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

/// A reply about as long as Parlor's.
const SENT: &[u8] = br#"{"type":"sent","room":"bench","epoch":"00000000","seq":1,"at":"2026-01-01T00:00:00.000Z","duplicate":false}"#;
const WELCOME: &[u8] = br#"{"type":"welcome"}"#;

/// Digits of a message's number, leading zeros included.
const SEQ_DIGITS: usize = 10;

pub struct Prepared {
    frame: Vec<u8>,
    seq_at: usize,
    stamp_at: usize,
    seq: u64,
    pub welcome: Vec<u8>,
    pub sent: Vec<u8>,
}

impl Prepared {
    /// # Errors
    /// If `frame_bytes` leaves no room for the fields.
    pub fn new(frame_bytes: usize) -> Outcome<Self> {
        let before_seq = r#"{"type":"message","room":"bench","seq":"#;
        let before_stamp =
            r#","at":"2026-01-01T00:00:00.000Z","from":{"nick":"m000","guest":true},"text":""#;
        let seq_at = before_seq.len();
        let stamp_at = seq_at + SEQ_DIGITS + before_stamp.len();
        let header = if frame_bytes < 128 { 2 } else { 4 };
        let padding = frame_bytes
            .checked_sub(header + stamp_at + STAMP_DIGITS + 2)
            .ok_or("--frame-bytes is too small for a message")?;
        let (digits, stamp) = ("0".repeat(SEQ_DIGITS), "0".repeat(STAMP_DIGITS));
        let padding = "x".repeat(padding);
        let json = format!("{before_seq}{digits}{before_stamp}{stamp}{padding}\"}}");
        let frame = framed(json.as_bytes());
        let header = frame.len() - json.len();
        Ok(Self {
            frame,
            seq_at: header + seq_at,
            stamp_at: header + stamp_at,
            seq: 0,
            welcome: framed(WELCOME),
            sent: framed(SENT),
        })
    }

    /// What who joins now is told: the number of the last message.
    pub fn joined(&self) -> Vec<u8> {
        framed(format!(r#"{{"type":"joined","room":{{"seq":{}}}}}"#, self.seq).as_bytes())
    }

    /// The next message, with the sender's stamp.
    pub fn message(&mut self, stamp: [u8; STAMP_DIGITS]) -> &[u8] {
        self.seq += 1;
        let mut rest = self.seq;
        for digit in self.frame[self.seq_at..][..SEQ_DIGITS].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.frame[self.stamp_at..][..STAMP_DIGITS].copy_from_slice(&stamp);
        &self.frame
    }
}

fn framed(json: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame::push_plain(&mut frame, frame::TEXT, json);
    frame
}
