//! What changed among a room's members since it was last told.
//!
//! Small rooms are told at once, large ones at most once a second; who came and went in between
//! is not told at all.

use indexmap::IndexMap;

use crate::model::SessionId;
use crate::protocol::{Member, State};

/// Up to this many members a room is told of every change at once.
pub const SMALL_ROOM: usize = 32;
/// How often a larger room is told, in milliseconds.
pub const LARGE_ROOM_PAUSE: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Joined,
    Left,
    Changed,
}

/// The changes that wait to be told.
#[derive(Debug, Default)]
pub struct Delta {
    changes: IndexMap<SessionId, (Change, Member)>,
    /// When the room was last told, on the monotonic clock.
    pub told_at: Option<u64>,
    /// Whether a timer waits to tell it.
    pub scheduled: bool,
}

/// The three lists of a `presence` event.
#[derive(Debug, Default, PartialEq)]
pub struct Lists {
    /// Who came.
    pub joined: Vec<Member>,
    /// Who went.
    pub left: Vec<Member>,
    /// Whose state or name changed.
    pub changed: Vec<Member>,
}

impl Delta {
    /// Somebody came; if their leave was not told yet, it is a change.
    pub fn joined(&mut self, who: SessionId, member: Member) {
        let change = match self.changes.get(&who) {
            Some((Change::Left, _)) => Change::Changed,
            _ => Change::Joined,
        };
        self.changes.insert(who, (change, member));
    }

    /// Somebody went; if their coming was not told yet, neither is.
    pub fn left(&mut self, who: SessionId, mut member: Member) {
        member.state = State::Offline;
        match self.changes.get(&who) {
            Some((Change::Joined, _)) => {
                self.changes.shift_remove(&who);
            }
            Some((Change::Changed, told)) => {
                // The others know them by the name before the untold rename.
                member.nick = told.was.clone().unwrap_or(member.nick);
                self.changes.insert(who, (Change::Left, member));
            }
            _ => {
                self.changes.insert(who, (Change::Left, member));
            }
        }
    }

    /// Somebody's state or name changed (`member.was` is the name before).
    pub fn changed(&mut self, who: SessionId, mut member: Member) {
        match self.changes.get(&who) {
            Some((Change::Joined, _)) => {
                member.was = None;
                self.changes.insert(who, (Change::Joined, member));
            }
            Some((Change::Changed, earlier)) => {
                member.was = earlier.was.clone().or(member.was);
                self.changes.insert(who, (Change::Changed, member));
            }
            _ => {
                self.changes.insert(who, (Change::Changed, member));
            }
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Takes what there is to tell.
    pub fn take(&mut self) -> Lists {
        let mut lists = Lists::default();
        for (_, (change, member)) in std::mem::take(&mut self.changes) {
            match change {
                Change::Joined => lists.joined.push(member),
                Change::Left => lists.left.push(member),
                Change::Changed => lists.changed.push(member),
            }
        }
        lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Nick;
    use crate::protocol::Role;

    fn member(name: &str) -> Member {
        let nick = Nick::parse(name).unwrap();
        Member { nick, guest: true, role: Role::Guest, state: State::Online, was: None }
    }

    #[test]
    fn who_came_and_went_unseen_is_not_told() {
        let mut delta = Delta::default();
        delta.joined(SessionId(1), member("ada"));
        delta.left(SessionId(1), member("ada"));
        assert!(delta.is_empty());
    }

    #[test]
    fn two_untold_renames_are_one_change_from_the_told_name() {
        let mut delta = Delta::default();
        let renamed = |to: &str, was: &str| Member { was: Nick::parse(was), ..member(to) };
        delta.changed(SessionId(1), renamed("b", "a"));
        delta.changed(SessionId(1), renamed("c", "b"));
        let lists = delta.take();
        assert_eq!(lists.changed, [renamed("c", "a")]);
    }

    #[test]
    fn a_leave_after_an_untold_rename_names_whom_the_others_know() {
        let mut delta = Delta::default();
        delta.changed(SessionId(1), Member { was: Nick::parse("a"), ..member("b") });
        delta.left(SessionId(1), member("b"));
        assert_eq!(delta.take().left[0].nick.as_str(), "a");
    }
}
