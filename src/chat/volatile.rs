//! The log of a room that keeps nothing: the same rules as the store's, on the recent events.

use std::collections::{HashMap, HashSet, VecDeque};

use super::room::Room;
use crate::model::{Body, ClientId, Deleted, Emoji, Event, Reacted, Timestamp, UserId};
use crate::store::{Append, AuditRow, Outcome, Refusal};

/// How many idempotency keys such a room remembers.
const MAX_KEYS: usize = 1000;
/// For how long a key is good, in milliseconds.
pub const KEY_LIFE_MS: u64 = 24 * 60 * 60 * 1000;

#[derive(Debug)]
struct Key {
    client_id: ClientId,
    user: UserId,
    name_key: String,
    seq: u64,
    at: Timestamp,
}

/// The idempotency keys of one such room.
#[derive(Debug, Default)]
pub struct Keys(VecDeque<Key>);

impl Keys {
    fn find(&self, append: &Append, client_id: &ClientId) -> Option<&Key> {
        self.0.iter().rev().find(|key| {
            key.client_id == *client_id
                && (key.user == append.author.user || key.name_key == append.name_key)
                && append.at.since(key.at) < KEY_LIFE_MS
        })
    }

    fn remember(&mut self, append: &Append, client_id: ClientId, seq: u64) {
        if self.0.len() == MAX_KEYS {
            self.0.pop_front();
        }
        let (user, name_key) = (append.author.user, append.name_key.clone());
        self.0.push_back(Key { client_id, user, name_key, seq, at: append.at });
    }
}

/// Decides what becomes of `append`; an appended event's place is the room's next one.
/// `claim` says whether it may have its pictures.
pub fn judge(room: &mut Room, append: &Append, claim: Result<(), Refusal>) -> Outcome {
    let next = room.seq + 1;
    match &append.body {
        Body::Message(message) => {
            if let Some(key) = message.client_id.as_ref().and_then(|id| room.keys.find(append, id))
            {
                return Outcome::Duplicate { seq: key.seq, at: key.at };
            }
            if message.reply_to.is_some_and(|seq| !was_message(room, seq)) {
                return Outcome::Refused(Refusal::MessageNotFound);
            }
            if let Err(refusal) = claim {
                return Outcome::Refused(refusal);
            }
            if let Some(client_id) = message.client_id.clone() {
                room.keys.remember(append, client_id, next);
            }
        }
        Body::Edited(_) | Body::Deleted(_) => {
            if let Err(refusal) = owned(room, append) {
                return Outcome::Refused(refusal);
            }
        }
        Body::Reacted(reaction) => {
            if !is_message(room, reaction.target) {
                return Outcome::Refused(Refusal::MessageNotFound);
            }
            if let Some(unchanged) = unchanged(room, append) {
                return unchanged;
            }
            if reaction.on && !may_have(room, reaction, append.rights.reactions) {
                return Outcome::Refused(Refusal::TooManyReactions);
            }
        }
        // The end of a picture is noted by who knows that its files are gone, its release and
        // what keeps the peace by who knows who may.
        Body::Topic(_) | Body::Expired(_) | Body::Approved(_) | Body::Moderated(_) => {}
    }
    Outcome::Appended { seq: next }
}

/// The message at `seq`, unless it was deleted.
fn message(room: &Room, seq: u64) -> Option<&Event> {
    let event = &room.recent.get(seq)?.event;
    matches!(&event.body, Body::Message(message) if !message.deleted).then_some(event)
}

fn is_message(room: &Room, seq: u64) -> bool {
    message(room, seq).is_some()
}

/// A reply may arrive after what it answers was deleted.
fn was_message(room: &Room, seq: u64) -> bool {
    room.recent.get(seq).is_some_and(|entry| matches!(entry.event.body, Body::Message(_)))
}

fn owned(room: &Room, append: &Append) -> Result<(), Refusal> {
    let target = append.body.target().and_then(|seq| message(room, seq));
    let target = target.ok_or(Refusal::MessageNotFound)?;
    let moderated = append.rights.moderator && matches!(append.body, Body::Deleted(_));
    let allowed = moderated || target.author.user == append.author.user;
    if allowed { Ok(()) } else { Err(Refusal::NotYours) }
}

/// What is noted of a deletion of what somebody else said. Asked before it is done.
pub fn noted(room: &Room, append: &Append) -> Option<AuditRow> {
    let Body::Deleted(Deleted { target, image: None }) = append.body else { return None };
    let author = &message(room, target)?.author;
    (author.user != append.author.user).then(|| {
        let room_name = Some(room.name.as_str().to_owned());
        AuditRow::deletion(append, room_name, (author.user, &author.nick), target)
    })
}

/// Whether a message has this reaction already, or may have one more of `most` (0: any number).
fn may_have(room: &Room, new: &Reacted, most: u32) -> bool {
    if most == 0 {
        return true;
    }
    let mut standing = HashMap::new();
    for event in room.recent.after(new.target).map(|entry| &entry.event) {
        if let Body::Reacted(old) = &event.body
            && old.target == new.target
        {
            standing.insert((event.author.user, &old.emoji), old.on);
        }
    }
    let lit: HashSet<&Emoji> =
        standing.into_iter().filter(|(_, on)| *on).map(|((_, emoji), _)| emoji).collect();
    lit.contains(&new.emoji) || lit.len() < most as usize
}

/// Where a reaction that is already so, or was never set, finds its answer.
fn unchanged(room: &Room, append: &Append) -> Option<Outcome> {
    let Body::Reacted(new) = &append.body else { return None };
    let last = room.recent.after(new.target).rev().map(|entry| &entry.event).find(|event| {
        matches!(&event.body, Body::Reacted(old)
            if old.target == new.target && old.emoji == new.emoji)
            && event.author.user == append.author.user
    });
    let was_on = matches!(last.map(|event| &event.body), Some(Body::Reacted(old)) if old.on);
    if was_on != new.on {
        return None;
    }
    let answer = last.or_else(|| message(room, new.target))?;
    Some(Outcome::Duplicate { seq: answer.seq, at: answer.at })
}

#[cfg(test)]
mod tests {
    use super::super::recent::Entry;
    use super::*;
    use crate::model::{Author, Epoch, Keep, MessageText, Nick, RoomName, RoomSettings};
    use crate::store::{Rights, RoomId, RoomRow};

    const APPENDED: Outcome = Outcome::Appended { seq: 0 };

    fn room() -> Room {
        let row = RoomRow {
            id: RoomId(1),
            name: RoomName::parse("Lobby").unwrap(),
            epoch: Epoch("epoch".into()),
            seq: 0,
            first_seq: 1,
            topic: None,
            created_at: Timestamp(0),
            settings: RoomSettings::default(),
        };
        Room::from_row(row, Keep::Nothing)
    }

    fn wish(user: i64, body: Body, rights: Rights) -> Append {
        let nick = Nick::parse(&format!("user {user}")).unwrap();
        let author = Author { user: UserId(user), nick, guest: true };
        let (room, at, name_key) = (RoomId(1), Timestamp(9), String::new());
        Append { room, at, author, name_key, body, rights }
    }

    /// What becomes of it, its place left out; it is in the log then.
    fn take(room: &mut Room, wish: Append) -> Outcome {
        let Outcome::Appended { seq } = judge(room, &wish, Ok(())) else {
            return judge(room, &wish, Ok(()));
        };
        let event = Event { seq, at: wish.at, author: wish.author, body: wish.body };
        room.recent.amend(&event, |_| bytes::Bytes::new());
        room.seq = seq;
        room.recent.push(Entry { event, json: bytes::Bytes::new() });
        APPENDED
    }

    fn said(user: i64) -> Append {
        let text = MessageText::new("hello", 9).unwrap();
        wish(user, Body::message(text, None, None), Rights::default())
    }

    fn reacted(user: i64, emoji: &str, on: bool) -> Append {
        let rights = Rights { reactions: 2, ..Rights::default() };
        wish(user, Body::reacted(1, Emoji::new(emoji).unwrap(), on), rights)
    }

    #[test]
    fn a_moderator_deletes_what_others_said_and_it_is_noted_but_edits_nothing() {
        let moderator = Rights { moderator: true, ..Rights::default() };
        let mut room = room();
        take(&mut room, said(1));
        let edit = Body::edited(1, MessageText::new("silly", 9).unwrap());
        let refused = Outcome::Refused(Refusal::NotYours);
        assert_eq!(take(&mut room, wish(2, edit, moderator)), refused);
        assert_eq!(take(&mut room, wish(2, Body::deleted(1), Rights::default())), refused);
        let deletion = wish(2, Body::deleted(1), moderator);
        let row = noted(&room, &deletion).unwrap();
        assert_eq!((row.actor, row.target), (Some(UserId(2)), Some(UserId(1))));
        assert_eq!((row.action.as_str(), row.detail.as_str()), ("delete", r#"{"seq":1}"#));
        assert_eq!(noted(&room, &wish(1, Body::deleted(1), moderator)), None);
        assert_eq!(take(&mut room, deletion.clone()), APPENDED);
        assert_eq!(noted(&room, &deletion), None);
    }

    #[test]
    fn a_message_has_so_many_different_reactions_at_most() {
        let mut room = room();
        take(&mut room, said(1));
        assert_eq!(take(&mut room, reacted(1, "👍", true)), APPENDED);
        assert_eq!(take(&mut room, reacted(1, "☕", true)), APPENDED);
        let too_many = Outcome::Refused(Refusal::TooManyReactions);
        assert_eq!(take(&mut room, reacted(2, "🦊", true)), too_many);
        assert_eq!(take(&mut room, reacted(2, "☕", true)), APPENDED);
        assert_eq!(take(&mut room, reacted(1, "☕", false)), APPENDED);
        assert_eq!(take(&mut room, reacted(2, "🦊", true)), too_many);
        assert_eq!(take(&mut room, reacted(2, "☕", false)), APPENDED);
        assert_eq!(take(&mut room, reacted(2, "🦊", true)), APPENDED);
    }
}
