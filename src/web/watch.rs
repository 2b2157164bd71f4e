//! What a connection over HTTP may still do, and until when: a head has to come, an answer has to be
//! read, and behind an answer there is an end of what is read.
//!
//! Pure: time comes in. `watched` has the socket, the turnstile says when a request begins and ends.
//! Bodies that somebody reads are bounded where they are read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

use crate::chat::Cut;

/// How long a connection that stays open may do nothing.
pub const KEEP_ALIVE_MS: u64 = 30_000;
/// How much may come behind an answer before the next request, in bytes: the rest of a body that
/// nobody wanted.
const UNASKED_BYTES: u64 = 4 * 1024 * 1024;

/// How long whom is waited for, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From a request's first byte to the end of its head.
    pub head_ms: u64,
    /// From one byte of an answer that is taken to the next.
    pub unread_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Open, and nothing was asked yet.
    New,
    /// An answer is given; nothing came since.
    Idle,
    /// Something of a request is there, or the rest of one that was answered.
    Head,
    /// A request is being answered.
    Busy,
}

/// The state of one connection, shared by its socket and the turnstile.
#[derive(Debug)]
pub struct Watch {
    head_ms: Cell<u64>,
    unread_ms: u64,
    phase: Cell<Phase>,
    since: Cell<u64>,
    unasked: Cell<u64>,
    blocked_since: Cell<Option<u64>>,
    no_room: Cell<bool>,
    /// The peer said that nothing more comes.
    left: Cell<bool>,
    answered: Cell<u32>,
    /// Who waits for the end of an answer to read on.
    reader: RefCell<Option<Waker>>,
}

/// A request that is being answered, until it is dropped.
pub struct Busy(Rc<Watch>, fn() -> u64);

impl Watch {
    /// A connection that was opened at `now`.
    pub fn new(patience: Patience, now: u64) -> Rc<Self> {
        Rc::new(Self {
            head_ms: Cell::new(patience.head_ms),
            unread_ms: patience.unread_ms,
            phase: Cell::new(Phase::New),
            since: Cell::new(now),
            unasked: Cell::new(0),
            blocked_since: Cell::new(None),
            no_room: Cell::new(false),
            left: Cell::new(false),
            answered: Cell::new(0),
            reader: RefCell::default(),
        })
    }

    /// It has no place: its one request has to come within `head_ms`.
    pub fn hurry(&self, head_ms: u64) {
        self.head_ms.set(self.head_ms.get().min(head_ms));
    }

    /// There is no room for it, not even to be told so.
    pub fn turn_away(&self) {
        self.no_room.set(true);
    }

    /// Notes that `bytes` were read; none is the end.
    pub fn read(&self, bytes: usize, now: u64) {
        if bytes == 0 {
            self.left.set(true);
            return;
        }
        if self.phase.get() == Phase::Idle {
            self.phase.set(Phase::Head);
            self.since.set(now);
        }
        if self.phase.get() != Phase::Busy {
            self.unasked.set(self.unasked.get() + bytes as u64);
        }
    }

    /// A request begins.
    pub fn begin(self: &Rc<Self>, clock: fn() -> u64) -> Busy {
        self.phase.set(Phase::Busy);
        Busy(Rc::clone(self), clock)
    }

    /// Whether one of the first `requests` is not answered yet; then the task is woken when it is.
    pub fn is_owing(&self, requests: u32, cx: &Context<'_>) -> bool {
        // Some are answered before their bodies are whole.
        let owing = (requests.wrapping_sub(self.answered.get()) as i32) > 0;
        if owing {
            *self.reader.borrow_mut() = Some(cx.waker().clone());
        }
        owing
    }

    /// Whether an answer waits for its reader.
    pub fn is_unread(&self) -> bool {
        self.blocked_since.get().is_some()
    }

    /// Notes whether an answer can be written.
    pub fn written(&self, blocked: bool, now: u64) {
        let since = self.blocked_since.get().filter(|_| blocked);
        self.blocked_since.set(since.or(blocked.then_some(now)));
    }

    /// When the connection's time is over, if nothing happens until then; and why.
    pub fn deadline(&self) -> Option<(u64, Cut)> {
        if let Some(since) = self.blocked_since.get() {
            return Some((since + self.unread_ms, Cut::UnreadAnswer));
        }
        let head_ms = self.head_ms.get();
        let more = match self.phase.get() {
            Phase::New | Phase::Head => head_ms,
            Phase::Idle => KEEP_ALIVE_MS + head_ms,
            Phase::Busy => return None,
        };
        Some((self.since.get() + more, Cut::SlowHead))
    }

    /// Why the connection has to end at `now`, if it has to.
    pub fn verdict(&self, now: u64) -> Option<Cut> {
        if self.no_room.get() {
            return Some(Cut::NoRoom);
        }
        if self.unasked.get() > UNASKED_BYTES {
            return Some(Cut::EndlessBody);
        }
        self.deadline().filter(|(deadline, _)| *deadline <= now).map(|(_, cut)| cut)
    }

    /// The socket goes on without a watch.
    pub fn release(&self) {
        self.phase.set(Phase::Busy);
    }

    /// Whether a request is waited for that has begun to come, or the first one.
    pub fn is_waiting(&self) -> bool {
        matches!(self.phase.get(), Phase::New | Phase::Head)
    }

    /// Whether something came that was no request, and not the peer ended the connection.
    pub fn was_refused(&self) -> bool {
        self.is_waiting() && self.unasked.get() > 0 && !self.left.get()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Self(watch, clock) = self;
        watch.phase.set(Phase::Idle);
        watch.since.set(clock());
        watch.unasked.set(0);
        watch.answered.set(watch.answered.get().wrapping_add(1));
        if let Some(reader) = watch.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { head_ms: 10_000, unread_ms: 30_000 };

    fn zero() -> u64 {
        0
    }

    #[test]
    fn a_first_head_has_its_time_from_the_start_and_others_from_their_first_byte() {
        let watch = Watch::new(PATIENCE, 0);
        watch.read(1, 9_000);
        assert_eq!((watch.verdict(9_999), watch.verdict(10_000)), (None, Some(Cut::SlowHead)));
        drop(watch.begin(zero));
        assert_eq!(watch.verdict(39_999), None);
        watch.read(1, 20_000);
        watch.read(1, 29_000);
        assert_eq!((watch.verdict(29_999), watch.verdict(30_000)), (None, Some(Cut::SlowHead)));
    }

    #[test]
    fn while_a_request_is_answered_nothing_is_due() {
        let watch = Watch::new(PATIENCE, 0);
        let busy = watch.begin(zero);
        watch.read(1 << 30, 0);
        assert_eq!(watch.verdict(u64::MAX), None);
        drop(busy);
        assert_eq!(watch.verdict(0), None);
    }

    #[test]
    fn who_takes_nothing_of_an_answer_is_cut_and_who_takes_a_little_is_not() {
        let watch = Watch::new(PATIENCE, 0);
        let _busy = watch.begin(zero);
        for now in [0, 29_000, 58_000] {
            watch.written(false, now);
            watch.written(true, now);
            watch.written(true, now + 20_000);
            assert_eq!(watch.verdict(now + 29_999), None);
        }
        assert_eq!(watch.verdict(88_000), Some(Cut::UnreadAnswer));
    }

    #[test]
    fn what_comes_behind_an_answer_has_an_end() {
        let watch = Watch::new(PATIENCE, 0);
        drop(watch.begin(zero));
        watch.read(UNASKED_BYTES as usize, 1);
        assert_eq!(watch.verdict(1), None);
        watch.read(1, 2);
        assert_eq!(watch.verdict(2), Some(Cut::EndlessBody));
    }
}
