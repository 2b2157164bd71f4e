//! Sending somebody out: of a room, or off the server; and telling them why.
//!
//! Invariant: whoever is sent out of their last room goes altogether, with 4500; others stay.

use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply};
use super::people::Person;
use super::sanctions::Suspect;
use super::state::Chat;
use super::target::Target;
use crate::model::{Act, ConnId, Nick, Reason, SessionId, Timestamp};
use crate::protocol::{Close, Moderation, wire};
use crate::store::RoomId;

/// What the one concerned is told.
#[derive(Clone, Copy)]
pub(super) struct Note<'a> {
    pub act: Act,
    pub by: &'a Nick,
    pub reason: &'a Reason,
    pub until: Option<Timestamp>,
}

impl Chat {
    /// Sends somebody out of a room, on all their devices, and off its event streams.
    pub(super) fn expel(&mut self, now: Moment, room: RoomId, target: &Target, note: &Note<'_>) {
        for session in target.sessions.clone() {
            self.send_out(now, session, room, note);
            if let Some(entry) = self.sessions.get_mut(&session) {
                entry.admitted.retain(|admitted| *admitted != room);
            }
        }
        if let Some(user) = target.user {
            self.bar_the_way_back(user, room);
        }
        self.end_banned_observers(now, target, Some(room));
    }

    /// Ends the event streams of somebody in a room (none: in all), and those of nobody in particular
    /// that come from an address that was banned with them.
    fn end_banned_observers(&mut self, now: Moment, target: &Target, room: Option<RoomId>) {
        let user = target.user;
        self.end_observers(|chat, observer| {
            let here = room.is_none_or(|room| observer.room == room);
            here && match &observer.person {
                Some(person) => user == Some(person.user),
                None => {
                    let address = Some(observer.address);
                    let suspect = Suspect { address, ..Suspect::default() };
                    chat.banned_from(now, Some(observer.room), suspect).is_err()
                }
            }
        });
    }

    /// Sends one session out of a room, if it is there; where it was its last, it goes altogether.
    pub(super) fn send_out(
        &mut self,
        now: Moment,
        session: SessionId,
        room: RoomId,
        note: &Note<'_>,
    ) {
        if !self.rooms.get(&room).is_some_and(|room| room.members.contains_key(&session)) {
            return;
        }
        self.tell_one(session, Some(room), note);
        let conn = self.sessions.get(&session).and_then(|entry| entry.conn);
        if let Some(conn) = conn {
            self.mute_place(session, conn, room);
        }
        self.vacate(now, session, room);
        self.save(session);
        if self.sessions.get(&session).is_some_and(|entry| entry.rooms.is_empty()) {
            self.dismiss_session(now, session, Close::Removed);
        }
    }

    /// Ends all that somebody has on this server; the rooms that they were in hear why.
    pub(super) fn expel_everywhere(
        &mut self,
        now: Moment,
        person: &Person,
        target: &Target,
        note: &Note<'_>,
        told: RoomId,
    ) {
        let mut rooms: Vec<RoomId> = Vec::new();
        for session in target.sessions.clone() {
            self.tell_one(session, None, note);
            let theirs = self.sessions.get(&session).map_or(&[][..], |entry| &entry.rooms);
            rooms.extend(theirs.iter().filter(|room| **room != told));
            self.dismiss_session(now, session, Close::Removed);
        }
        rooms.sort_unstable();
        rooms.dedup();
        for room in rooms {
            // The other rooms' announcements are not waited for.
            let _ = self.announce(now, person, room, note.act, target, note.until, Reply::Nobody);
        }
        self.end_banned_observers(now, target, None);
    }

    /// Tells somebody what was done to them.
    pub(super) fn tell_one(&mut self, session: SessionId, room: Option<RoomId>, note: &Note<'_>) {
        let Some(conn) = self.sessions.get(&session).and_then(|entry| entry.conn) else { return };
        let name = room.and_then(|room| self.rooms.get(&room)).map(|room| &room.name);
        let Note { act: action, by, reason, until } = *note;
        let frame = wire::text(&Moderation { room: name, action, by, reason, until });
        self.give_unasked(conn, frame);
    }

    /// Gives a frame to a connection that did not ask for it.
    pub(super) fn give_unasked(&mut self, conn: ConnId, frame: bytes::Bytes) {
        self.effects.push(Effect::To { conn, frame, answer: Answer::None });
    }
}
