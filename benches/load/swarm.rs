//! All connections of the load, and the one place where it waits for them.
//!
//! Not here: when to send (`scenario`).
//! Invariant: a turn reads what has arrived on every ready connection before it
//! returns; nothing else reads or blocks.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::Outcome;
use crate::connection::Connection;
use crate::message::Message;
use crate::tally::Tally;

/// One read takes at most this much: larger than any frame, smaller than the
/// processor's second cache.
const SCRATCH_BYTES: usize = 256 * 1024;
/// Connections that are opened but not joined yet; well below a listen backlog.
const UNDER_WAY: usize = 128;
const OPENING_LIMIT: Duration = Duration::from_secs(120);
/// The longest that a turn waits when there is nothing else to wake up for.
pub const TICK: Duration = Duration::from_millis(20);

pub struct Swarm {
    poll: Poll,
    events: Events,
    scratch: Vec<u8>,
    began: Instant,
    pub connections: Vec<Connection>,
    pub tally: Tally,
}

impl Swarm {
    pub fn new() -> Outcome<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            scratch: vec![0; SCRATCH_BYTES],
            began: Instant::now(),
            connections: Vec::new(),
            tally: Tally::new(),
        })
    }

    /// Nanoseconds since the load began: the clock that messages are stamped by.
    pub fn now(&self) -> u64 {
        nanos_since(self.began)
    }

    /// Opens `count` connections and waits until each has joined; `room` names
    /// the room of each by its index.
    pub fn open(
        &mut self,
        address: SocketAddr,
        count: usize,
        room: impl Fn(usize) -> String,
    ) -> Outcome<()> {
        let limit = Instant::now() + OPENING_LIMIT;
        while self.tally.joined < count {
            while self.connections.len() < count.min(self.tally.joined + UNDER_WAY) {
                self.connect(address, &room(self.connections.len()))?;
            }
            self.turn(TICK, |_, _, _| {})?;
            self.tally.check()?;
            if Instant::now() > limit {
                return Err(format!("{} of {count} joined in time", self.tally.joined).into());
            }
        }
        Ok(())
    }

    fn connect(&mut self, address: SocketAddr, room: &str) -> Outcome<()> {
        let index = self.connections.len();
        let mut connection = Connection::open(index, address, room)?;
        self.poll.registry().register(
            &mut connection.socket,
            Token(index),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        self.connections.push(connection);
        Ok(())
    }

    /// Waits up to `wait` for something to arrive and reads all of it. `on_acks`
    /// is told the connection, how many of its sends were acknowledged, and the
    /// time.
    ///
    /// The poll's clock ticks in milliseconds and rounds up, so less than one is
    /// not slept at all: whoever keeps a schedule calls again at once.
    pub fn turn(
        &mut self,
        wait: Duration,
        mut on_acks: impl FnMut(&mut Connection, u32, u64),
    ) -> Outcome<()> {
        let wait = Duration::from_millis(wait.as_millis().try_into()?);
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(error.into());
            }
            _ => {}
        }
        for event in &self.events {
            let connection = &mut self.connections[event.token().0];
            self.tally.now = nanos_since(self.began);
            let acks = connection.receive(&mut self.scratch, &mut self.tally)?;
            if acks > 0 {
                on_acks(connection, acks, self.tally.now);
            }
            connection.flush()?;
        }
        Ok(())
    }

    /// Sends one message as the member at `index`, stamped with the time that it
    /// was meant to leave.
    pub fn send(&mut self, index: usize, message: &mut Message, intended: u64) -> Outcome<()> {
        let connection = &mut self.connections[index];
        connection.queue(message.stamped(intended));
        Ok(connection.flush()?)
    }

    /// Turns for `length` without sending anything.
    pub fn rest(&mut self, length: Duration) -> Outcome<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.turn(TICK, |_, _, _| {})?;
        }
        self.tally.check()
    }

    /// Turns until nothing but heartbeats has arrived for `quiet`; an error after
    /// `limit`.
    pub fn settle(&mut self, quiet: Duration, limit: Duration) -> Outcome<()> {
        let end = Instant::now() + limit;
        let (mut heard, mut since) = (self.tally.heard, Instant::now());
        while since.elapsed() < quiet {
            self.turn(TICK, |_, _, _| {})?;
            if heard != self.tally.heard {
                (heard, since) = (self.tally.heard, Instant::now());
            }
            if Instant::now() > end {
                return Err(format!("the server did not fall silent in {limit:?}").into());
            }
        }
        self.tally.check()
    }

    /// Every member of the one room must have ended at the same number: the order
    /// without holes was checked delivery by delivery, this is that nobody was
    /// left behind.
    pub fn check_all_saw_all(&self) -> Outcome<()> {
        let seen = || self.connections.iter().map(|connection| connection.last_seq);
        match (seen().min(), seen().max()) {
            (Some(least), Some(most)) if least < most => {
                Err(format!("one member saw {most} messages, another {least}").into())
            }
            _ => Ok(()),
        }
    }
}

fn nanos_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).expect("a run is shorter than 584 years")
}
