//! Entering rooms and leaving them. A member's place counts from the moment of the `join`; how the
//! log reaches the connection is in `catching_up`.

use super::access::Observer;
use super::bucket::Moment;
use super::effect::{Effect, Reply};
use super::reading::Reader;
use super::room::{Listener, Place, Room};
use super::state::{Chat, Outcome};
use crate::model::{ConnId, RoomName, SessionId, TokenHash};
use crate::protocol::{After, Close, Code, Left, Member, Refusal, wire};
use crate::store::RoomId;

/// At most so many members are shown.
pub const SHOWN_MEMBERS: usize = 500;

/// The fields of a `join`.
pub(super) struct Entry {
    pub room: Option<RoomName>,
    pub after: Option<After>,
    pub limit: usize,
    pub invite: Option<TokenHash>,
}

impl Chat {
    pub(super) fn join(
        &mut self,
        now: Moment,
        who: SessionId,
        conn: ConnId,
        Entry { room, after, limit, invite }: Entry,
        reply: Reply,
    ) -> Outcome {
        if self.closing {
            return Err(Code::ShuttingDown.into());
        }
        let id = match room {
            Some(name) => {
                self.check_room_count(who, &name)?;
                self.enter(now, who, name, invite)?
            }
            None => self.place(who, None).map_err(|refusal| match refusal.code {
                Code::NotInRoom => {
                    Refusal::because(Code::MissingField, "Say which room with `room`.")
                        .field("room")
                }
                _ => refusal,
            })?,
        };
        self.occupy(now, who, id);
        self.mute_place(who, conn, id);
        if let Some(session) = self.sessions.get_mut(&who) {
            session.waiting.retain(|(room, _)| *room != id);
        }
        self.admit(now, Listener::Member(who, conn), id, after, limit, reply);
        Ok(())
    }

    /// The room of that name that somebody may enter: opened if it is new and that is allowed. One
    /// that they may not see is answered as one that cannot be opened.
    fn enter(
        &mut self,
        now: Moment,
        who: SessionId,
        name: RoomName,
        invite: Option<TokenHash>,
    ) -> Result<RoomId, Refusal> {
        let Some(&id) = self.room_keys.get(&name.key()) else {
            return match invite {
                None => self.open_room(now, who, name),
                Some(_) => Err(Code::RoomNotFound.into()),
            };
        };
        let person = self.person(who)?;
        if !self.rooms.get(&id).is_some_and(|room| self.sees(Some(&person), room)) {
            self.redeem(now, &person, id, invite)?;
        }
        let inside = self.rooms.get(&id).is_some_and(|room| room.members.contains_key(&who));
        if !inside {
            self.let_in(now, &person, id)?;
        }
        Ok(id)
    }

    /// New rooms are charged to the address: a new session brings no new allowance.
    pub(super) fn charge_opening(&mut self, now: Moment, who: SessionId) -> Outcome {
        let Some(session) = self.sessions.get(&who) else { return Ok(()) };
        self.openers.take(session.address, now).map_err(|refusal| match refusal.code {
            Code::RateLimited => {
                let message = "Your address opens too many rooms at once; wait a moment.";
                Refusal { message: message.into(), ..refusal }
            }
            _ => refusal,
        })
    }

    fn check_room_count(&self, who: SessionId, name: &RoomName) -> Outcome {
        let rooms = self.sessions.get(&who).map_or(&[][..], |session| &session.rooms);
        let inside = self.room_keys.get(&name.key()).is_some_and(|id| rooms.contains(id));
        let most = self.rules.limits.rooms;
        if inside || rooms.len() < most {
            return Ok(());
        }
        let message = format!("You are in {most} rooms; leave one first.");
        Err(Refusal::because(Code::TooManyRooms, message))
    }

    /// Makes `who` a member, and tells the others.
    pub(super) fn occupy(&mut self, now: Moment, who: SessionId, id: RoomId) {
        let Some(room) = self.rooms.get(&id).filter(|room| !room.members.contains_key(&who)) else {
            return;
        };
        let before = self.seen(who, room);
        self.put_in(who, id, before.is_some());
        if let Some(session) = self.sessions.get_mut(&who) {
            session.rooms.push(id);
        }
        self.tell_change(now, id, who, before);
        self.save(who);
    }

    /// Puts a session into a room's list; `double` if its person is there already.
    pub(super) fn put_in(&mut self, who: SessionId, id: RoomId, double: bool) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.members.insert(who, Place::default()).is_none() {
            room.doubles += usize::from(double);
        }
    }

    /// Event streams over HTTP: listens to a room without being in it.
    pub fn watch(
        &mut self,
        now: Moment,
        conn: ConnId,
        reader: Reader,
        room: &RoomName,
        after: Option<After>,
        limit: usize,
    ) {
        // The question whether it may was answered before; it may have changed since.
        let Ok((id, person)) = self.readable(now, &reader, room) else {
            self.effects.push(Effect::Close { conn, close: Close::Normal });
            return;
        };
        let observer = Observer { room: id, person, address: reader.address, conn };
        self.observers.insert(conn, observer);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.observers += 1;
        }
        let reply = Reply::Conn(conn, None);
        self.admit(now, Listener::Observer(conn), id, after, limit, reply);
    }

    pub(super) fn stop_observing(&mut self, conn: ConnId) {
        let Some(Observer { room: id, .. }) = self.observers.remove(&conn) else { return };
        self.effects.push(Effect::Exit { conn, room: id });
        if let Some(room) = self.rooms.get_mut(&id) {
            room.observers -= 1;
        }
    }

    /// Ends the event streams that `ends` names.
    pub(super) fn end_observers(&mut self, ends: impl Fn(&Self, &Observer) -> bool) {
        let ending: Vec<ConnId> = self
            .observers
            .values()
            .filter(|observer| ends(self, observer))
            .map(|o| o.conn)
            .collect();
        for conn in ending {
            self.stop_observing(conn);
            self.effects.push(Effect::Close { conn, close: Close::Normal });
        }
    }

    /// Held rooms that the client did not join after its resume are joined for it.
    pub(super) fn auto_join(&mut self, now: Moment, who: SessionId) {
        let Some(session) = self.sessions.get_mut(&who) else { return };
        let Some(conn) = session.conn else { return };
        for (id, since) in std::mem::take(&mut session.waiting) {
            let Some(room) = self.rooms.get(&id) else { continue };
            let after = After { epoch: room.epoch.clone(), seq: since };
            self.admit(now, Listener::Member(who, conn), id, Some(after), 50, Reply::Nobody);
        }
    }

    pub(super) fn leave(
        &mut self,
        now: Moment,
        who: SessionId,
        room: Option<RoomName>,
        reply: Reply,
    ) -> Outcome {
        let id = self.place(who, room.as_ref())?;
        if let Some(conn) = self.sessions.get(&who).and_then(|session| session.conn) {
            self.mute_place(who, conn, id);
        }
        self.vacate(now, who, id);
        self.save(who);
        let Some(room) = self.rooms.get(&id) else { return Ok(()) };
        let name = room.name.clone();
        self.answer(reply, |id| wire::text(&Left { id, room: &name }));
        Ok(())
    }

    /// Gives a place up, and tells the others.
    pub(super) fn vacate(&mut self, now: Moment, who: SessionId, id: RoomId) {
        let before = self.rooms.get(&id).and_then(|room| self.seen(who, room));
        self.vacate_seen_as(now, who, id, before);
    }

    /// The same for one whom the room saw like that until now.
    pub(super) fn vacate_seen_as(
        &mut self,
        now: Moment,
        who: SessionId,
        id: RoomId,
        before: Option<Member>,
    ) {
        let Some(session) = self.sessions.get_mut(&who) else { return };
        session.rooms.retain(|room| *room != id);
        session.admitted.retain(|room| *room != id);
        session.waiting.retain(|(room, _)| *room != id);
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.members.swap_remove(&who).is_none() {
            return;
        }
        let still = self.rooms.get(&id).is_some_and(|room| self.seen(who, room).is_some());
        if let Some(room) = self.rooms.get_mut(&id) {
            room.doubles -= usize::from(still);
        }
        self.tell_change(now, id, who, before);
        if self.rooms.get(&id).is_some_and(Room::is_private) {
            // A guest's place was all that let them read it.
            self.end_blind_observers(id);
        }
    }

    /// Stops the live events to a member's connection, and their typing.
    pub(super) fn mute_place(&mut self, who: SessionId, conn: ConnId, id: RoomId) {
        self.stop_typing(who, id);
        let Some(place) = self.rooms.get_mut(&id).and_then(|room| room.members.get_mut(&who))
        else {
            return;
        };
        if std::mem::take(&mut place.live) {
            self.effects.push(Effect::Exit { conn, room: id });
        }
    }

    /// At most [`SHOWN_MEMBERS`] of a room's members; `first` comes first.
    pub(super) fn shown_members(&self, id: RoomId, first: Option<SessionId>) -> Vec<Member> {
        let Some(room) = self.rooms.get(&id) else { return Vec::new() };
        let first = first.and_then(|session| self.stands_for(session, room));
        let others = room.members.keys().copied().filter(|session| Some(*session) != first);
        let stands = |session: &SessionId| {
            room.doubles == 0 || self.stands_for(*session, room) == Some(*session)
        };
        first
            .into_iter()
            .chain(others.filter(stands))
            .take(SHOWN_MEMBERS)
            .filter_map(|session| self.seen(session, room))
            .collect()
    }
}
