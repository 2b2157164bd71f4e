//! What changed among a room's members since it was last told.
//!
//! Small rooms are told at once, large ones at most once a second; who came and went in between
//! is not told at all.

use indexmap::IndexMap;

use crate::model::UserId;
use crate::protocol::{Member, State};

/// Up to this many members a room is told of every change at once.
pub const SMALL_ROOM: usize = 32;
/// How often a larger room is told, in milliseconds.
pub const LARGE_ROOM_PAUSE: u64 = 1000;

/// How the room knows somebody, and how they are now; `None`: not here.
#[derive(Debug)]
struct Change {
    told: Option<Member>,
    now: Option<Member>,
}

/// The changes that wait to be told.
#[derive(Debug, Default)]
pub struct Delta {
    changes: IndexMap<UserId, Change>,
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
    /// Somebody was `before` and is `now`; `None`: not here. Many untold changes become one, from
    /// how the room knows them to how they are when it is told.
    pub fn note(&mut self, who: UserId, before: Option<Member>, now: Option<Member>) {
        let change = self.changes.entry(who).or_insert(Change { told: before, now: None });
        change.now = now;
        if change.told.is_none() && change.now.is_none() {
            self.changes.shift_remove(&who);
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Takes what there is to tell.
    pub fn take(&mut self) -> Lists {
        let mut lists = Lists::default();
        for (_, Change { told, now }) in std::mem::take(&mut self.changes) {
            match (told, now) {
                (None, Some(member)) => lists.joined.push(member),
                (Some(member), None) => {
                    lists.left.push(Member { state: State::Offline, ..member });
                }
                (Some(told), Some(now)) if told != now => {
                    let was = (told.nick != now.nick).then_some(told.nick);
                    lists.changed.push(Member { was, ..now });
                }
                _ => {}
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

    const WHO: UserId = UserId(1);

    #[test]
    fn who_came_and_went_unseen_is_not_told() {
        let mut delta = Delta::default();
        delta.note(WHO, None, Some(member("ada")));
        delta.note(WHO, Some(member("ada")), None);
        assert!(delta.is_empty());
    }

    #[test]
    fn untold_renames_are_one_change_from_the_told_name_even_around_a_leave() {
        let mut delta = Delta::default();
        delta.note(WHO, Some(member("a")), Some(member("b")));
        delta.note(WHO, Some(member("b")), None);
        delta.note(WHO, None, Some(member("b")));
        delta.note(WHO, Some(member("b")), Some(member("c")));
        let changed = Member { was: Nick::parse("a"), ..member("c") };
        assert_eq!(delta.take().changed, [changed]);
    }

    #[test]
    fn a_leave_after_an_untold_rename_names_whom_the_others_know() {
        let mut delta = Delta::default();
        delta.note(WHO, Some(member("a")), Some(member("b")));
        delta.note(WHO, Some(member("b")), None);
        let left = delta.take().left.remove(0);
        assert_eq!((left.nick.as_str(), left.state), ("a", State::Offline));
    }

    #[test]
    fn who_is_again_as_the_room_knows_them_is_not_told() {
        let mut delta = Delta::default();
        delta.note(WHO, Some(member("a")), None);
        delta.note(WHO, None, Some(member("a")));
        assert_eq!(delta.take(), Lists::default());
    }

    /// What the specification tells a client to do with a `presence`.
    fn apply(known: &mut std::collections::BTreeMap<String, Member>, lists: Lists) {
        lists.left.iter().for_each(|gone| drop(known.remove(gone.nick.as_str())));
        let renamed = lists.changed.iter().filter_map(|member| member.was.as_ref());
        renamed.for_each(|was| drop(known.remove(was.as_str())));
        for member in lists.changed.into_iter().chain(lists.joined) {
            known.insert(member.nick.to_string(), Member { was: None, ..member });
        }
    }

    proptest::proptest! {
        /// Five sessions come, go, rename and drop, told now and then: whoever follows the
        /// `presence` knows what a fresh `members` says.
        #[test]
        fn the_presence_leads_to_what_a_fresh_list_says(
            steps in proptest::collection::vec((0usize..5, 0u8..5, 0u8..6), 1..80)
        ) {
            let mut delta = Delta::default();
            let mut here: Vec<Option<Member>> = vec![None; 5];
            let mut names: Vec<u8> = (0..5).collect();
            let mut known = std::collections::BTreeMap::new();
            for (who, step, name) in steps {
                let before = here[who].clone();
                match step {
                    0 => here[who] = Some(member(&format!("n{}", names[who]))),
                    1 => here[who] = None,
                    2 if !names.contains(&name) => {
                        names[who] = name;
                        if let Some(me) = &mut here[who] {
                            *me = Member { state: me.state, ..member(&format!("n{name}")) };
                        }
                    }
                    3 => {
                        if let Some(me) = &mut here[who] {
                            me.state = if me.state == State::Online { State::Reconnecting } else { State::Online };
                        }
                    }
                    4 => apply(&mut known, delta.take()),
                    _ => {}
                }
                if before != here[who] {
                    delta.note(UserId(who as i64), before, here[who].clone());
                }
            }
            apply(&mut known, delta.take());
            let fresh: Vec<&Member> = here.iter().flatten().collect();
            proptest::prop_assert_eq!(known.len(), fresh.len());
            for member in fresh {
                proptest::prop_assert_eq!(known.get(member.nick.as_str()), Some(member));
            }
        }
    }
}
