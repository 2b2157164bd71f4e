//! The cheapest server that a room can have: a loop that reads frames from its
//! members and writes a prepared frame of the same bytes to all of them. No
//! JSON, no log, no names, no order but that of arrival: the limit that a chat
//! server is compared with.
//!
//! It speaks just enough of the protocol for the same load to talk to it.
//! Invariant: per message it does no work but two numbers written into the
//! frame; all else was prepared.

mod member;
mod prepared;

use std::io;

use clap::ValueEnum;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};

use crate::Outcome;
use member::{Heard, Member};
use prepared::Prepared;

const LISTENER: Token = Token(usize::MAX);
const SCRATCH_BYTES: usize = 64 * 1024;

/// The two ways to write to everybody.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Each frame at once, one write a member
    Loop,
    /// All frames that one turn brought in one write a member
    LoopJoined,
}

/// Serves until it is killed.
pub fn serve(peer: Peer, frame_bytes: usize) -> Outcome<()> {
    let mut server = Server::open(peer, frame_bytes)?;
    let mut events = Events::with_capacity(1024);
    loop {
        if let Err(error) = server.poll.poll(&mut events, None)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(index) => server.hear(index)?,
            }
        }
        server.write_batch();
    }
}

struct Server {
    peer: Peer,
    poll: Poll,
    listener: TcpListener,
    scratch: Vec<u8>,
    /// What each member said in the read under way.
    heard: Vec<Heard>,
    members: Vec<Member>,
    prepared: Prepared,
    /// Frames of this turn that nobody has been written yet.
    batch: Vec<u8>,
}

impl Server {
    fn open(peer: Peer, frame_bytes: usize) -> Outcome<Self> {
        let mut listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        println!("Parlor is open: http://{}/", listener.local_addr()?);
        Ok(Self {
            peer,
            poll,
            listener,
            scratch: vec![0; SCRATCH_BYTES],
            heard: Vec::new(),
            members: Vec::new(),
            prepared: Prepared::new(frame_bytes)?,
            batch: Vec::new(),
        })
    }

    fn accept(&mut self) -> Outcome<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            socket.set_nodelay(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let token = Token(self.members.len());
            self.poll.registry().register(&mut socket, token, interest)?;
            self.members.push(Member::new(socket));
        }
    }

    /// Reads what a member said and acts on it.
    fn hear(&mut self, index: usize) -> Outcome<()> {
        let member = &mut self.members[index];
        member.flush();
        member.read(&mut self.scratch, &mut self.heard)?;
        for position in 0..self.heard.len() {
            match self.heard[position] {
                Heard::Upgrade => self.members[index].write(prepared::UPGRADE),
                Heard::Hello => self.members[index].write(&self.prepared.welcome),
                Heard::Join => {
                    // What waits for the others is not this member's.
                    self.write_batch();
                    let head = self.prepared.joined();
                    self.members[index].join(&head);
                }
                Heard::Send { stamp } => self.deliver(index, stamp),
            }
        }
        self.heard.clear();
        Ok(())
    }

    fn deliver(&mut self, from: usize, stamp: [u8; 16]) {
        let frame = self.prepared.message(stamp);
        if self.peer == Peer::LoopJoined {
            self.batch.extend_from_slice(frame);
            self.members[from].owe(&self.prepared.sent);
            return;
        }
        for member in self.members.iter_mut().filter(|member| member.is_joined()) {
            member.write(frame);
        }
        self.members[from].write(&self.prepared.sent);
    }

    /// Writes what this turn brought: the joining way's one write a member.
    fn write_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        for member in self.members.iter_mut().filter(|member| member.is_joined()) {
            member.write(&self.batch);
        }
        self.batch.clear();
    }
}
