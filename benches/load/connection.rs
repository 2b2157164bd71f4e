//! One client connection: from the upgrade request to counted deliveries.
//!
//! Not here: waiting for many of them (`swarm`), what the counts mean
//! (`scenario`).
//! Invariant: a message counts only if its number follows the last one's; the
//! first follows the head that `joined` told.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use memchr::memmem;
use mio::net::TcpStream;

use crate::Outcome;
use crate::delivery::{self, Kind};
use crate::frame::{self, Frame};
use crate::tally::Tally;

/// How far the conversation has come.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Stage {
    Upgrading,
    Greeting,
    Joining,
    Joined,
    Closed,
}

/// A client that is about to be, or is, a member of one room.
pub struct Connection {
    pub socket: TcpStream,
    index: usize,
    nick: String,
    room: String,
    stage: Stage,
    /// The highest number that this member has seen in its room.
    pub last_seq: u64,
    /// The beginning of a frame whose end has not arrived.
    partial: Vec<u8>,
    /// What the socket has not taken yet.
    unsent: Vec<u8>,
}

impl Connection {
    /// Connects and asks for the upgrade.
    pub fn open(index: usize, address: SocketAddr, room: &str) -> Outcome<Self> {
        let socket = std::net::TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut connection = Self {
            socket: TcpStream::from_std(socket),
            index,
            nick: format!("m{index:03}"),
            room: room.to_owned(),
            stage: Stage::Upgrading,
            last_seq: 0,
            partial: Vec::new(),
            unsent: Vec::new(),
        };
        connection.request_upgrade(address)?;
        Ok(connection)
    }

    fn request_upgrade(&mut self, address: SocketAddr) -> io::Result<()> {
        write!(
            self.unsent,
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )?;
        self.flush()
    }

    /// Puts a request into the queue; [`Connection::flush`] sends it.
    pub fn queue(&mut self, json: &[u8]) {
        frame::push_masked(&mut self.unsent, frame::TEXT, json);
    }

    /// Writes as much of the queue as the socket takes.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads all that has arrived; answers how many `sent` were among it.
    ///
    /// A read that does not fill `scratch` has emptied the socket, and the next
    /// arrival is a new event: so most turns need one system call.
    pub fn receive(&mut self, scratch: &mut [u8], tally: &mut Tally) -> Outcome<u32> {
        let before = tally.acks;
        while self.stage != Stage::Closed {
            let held = self.partial.len();
            scratch[..held].copy_from_slice(&self.partial);
            let read = match self.socket.read(&mut scratch[held..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("{}: {error}", self.nick).into()),
            };
            self.take(&scratch[..held + read], tally)?;
            if read == 0 {
                self.close(tally, "the server hung up");
            } else if held + read < scratch.len() {
                break;
            }
        }
        Ok((tally.acks - before) as u32)
    }

    /// Handles every whole frame, keeps the rest.
    fn take(&mut self, bytes: &[u8], tally: &mut Tally) -> Outcome<()> {
        let mut rest = bytes;
        if self.stage == Stage::Upgrading {
            rest = self.take_upgrade(rest)?;
        }
        if self.stage != Stage::Upgrading {
            while let Some(frame) = frame::split(rest, false)? {
                rest = &rest[frame.size..];
                self.handle(&frame, tally);
            }
        }
        self.partial.clear();
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    /// Answers what follows the response's head, once it is all there.
    fn take_upgrade<'a>(&mut self, bytes: &'a [u8]) -> Outcome<&'a [u8]> {
        let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
            return Ok(bytes);
        };
        if !bytes.starts_with(b"HTTP/1.1 101 ") {
            let said = String::from_utf8_lossy(&bytes[..end]).into_owned();
            return Err(format!("{} was refused: {said}", self.nick).into());
        }
        self.advance(Stage::Greeting);
        self.flush()?;
        Ok(&bytes[end + 4..])
    }

    #[inline]
    fn handle(&mut self, frame: &Frame<'_>, tally: &mut Tally) {
        match frame.opcode {
            frame::TEXT => self.hear(frame, tally),
            frame::PING => {
                frame::push_masked(&mut self.unsent, frame::PONG, frame.payload);
                self.send_or_close(tally);
            }
            frame::CLOSE => {
                let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                self.close(tally, &format!("the server closed with {code:?}"));
            }
            opcode => tally.fault(|| format!("{} got opcode {opcode}", self.nick)),
        }
    }

    #[inline]
    fn hear(&mut self, frame: &Frame<'_>, tally: &mut Tally) {
        tally.heard += 1;
        match delivery::kind(frame.payload) {
            Kind::Message => self.count(frame, tally),
            Kind::Sent => tally.acks += 1,
            other => self.converse(other, frame.payload, tally),
        }
    }

    /// One delivery: counted, its order checked, its latency noted.
    #[inline]
    fn count(&mut self, frame: &Frame<'_>, tally: &mut Tally) {
        tally.deliveries += 1;
        tally.delivery_bytes += frame.size as u64;
        let seq = tally.fields.seq(frame.payload);
        if self.stage != Stage::Joined || seq != Some(self.last_seq + 1) {
            let (nick, last, stage) = (&self.nick, self.last_seq, self.stage);
            tally.fault(|| format!("{nick} ({stage:?}) got number {seq:?} after {last}"));
        }
        self.last_seq = seq.unwrap_or(self.last_seq);
        if tally.latency.wants(self.index, self.last_seq) {
            match tally.fields.stamp(frame.payload) {
                Some(sent) => tally.latency.record(sent, tally.now),
                None => tally.fault(|| format!("{} got a text without stamp", self.nick)),
            }
        }
    }

    /// The frames that come once, and those that should not come.
    fn converse(&mut self, kind: Kind, payload: &[u8], tally: &mut Tally) {
        match (kind, self.stage) {
            (Kind::Welcome, Stage::Greeting) => self.advance(Stage::Joining),
            (Kind::Joined, Stage::Joining) => match delivery::head(payload) {
                Some(head) => {
                    self.last_seq = head;
                    self.stage = Stage::Joined;
                    tally.joined += 1;
                }
                None => tally.fault(|| format!("{} joined without a head", self.nick)),
            },
            (Kind::Other, _) => {}
            _ => tally.fault(|| {
                let said = String::from_utf8_lossy(&payload[..payload.len().min(300)]);
                format!("{} did not expect {said}", self.nick)
            }),
        }
        self.send_or_close(tally);
    }

    /// Enters `stage` and says what it begins with.
    fn advance(&mut self, stage: Stage) {
        self.stage = stage;
        let (nick, room) = (&self.nick, &self.room);
        let request = match stage {
            Stage::Greeting => format!(r#"{{"type":"hello","nick":"{nick}"}}"#),
            _ => format!(r#"{{"type":"join","room":"{room}"}}"#),
        };
        self.queue(request.as_bytes());
    }

    fn send_or_close(&mut self, tally: &mut Tally) {
        if let Err(error) = self.flush() {
            self.close(tally, &error.to_string());
        }
    }

    fn close(&mut self, tally: &mut Tally, why: &str) {
        if self.stage != Stage::Closed {
            self.stage = Stage::Closed;
            tally.fault(|| format!("{}: {why}", self.nick));
        }
    }
}
