//! What actix-http is fed from a connection: one request at a time, and in turns.
//!
//! It makes something of each request that it sees, and it sees all that come together: thousands of
//! the shortest ones in one write. So the next one is handed on when the last one is answered. Over
//! HTTP/2, whose requests come in pieces and are counted elsewhere, everything goes on as it comes.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_codec::{AsyncRead, ReadBuf};

use super::boundary::Boundary;
use super::visit::Visit;
use crate::session::{Queued, Turns};

/// So many reads of connections over HTTP in one pass of the worker's queue.
pub(super) const TURNS_A_PASS: usize = 4;
/// So many bytes of one connection are read in a turn.
const BYTES_A_TURN: usize = 16 * 1024;

/// A stream that is read in turns.
pub(super) struct Feed<S> {
    pub io: S,
    turns: Rc<Turns>,
    queued: Queued,
    /// Bytes that were read in this turn.
    in_turn: usize,
    /// Requests that were handed on to their end.
    handed: u64,
    boundary: Boundary,
    /// What was read beyond the last of them: at most one read.
    beyond: Vec<u8>,
}

impl<S> Feed<S> {
    /// Reads from `io`.
    pub fn new(io: S, turns: Rc<Turns>) -> Self {
        let (queued, boundary) = (Queued::default(), Boundary::new());
        Self { io, turns, queued, in_turn: 0, handed: 0, boundary, beyond: Vec::new() }
    }
}

impl<S: AsyncRead + Unpin> Feed<S> {
    /// Reads within this connection's turn; the next request waits until this one is answered.
    pub fn poll(
        &mut self,
        visit: &Visit,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let waits = visit.owes(self.handed, cx);
        if waits && !self.beyond.is_empty() {
            return Poll::Pending;
        }
        if self.in_turn >= BYTES_A_TURN {
            self.in_turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let turns = Rc::clone(&self.turns);
        let turn = match self.in_turn {
            0 => Some(ready!(turns.poll_turn(&mut self.queued, cx))),
            _ => None,
        };
        let handed = if self.beyond.is_empty() {
            let read = self.poll_socket(cx, buffer, waits);
            // A turn in which there was nothing to read is not used.
            self.in_turn = if read.is_pending() { 0 } else { self.in_turn + 1 };
            ready!(read)?
        } else {
            self.hand_on(buffer)
        };
        self.in_turn += handed;
        if let Some(turn) = turn {
            turn.used();
        }
        Poll::Ready(Ok(()))
    }

    /// Reads from the socket; returns how many bytes go on. If the next request `waits`, what comes is
    /// only kept, and just the end or an error is told.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        waits: bool,
    ) -> Poll<io::Result<usize>> {
        let most = buffer.remaining().min(BYTES_A_TURN);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let read = part.filled();
        let (used, ended) = if waits { (0, false) } else { self.boundary.follow(read) };
        self.beyond = read[used..].to_vec();
        let end = read.is_empty();
        self.handed += u64::from(ended);
        buffer.advance(used);
        if waits && !end { Poll::Pending } else { Poll::Ready(Ok(used)) }
    }

    /// Hands on what was read before; returns how many bytes those are.
    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) -> usize {
        let most = self.beyond.len().min(buffer.remaining());
        let (used, ended) = self.boundary.follow(&self.beyond[..most]);
        buffer.put_slice(&self.beyond[..used]);
        self.beyond.drain(..used);
        self.handed += u64::from(ended);
        used
    }
}
