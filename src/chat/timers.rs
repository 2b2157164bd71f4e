//! What is due when: one ordered set on the monotonic clock, nothing is scanned.

use std::collections::BTreeSet;

use crate::model::SessionId;
use crate::store::RoomId;

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A session's grace may end.
    Grace(SessionId),
    /// A resumed session's rooms are joined for it.
    AutoJoin(SessionId),
    /// A large room is told who came and went.
    Presence(RoomId),
    /// Somebody typed for too long.
    Typing(RoomId, SessionId),
}

/// The timers that run. Each fires once; whether it still means something is checked then.
#[derive(Debug, Default)]
pub struct Timers(BTreeSet<(u64, Timer)>);

impl Timers {
    /// Runs `timer` at `due`.
    pub fn set(&mut self, due: u64, timer: Timer) {
        self.0.insert((due, timer));
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<u64> {
        self.0.first().map(|(due, _)| *due)
    }

    /// Takes one that is due at `now`.
    pub fn pop(&mut self, now: u64) -> Option<Timer> {
        let first = *self.0.first().filter(|(due, _)| *due <= now)?;
        self.0.remove(&first);
        Some(first.1)
    }
}
