//! The socket of a connection over HTTP: read in turns, one request at a time, and cut when its time is
//! over (`watch`).
//!
//! It lies below HTTP, so it holds for every route and for what comes between two requests. A socket
//! that becomes a WebSocket leaves it: sessions keep time by themselves.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_rt::time::{Instant, Sleep, sleep_until};

use super::boundary::Boundary;
use super::watch::{Patience, Watch};
use crate::chat::Meters;
use crate::model::uptime_ms;
use crate::session::{Queued, Turns};

/// So many connections read in one pass of their worker's queue.
const TURNS_A_PASS: usize = 4;
/// So many bytes of one connection are read in a turn.
const BYTES_A_TURN: usize = 16 * 1024;

/// What the sockets of one worker share.
pub struct Surroundings {
    turns: Rc<Turns>,
    meters: Meters,
}

impl Surroundings {
    /// Those of this thread.
    pub fn new(meters: Meters) -> Rc<Self> {
        Rc::new(Self { turns: Turns::begin(TURNS_A_PASS), meters })
    }
}

/// A socket that is watched.
pub struct Watched<S> {
    io: S,
    watch: Rc<Watch>,
    tally: Tally,
    queued: Queued,
    /// Bytes that were read in this turn.
    in_turn: usize,
    boundary: Boundary,
    /// Requests that were handed on to their end.
    handed: u32,
    /// What was read beyond the last of them: at most one read.
    beyond: Vec<u8>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Counts a connection that is cut, once.
struct Tally {
    watch: Rc<Watch>,
    around: Rc<Surroundings>,
    cut: bool,
}

impl<S> Watched<S> {
    /// Watches `io`, which was opened just now.
    pub fn new(io: S, patience: Patience, around: Rc<Surroundings>) -> Self {
        let watch = Watch::new(patience, uptime_ms());
        let tally = Tally { watch: Rc::clone(&watch), around, cut: false };
        Self {
            io,
            watch,
            tally,
            queued: Queued::default(),
            in_turn: 0,
            boundary: Boundary::new(),
            handed: 0,
            beyond: Vec::new(),
            timer: None,
        }
    }

    /// Lets the socket go on its own.
    pub fn release(self) -> S {
        self.watch.release();
        self.io
    }

    /// Its watch, for whoever knows when requests begin and end.
    pub fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// The socket itself.
    pub fn socket(&self) -> &S {
        &self.io
    }

    /// Whether the connection's time is over; it is counted once.
    fn is_over(&mut self) -> bool {
        if let (false, Some(cut)) = (self.tally.cut, self.watch.verdict(uptime_ms())) {
            self.tally.cut = true;
            self.tally.around.meters.cut(cut);
        }
        self.tally.cut
    }

    /// Has the task woken when the connection's time is over.
    fn wait(&mut self, cx: &mut Context<'_>) {
        let Some((deadline, _)) = self.watch.deadline() else { return };
        let left = Duration::from_millis(deadline.saturating_sub(uptime_ms()));
        let at = Instant::now() + left;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        // One that is early finds out that it is, and waits on.
        if timer.deadline() > at || timer.is_elapsed() {
            timer.as_mut().reset(at);
        }
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Reads within this connection's turn; the next request waits until this one is answered.
    fn poll_turn(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let waits = self.watch.is_owing(self.handed, cx);
        if waits && !self.beyond.is_empty() {
            return Poll::Pending;
        }
        if self.in_turn >= BYTES_A_TURN {
            self.in_turn = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let turns = Rc::clone(&self.tally.around);
        let turn = match self.in_turn {
            0 => Some(ready!(turns.turns.poll_turn(&mut self.queued, cx))),
            _ => None,
        };
        let handed = if self.beyond.is_empty() {
            let read = self.poll_socket(cx, buf, waits);
            // A turn in which there was nothing to read is not used.
            self.in_turn = if read.is_pending() { 0 } else { self.in_turn + 1 };
            ready!(read)?
        } else {
            self.hand_on(buf)
        };
        self.in_turn += handed;
        if let Some(turn) = turn {
            turn.used();
        }
        self.watch.read(handed, uptime_ms());
        Poll::Ready(Ok(()))
    }

    /// Reads from the socket; returns how many bytes go on. If the next request `waits`, what comes is
    /// only kept, and just the end or an error is told.
    fn poll_socket(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        waits: bool,
    ) -> Poll<io::Result<usize>> {
        let most = buf.remaining().min(BYTES_A_TURN);
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let read = part.filled();
        let (used, ended) = if waits { (0, false) } else { self.boundary.follow(read) };
        self.beyond = read[used..].to_vec();
        let end = read.is_empty();
        self.handed = self.handed.wrapping_add(u32::from(ended));
        buf.advance(used);
        if waits && !end { Poll::Pending } else { Poll::Ready(Ok(used)) }
    }

    /// Hands on what was read before; returns how many bytes those are.
    fn hand_on(&mut self, buf: &mut ReadBuf<'_>) -> usize {
        let most = self.beyond.len().min(buf.remaining());
        let (used, ended) = self.boundary.follow(&self.beyond[..most]);
        buf.put_slice(&self.beyond[..used]);
        self.beyond.drain(..used);
        self.handed = self.handed.wrapping_add(u32::from(ended));
        used
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_over() {
            // As if nothing more came: what is answered is still written.
            return Poll::Ready(Ok(()));
        }
        let read = this.poll_turn(cx, buf);
        if read.is_pending() {
            this.wait(cx);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_over() && this.watch.is_unread() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let written = Pin::new(&mut this.io).poll_write(cx, buf);
        this.watch.written(written.is_pending(), uptime_ms());
        if written.is_pending() {
            this.wait(cx);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        // HTTP answers what does not come and what it cannot read, and ends the connection by itself.
        if let (false, Some(cut)) = (self.cut, self.watch.ended(uptime_ms())) {
            self.around.meters.cut(cut);
        }
    }
}
