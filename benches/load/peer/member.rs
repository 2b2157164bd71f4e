//! A member as the peer sees it: a socket, what it owes the socket, and where
//! the conversation is.
//!
//! Invariant: what a member is owed is bounded; who exceeds it is dropped.

use std::io::{self, IoSlice, Read, Write};

use memchr::memmem;
use mio::net::TcpStream;

use crate::Outcome;
use crate::frame;
use crate::message::STAMP_DIGITS;

const MOST_OWED_BYTES: usize = 16 * 1024 * 1024;

/// What a member can say.
#[derive(Clone, Copy)]
pub enum Heard {
    Upgrade,
    Hello,
    Join,
    Send { stamp: [u8; STAMP_DIGITS] },
}

#[derive(PartialEq, Eq)]
enum Stage {
    Upgrading,
    Greeting,
    Joined,
    Gone,
}

pub struct Member {
    socket: TcpStream,
    stage: Stage,
    partial: Vec<u8>,
    owed: Vec<u8>,
}

impl Member {
    pub fn new(socket: TcpStream) -> Self {
        Self { socket, stage: Stage::Upgrading, partial: Vec::new(), owed: Vec::new() }
    }

    pub fn is_joined(&self) -> bool {
        self.stage == Stage::Joined
    }

    /// Tells the member where the room stands, and lets it hear what follows.
    pub fn join(&mut self, head: &[u8]) {
        self.stage = Stage::Joined;
        self.write(head);
    }

    /// Adds `bytes` to what the next write takes along.
    pub fn owe(&mut self, bytes: &[u8]) {
        self.owed.extend_from_slice(bytes);
        if self.owed.len() > MOST_OWED_BYTES {
            self.leave();
        }
    }

    /// Writes what is owed and then `bytes`, in one system call; what the socket
    /// does not take is owed.
    pub fn write(&mut self, bytes: &[u8]) {
        let written = if self.owed.is_empty() {
            self.socket.write(bytes)
        } else {
            let both = [IoSlice::new(&self.owed), IoSlice::new(bytes)];
            self.socket.write_vectored(&both)
        };
        let Some(written) = self.taken(written) else {
            return;
        };
        let of_owed = written.min(self.owed.len());
        self.owed.drain(..of_owed);
        self.owe(&bytes[written - of_owed..]);
    }

    pub fn flush(&mut self) {
        if !self.owed.is_empty() {
            self.write(&[]);
        }
    }

    /// How much a write took: nothing if the socket is full, `None` if it broke.
    fn taken(&mut self, written: io::Result<usize>) -> Option<usize> {
        match written {
            Ok(written) => Some(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(0),
            Err(_) => {
                self.leave();
                None
            }
        }
    }

    fn leave(&mut self) {
        self.stage = Stage::Gone;
        self.owed = Vec::new();
    }

    /// Reads until the socket is empty and adds what was said to `heard`.
    pub fn read(&mut self, scratch: &mut [u8], heard: &mut Vec<Heard>) -> Outcome<()> {
        while self.stage != Stage::Gone {
            let held = self.partial.len();
            scratch[..held].copy_from_slice(&self.partial);
            let read = match self.socket.read(&mut scratch[held..]) {
                Ok(read) if read > 0 => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(_) | Err(_) => {
                    self.leave();
                    break;
                }
            };
            self.take(&scratch[..held + read], heard)?;
            if held + read < scratch.len() {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) -> Outcome<()> {
        let mut rest = bytes;
        if self.stage == Stage::Upgrading {
            if let Some(end) = memmem::find(rest, b"\r\n\r\n") {
                rest = &rest[end + 4..];
                self.stage = Stage::Greeting;
                heard.push(Heard::Upgrade);
            }
        } else {
            while let Some(frame) = frame::split(rest, true)? {
                rest = &rest[frame.size..];
                heard.extend(said(frame.payload));
            }
        }
        self.partial.clear();
        self.partial.extend_from_slice(rest);
        Ok(())
    }
}

/// Longer requests are not the load's.
const LONGEST: usize = 1024;

/// What a masked request says, as far as the peer understands it.
fn said(masked: &[u8]) -> Option<Heard> {
    let mut request = [0; LONGEST];
    let request = request.get_mut(..masked.len())?;
    request.copy_from_slice(masked);
    frame::unmask(request);
    if request.starts_with(b"{\"type\":\"hello\"") {
        return Some(Heard::Hello);
    }
    if request.starts_with(b"{\"type\":\"join\"") {
        return Some(Heard::Join);
    }
    let field = b"\"text\":\"";
    let text = request.get(memmem::find(request, field)? + field.len()..)?;
    Some(Heard::Send { stamp: *text.first_chunk()? })
}
