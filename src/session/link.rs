//! The connection itself: socket and outbox, shared by the session's reader and the relay.
//!
//! Both live on one thread. The relay pushes and writes at once, with the session task's waker:
//! what the socket does not take now is written when that task is woken.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use bytes::Bytes;

use super::ending::Ending;
use super::outbox::{MAX_SLICES, Outbox};
use super::pulse::Pulse;
use super::trouble::Trouble;
use super::turns::{Queued, Turn, Turns};
use crate::chat::{Answer, Class, Heart, Meters, Outlet, TooMuch};
use crate::model::uptime_ms;
use crate::protocol::{Close, Closing, wire};

/// The limits of a worker's connections, and where they count what those do.
#[derive(Clone, Debug)]
pub struct LinkLimits {
    /// Bytes of unasked frames that may wait.
    pub backlog_bytes: usize,
    /// How life is checked.
    pub pulse: Pulse,
    /// Until when somebody must have said hello, in milliseconds.
    pub hello_ms: u64,
    /// The turns of those that have much to say.
    pub turns: Rc<Turns>,
    /// What is measured.
    pub meters: Meters,
}

/// So many requests of one connection may be under way.
const MAX_IN_FLIGHT: u32 = 64;
/// After a request that came too soon, so many that did not are heard one by one.
const ONE_BY_ONE: u32 = 64;
/// With so many bytes of answers waiting, no further request is read.
const ANSWERS_PAUSE: usize = 64 * 1024;

/// Clients that are sent away together come back spread over this time.
const RECONNECT_MS: std::ops::Range<u64> = 250..4000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Talking.
    Open,
    /// The close frame is queued or written; nothing else will be.
    Closing,
    /// The socket is of no use any more.
    Dead,
}

/// Runs when the connection leaves.
type Departure = Box<dyn FnOnce(Ending)>;

/// One connection. `S` is a TCP stream, or TLS over one.
pub struct Link<S> {
    stream: RefCell<S>,
    outbox: RefCell<Outbox>,
    task: RefCell<Option<Waker>>,
    phase: Cell<Phase>,
    in_flight: Cell<u32>,
    barrier: Cell<bool>,
    one_by_one: Cell<u32>,
    welcomed: Cell<bool>,
    /// Most connections never have any.
    trouble: RefCell<Option<Box<Trouble>>>,
    abusive: Cell<bool>,
    opened_at: u64,
    heard_at: Cell<u64>,
    ping_at: Cell<u64>,
    limits: Rc<LinkLimits>,
    departure: RefCell<Option<Departure>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// A link over `stream`; the first ping comes after `first_ping_ms`.
    pub fn new(stream: S, limits: Rc<LinkLimits>, first_ping_ms: u64) -> Self {
        let now = uptime_ms();
        Self {
            stream: RefCell::new(stream),
            outbox: RefCell::default(),
            task: RefCell::default(),
            phase: Cell::new(Phase::Open),
            in_flight: Cell::new(0),
            barrier: Cell::new(false),
            one_by_one: Cell::new(0),
            welcomed: Cell::new(false),
            trouble: RefCell::default(),
            abusive: Cell::new(false),
            opened_at: now,
            heard_at: Cell::new(now),
            ping_at: Cell::new(now + first_ping_ms),
            limits,
            departure: RefCell::default(),
        }
    }

    /// When the first look at the heartbeat is due.
    pub fn first_beat(&self) -> u64 {
        self.ping_at.get().min(self.hello_until())
    }

    /// Until when somebody must have said hello.
    fn hello_until(&self) -> u64 {
        self.opened_at + self.limits.hello_ms
    }

    /// What is to happen when the connection leaves.
    pub fn on_departure(&self, departure: impl FnOnce(Ending) + 'static) {
        *self.departure.borrow_mut() = Some(Box::new(departure));
    }

    /// Leaves: once, whoever says it first.
    pub fn depart(&self, ending: Ending) {
        let departure = self.departure.borrow_mut().take();
        if let Some(departure) = departure {
            self.limits.meters.closed(ending.code());
            departure(ending);
        }
    }

    /// Whether somebody's hello succeeded here.
    pub fn is_welcomed(&self) -> bool {
        self.welcomed.get()
    }

    /// A request goes to the chat. `alone`: nothing more is read until it is answered.
    pub fn begin(&self, alone: bool) {
        self.in_flight.set(self.in_flight.get() + 1);
        self.barrier.set(alone);
    }

    /// Whether no request may be read now: enough is under way, or waits to be read.
    pub(super) fn is_paused(&self) -> bool {
        let under_way = self.in_flight.get();
        let alone = self.barrier.get() || self.one_by_one.get() > 0;
        under_way >= MAX_IN_FLIGHT
            || (alone && under_way > 0)
            || self.outbox.borrow().answers() > ANSWERS_PAUSE
    }

    /// Answers a request at once.
    pub fn reply(&self, frame: Bytes) {
        self.queue(frame, Class::Reply);
        self.flush();
    }

    /// Queues what no limit keeps out.
    fn queue(&self, frame: Bytes, class: Class) {
        let _ = self.outbox.borrow_mut().push(frame, class, usize::MAX);
    }

    /// Waits for a turn, and uses it.
    pub(super) fn poll_turn(&self, queued: &mut Queued, cx: &mut Context<'_>) -> Poll<()> {
        self.limits.turns.poll_turn(queued, cx).map(Turn::used)
    }

    /// Counts a ping that the answer to a later one stands for.
    pub(super) fn skipped_ping(&self) {
        self.limits.meters.pings_skipped.increment(1);
    }

    /// Counts a bad frame; too many close the connection.
    pub fn bad_frame(&self) {
        if self.is_too_much() {
            self.close(Close::Abuse);
        }
    }

    fn is_too_much(&self) -> bool {
        self.trouble.borrow_mut().get_or_insert_default().count(uptime_ms())
    }

    /// The client said goodbye: answers in kind and leaves.
    pub(super) fn goodbye(&self, code: Option<u16>) {
        if self.phase.get() != Phase::Open {
            // The answer to our own close frame: nothing more to wait for.
            self.phase.set(Phase::Dead);
            return;
        }
        self.depart(Ending::Said(code));
        self.begin_closing(wire::close_reply(code), true);
    }

    fn begin_closing(&self, frames: Bytes, discard: bool) {
        self.phase.set(Phase::Closing);
        if discard {
            self.outbox.borrow_mut().discard();
        }
        self.queue(frames, Class::Reply);
        self.flush();
        self.wake();
    }

    /// Where the connection is in its life; one that was found abusive is closed first.
    pub(super) fn phase(&self) -> Phase {
        if self.abusive.take() {
            self.close(Close::Abuse);
        }
        self.phase.get()
    }

    /// The socket is of no use any more.
    pub(super) fn die(&self) {
        self.phase.set(Phase::Dead);
    }

    fn wake(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    /// Remembers the session's task: it is woken when there is something to read or write.
    pub(super) fn set_task(&self, waker: &Waker) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    /// Reads into `buffer`; every byte is a sign of life.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut stream = self.stream.borrow_mut();
        let read = Pin::new(&mut *stream).poll_read(cx, buffer);
        if read.is_ready() && !buffer.filled().is_empty() {
            self.heard_at.set(uptime_ms());
        }
        read
    }

    /// Writes what waits; ready when all is written.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut outbox = self.outbox.borrow_mut();
        while !outbox.is_empty() {
            let written = {
                let mut slices = [IoSlice::new(&[]); MAX_SLICES];
                let count = outbox.slices(&mut slices);
                let mut stream = self.stream.borrow_mut();
                match &slices[..count] {
                    [one] => Pin::new(&mut *stream).poll_write(cx, one),
                    many => Pin::new(&mut *stream).poll_write_vectored(cx, many),
                }
            };
            match written {
                Poll::Ready(Ok(bytes)) if bytes > 0 => outbox.advance(bytes),
                Poll::Ready(_) => {
                    self.phase.set(Phase::Dead);
                    drop(outbox);
                    self.wake();
                    return Poll::Ready(());
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        drop(outbox);
        let mut stream = self.stream.borrow_mut();
        if Pin::new(&mut *stream).poll_flush(cx).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Says that nothing more will be written (TCP: FIN).
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream.borrow_mut()).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outlet for Link<S> {
    fn push(&self, frames: &Bytes, class: Class) -> Result<u32, TooMuch> {
        if self.phase.get() != Phase::Open {
            return Ok(0);
        }
        self.outbox.borrow_mut().push(frames.clone(), class, self.limits.backlog_bytes)
    }

    fn answered(&self, answer: Answer) {
        if answer == Answer::None {
            return;
        }
        if answer == Answer::Welcome {
            self.welcomed.set(true);
        }
        let was_paused = self.is_paused();
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        let one_by_one = self.one_by_one.get().saturating_sub(1);
        self.one_by_one.set(if answer == Answer::TooSoon { ONE_BY_ONE } else { one_by_one });
        if was_paused && !self.is_paused() {
            self.wake();
        }
        if answer == Answer::Bad && self.is_too_much() {
            // Called from within the relay: the session's own task closes.
            self.abusive.set(true);
            self.wake();
        }
    }

    fn flush(&self) {
        let task = self.task.borrow().clone();
        let waker = task.as_ref().unwrap_or(Waker::noop());
        let was_paused = self.is_paused();
        let _ = self.poll_flush(&mut Context::from_waker(waker));
        if was_paused && !self.is_paused() {
            // The socket took it all at once: nothing else would tell the reader to go on.
            self.wake();
        }
    }

    fn close(&self, close: Close) {
        if self.phase.get() != Phase::Open {
            return;
        }
        self.depart(Ending::Closed(close));
        let reconnect_after_ms = close.come_back().then(|| rand::random_range(RECONNECT_MS));
        let mut frames = bytes::BytesMut::new();
        if close.announced() {
            let (code, reason) = (close.code(), close.reason());
            let closing = Closing { code, reason, reconnect_after_ms };
            wire::append_text(&mut frames, &wire::json(&closing));
        }
        frames.extend_from_slice(&wire::close(close));
        // Who is slow or silent would not get the rest either; the others get their answers.
        let discard = matches!(close, Close::TooSlow | Close::NoHeartbeat);
        self.begin_closing(frames.freeze(), discard);
    }

    fn beat(&self, now: u64) -> Heart {
        let nobody = !self.welcomed.get();
        if nobody && now >= self.hello_until() {
            return Heart::Stopped;
        }
        if self.in_flight.get() > 0 && self.outbox.borrow().is_empty() {
            // It waits for us, unread: its silence is ours.
            self.heard_at.set(now);
        }
        let mut ping_at = self.ping_at.get();
        let (heart, ping) = self.limits.pulse.look(now, self.heard_at.get(), &mut ping_at);
        self.ping_at.set(ping_at);
        self.outbox.borrow_mut().rest();
        if ping {
            let idle = self.outbox.borrow().is_empty();
            if idle {
                self.queue(wire::ping(), Class::Passing);
                self.flush();
            }
        }
        match heart {
            Heart::Beats(next) if nobody => Heart::Beats(next.min(self.hello_until())),
            heart => heart,
        }
    }

    fn backlog(&self) -> usize {
        self.outbox.borrow().bytes()
    }
}
