//! What one HTTP connection has asked for and not got yet: told by [`Front`](super::Front), looked at
//! by the [`Line`](super::Line).
//!
//! Both live on one worker's thread. A connection of HTTP/1.1 has one request under way at a time; one
//! of HTTP/2 as many as it likes, so they are counted here.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};

/// So many requests of one connection are answered at a time; the others are told to wait.
pub const UNDER_WAY: u64 = 128;
/// With so many under way, told or not, the connection is cut.
const TOO_MANY: u64 = 256;

/// The requests of one connection.
#[derive(Debug, Default)]
pub struct Visit {
    asked: Cell<u64>,
    answered: Cell<u64>,
    /// A body was left unread: what comes now is no head.
    leftover: Cell<bool>,
    /// Whether what is given out is noted; over HTTP/1.1 the socket itself tells who does not read.
    noted: bool,
    /// Requests of HTTP/2 that have a piece of their answer and have not asked for the next, with the
    /// moment since when.
    waiting: RefCell<Vec<(u64, u64)>>,
    /// Who waits for the end of an answer to read on.
    reader: RefCell<Option<Waker>>,
}

impl Visit {
    /// A visit that nothing was asked in. `many`: whether it may ask for many things at a time.
    pub fn new(many: bool) -> Rc<Self> {
        Rc::new(Self { noted: many, ..Self::default() })
    }

    /// How many requests there were so far.
    pub fn asked(&self) -> u64 {
        self.asked.get()
    }

    /// How many of them are not answered yet.
    pub fn under_way(&self) -> u64 {
        self.asked.get() - self.answered.get()
    }

    /// Whether one of the first `requests` is not answered yet; then the task is woken when it is.
    pub fn owes(&self, requests: u64, cx: &Context<'_>) -> bool {
        // Some are answered before their bodies are whole.
        let owes = requests > self.answered.get();
        if owes {
            *self.reader.borrow_mut() = Some(cx.waker().clone());
        }
        owes
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.under_way() == 0
    }

    /// Whether a body was left unread, and the connection is about to end.
    pub fn has_leftover(&self) -> bool {
        self.leftover.get()
    }

    /// The same, once.
    pub fn take_leftover(&self) -> bool {
        self.leftover.take()
    }

    /// Whether it has gone too far.
    pub fn is_too_much(&self) -> bool {
        self.under_way() > TOO_MANY
    }

    /// Since when the first of those has waited who do not take what they were given.
    pub fn waits_since(&self) -> Option<u64> {
        self.waiting.borrow().iter().map(|(_, since)| *since).min()
    }
}

/// One request under way; dropping it says that it is answered.
#[derive(Debug)]
pub struct Stay {
    visit: Rc<Visit>,
    number: u64,
}

impl Stay {
    /// A request comes in.
    pub fn begin(visit: &Rc<Visit>) -> Self {
        let number = visit.asked.get() + 1;
        visit.asked.set(number);
        Self { visit: Rc::clone(visit), number }
    }

    /// The requests of its connection.
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// A piece of the answer was given at `now`: whoever sends it asks for the next once it is sent.
    pub fn gave(&self, now: u64) {
        if self.visit.noted {
            self.visit.waiting.borrow_mut().push((self.number, now));
        }
    }

    /// The next piece is asked for.
    pub fn is_taken(&self) {
        if self.visit.noted {
            self.visit.waiting.borrow_mut().retain(|(number, _)| *number != self.number);
        }
    }

    /// The request's body was not read to its end.
    pub fn leaves_a_rest(&self) {
        self.visit.leftover.set(true);
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.is_taken();
        self.visit.answered.set(self.visit.answered.get() + 1);
        if let Some(reader) = self.visit.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_under_way_until_it_is_dropped() {
        let visit = Visit::new(true);
        let (one, two) = (Stay::begin(&visit), Stay::begin(&visit));
        assert_eq!((visit.asked(), visit.under_way()), (2, 2));
        drop(one);
        assert!(!visit.is_idle());
        drop(two);
        assert!(visit.is_idle() && visit.asked() == 2);
        let many: Vec<_> = (0..=TOO_MANY).map(|_| Stay::begin(&visit)).collect();
        assert!(visit.is_too_much());
        drop(many);
        assert!(!visit.is_too_much());
    }

    #[test]
    fn who_does_not_take_what_was_given_is_known_by_the_oldest_piece() {
        let visit = Visit::new(true);
        let (one, two) = (Stay::begin(&visit), Stay::begin(&visit));
        one.gave(10);
        two.gave(20);
        assert_eq!(visit.waits_since(), Some(10));
        one.is_taken();
        assert_eq!(visit.waits_since(), Some(20));
        drop(two);
        assert_eq!(visit.waits_since(), None);
        let plain = Visit::new(false);
        Stay::begin(&plain).gave(10);
        assert_eq!(plain.waits_since(), None);
    }
}
