//! Entering rooms and leaving them. A member's place counts from the moment of the `join`; how the
//! log reaches the connection is in `catching_up`.

use super::bucket::{Bucket, Moment, Pace};
use super::effect::{Effect, Reply};
use super::room::{Listener, Place};
use super::state::{Chat, Outcome};
use crate::model::{ConnId, RoomName, SessionId};
use crate::protocol::{After, Code, Left, Member, Refusal, wire};
use crate::store::RoomId;

/// How fast one address may open rooms.
pub(super) const OPENING: Pace = Pace { per_second: 2, burst: 200 };
/// So many addresses may open rooms between two sweeps.
const MAX_OPENERS: usize = 10_000;
/// At most so many members are shown.
pub const SHOWN_MEMBERS: usize = 500;

impl Chat {
    #[expect(clippy::too_many_arguments, reason = "the fields of one request")]
    pub(super) fn join(
        &mut self,
        now: Moment,
        who: SessionId,
        conn: ConnId,
        room: Option<RoomName>,
        after: Option<After>,
        limit: usize,
        reply: Reply,
    ) -> Outcome {
        if self.closing {
            return Err(Code::ShuttingDown.into());
        }
        let id = match room {
            Some(name) => {
                self.check_room_count(who, &name)?;
                self.open_room(now, who, name)?
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

    /// New rooms are charged to the address: a new session brings no new allowance.
    pub(super) fn charge_opening(&mut self, now: Moment, who: SessionId) -> Outcome {
        if self.rules.messages().per_second == 0 {
            return Ok(());
        }
        let Some(session) = self.sessions.get(&who) else { return Ok(()) };
        let address = session.address;
        if self.openers.len() >= MAX_OPENERS && !self.openers.contains_key(&address) {
            return Err(Refusal::new(Code::Busy).retry_after(1000));
        }
        let full = Bucket::full(OPENING, now);
        let taken = self.openers.entry(address).or_insert(full).take(OPENING, now);
        taken.map_err(|millis| {
            let message = "Your address opens too many rooms at once; wait a moment.";
            Refusal::because(Code::RateLimited, message).retry_after(millis)
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
    fn occupy(&mut self, now: Moment, who: SessionId, id: RoomId) {
        let (Some(session), Some(room)) = (self.sessions.get_mut(&who), self.rooms.get_mut(&id))
        else {
            return;
        };
        if room.members.contains_key(&who) {
            return;
        }
        room.members.insert(who, Place::default());
        session.rooms.push(id);
        let member = session.member();
        room.delta.note(who, None, Some(member));
        self.tell(now, id);
        self.save(who);
    }

    /// Event streams over HTTP: listens to a room without being in it.
    pub fn watch(
        &mut self,
        now: Moment,
        conn: ConnId,
        room: &RoomName,
        after: Option<After>,
        limit: usize,
    ) {
        let Some(&id) = self.room_keys.get(&room.key()) else {
            let close = crate::protocol::Close::Normal;
            self.effects.push(Effect::Close { conn, close });
            return;
        };
        self.observers.insert(conn, id);
        if let Some(room) = self.rooms.get_mut(&id) {
            room.observers += 1;
        }
        let reply = Reply::Conn(conn, None);
        self.admit(now, Listener::Observer(conn), id, after, limit, reply);
    }

    pub(super) fn stop_observing(&mut self, conn: ConnId) {
        let Some(id) = self.observers.remove(&conn) else { return };
        self.effects.push(Effect::Exit { conn, room: id });
        if let Some(room) = self.rooms.get_mut(&id) {
            room.observers -= 1;
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
        let (Some(session), Some(room)) = (self.sessions.get_mut(&who), self.rooms.get_mut(&id))
        else {
            return;
        };
        session.rooms.retain(|room| *room != id);
        session.waiting.retain(|(room, _)| *room != id);
        if room.members.swap_remove(&who).is_some() {
            room.delta.note(who, Some(session.member()), None);
            self.tell(now, id);
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
        let first = first.filter(|session| room.members.contains_key(session));
        let others = room.members.keys().copied().filter(|session| Some(*session) != first);
        first
            .into_iter()
            .chain(others)
            .take(SHOWN_MEMBERS)
            .filter_map(|session| Some(self.sessions.get(&session)?.member()))
            .collect()
    }
}
