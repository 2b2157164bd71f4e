//! Who may see a room, enter it, speak in it, keep its peace.
//!
//! Invariant: whoever may not see a private room is answered everywhere as if it were not there;
//! [`Chat::find_room`] is the only way from a name to a room for who is not in it.

use super::bucket::Moment;
use super::people::Person;
use super::room::Room;
use super::state::{Chat, Outcome};
use crate::model::{Body, ConnId, Role, RoomName, RoomRole, SessionId, UserId};
use crate::protocol::{Code, Refusal};
use crate::store::{Op, RoomId, SanctionKind};

/// So many people's last words are remembered for slow mode. Those who may speak again make room;
/// if that is not enough, the next ones are not slowed.
const MAX_SPOKE: usize = 10_000;

/// An event stream: which room, and whose it is.
#[derive(Debug)]
pub struct Observer {
    /// The room.
    pub room: RoomId,
    /// Who reads; nobody in particular where an open room is read without a token.
    pub person: Option<Person>,
    /// Where nobody in particular comes from.
    pub address: [u8; 32],
    /// The stream's connection.
    pub conn: ConnId,
}

/// How much somebody's word counts in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// No account.
    Guest,
    /// An account.
    Member,
    /// Moderates this room.
    Room,
    /// Moderates the server.
    Server,
    /// Runs it.
    Owner,
}

impl Chat {
    /// How much somebody's word counts in a room.
    pub(super) fn rank(&self, user: UserId, role: Role, room: &Room) -> Rank {
        let special = room.roles.get(&user);
        match role {
            Role::Owner => Rank::Owner,
            Role::Guest => Rank::Guest,
            Role::Moderator if !room.is_private() || special.is_some() => Rank::Server,
            _ if special == Some(&RoomRole::Moderator) => Rank::Room,
            _ => Rank::Member,
        }
    }

    /// The role that a room's list shows.
    pub(super) fn role_in(&self, user: UserId, role: Role, room: &Room) -> Role {
        match self.rank(user, role, room) {
            Rank::Owner => Role::Owner,
            Rank::Server | Rank::Room => Role::Moderator,
            Rank::Member => Role::Member,
            Rank::Guest => Role::Guest,
        }
    }

    /// Whether a person keeps the peace in a room.
    pub(super) fn moderates(&self, person: &Person, room: RoomId) -> bool {
        let room = self.rooms.get(&room);
        room.is_some_and(|room| self.rank(person.user, person.role, room) >= Rank::Room)
    }

    /// Whether a room exists for a person.
    pub(super) fn sees(&self, person: Option<&Person>, room: &Room) -> bool {
        if !room.is_private() {
            return true;
        }
        let Some(person) = person else { return false };
        person.role == Role::Owner
            || room.roles.contains_key(&person.user)
            || person.session.is_some_and(|session| {
                room.members.contains_key(&session) || self.was_admitted(session, room.id)
            })
    }

    fn was_admitted(&self, session: SessionId, room: RoomId) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.admitted.contains(&room))
    }

    /// The room of that name, as far as it exists for a person.
    pub(super) fn find_room(&self, person: Option<&Person>, name: &RoomName) -> Option<RoomId> {
        let id = *self.room_keys.get(&name.key())?;
        self.rooms.get(&id).filter(|room| self.sees(person, room)).map(|room| room.id)
    }

    /// The room that a person reads or writes in without being in it.
    ///
    /// # Errors
    /// `room_not_found`, `banned`, `guests_not_admitted`.
    pub(super) fn reach(
        &self,
        now: Moment,
        person: &Person,
        name: &RoomName,
    ) -> Result<RoomId, Refusal> {
        let id = self.find_room(Some(person), name).ok_or(Code::RoomNotFound)?;
        let inside = person.session.is_some_and(|session| {
            self.rooms.get(&id).is_some_and(|room| room.members.contains_key(&session))
        });
        if !inside {
            self.let_in(now, person, id)?;
        }
        Ok(id)
    }

    /// Refuses who may not be in a room that they see.
    ///
    /// # Errors
    /// `banned`, `guests_not_admitted`.
    pub(super) fn let_in(&self, now: Moment, person: &Person, id: RoomId) -> Outcome {
        self.banned_from(now, Some(id), person.suspect())?;
        self.rooms.get(&id).map_or(Ok(()), |room| closed_to(person.is_guest(), room))
    }

    /// Refuses who may only listen.
    ///
    /// # Errors
    /// `muted`.
    pub(super) fn not_muted(&self, now: Moment, person: &Person, id: RoomId) -> Outcome {
        let mute =
            self.peace.sanctions.find(SanctionKind::Mute, Some(id), person.known(), now.wall);
        let Some(mute) = mute else { return Ok(()) };
        let wait = mute.until.map(|until| until.since(now.wall));
        Err(wait.into_iter().fold(Refusal::new(Code::Muted), Refusal::retry_after))
    }

    /// Refuses who may only listen, and who speaks again too soon; notes that they spoke.
    ///
    /// # Errors
    /// `muted`, `slow_mode`, `forbidden`.
    pub(super) fn may_speak(
        &mut self,
        now: Moment,
        person: &Person,
        id: RoomId,
        body: &Body,
    ) -> Outcome {
        self.not_muted(now, person, id)?;
        let moderates = self.moderates(person, id);
        let Some(room) = self.rooms.get_mut(&id) else { return Err(Code::RoomNotFound.into()) };
        match body {
            Body::Topic(_) if room.settings.topic_locked && !moderates => {
                Err(Refusal::because(Code::Forbidden, "Only moderators set the topic here."))
            }
            Body::Message(_) if room.settings.slow_s > 0 && !moderates => {
                slowly(room, person.speaker(), now)
            }
            _ => Ok(()),
        }
    }

    /// Says what somebody is in a room.
    pub(super) fn set_room_role(&mut self, id: RoomId, user: UserId, role: Option<RoomRole>) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let before = match role {
            Some(role) => room.roles.insert(user, role),
            None => room.roles.remove(&user),
        };
        if before != role {
            self.queue_op(Op::SetRoomRole { room: id, user, role });
        }
    }

    /// The room that a moderator's request is about: one that they are in or may see.
    ///
    /// # Errors
    /// `room_not_found`, or as [`Chat::place`] where none is named.
    pub(super) fn concerned(
        &self,
        who: SessionId,
        person: &Person,
        name: Option<&RoomName>,
    ) -> Result<RoomId, Refusal> {
        match name {
            Some(name) => {
                self.find_room(Some(person), name).ok_or_else(|| Code::RoomNotFound.into())
            }
            None => self.place(who, None),
        }
    }
}

/// Refuses guests where a room is closed to them.
pub(super) fn closed_to(guest: bool, room: &Room) -> Outcome {
    if room.settings.guests || !guest {
        return Ok(());
    }
    Err(Refusal::because(Code::GuestsNotAdmitted, "This room is closed to guests; log in."))
}

fn slowly(room: &mut Room, user: UserId, now: Moment) -> Outcome {
    let pause = u64::from(room.settings.slow_s) * 1000;
    if let Some(spoke) = room.spoke.get(&user)
        && now.mono < spoke + pause
    {
        return Err(Refusal::new(Code::SlowMode).retry_after(spoke + pause - now.mono));
    }
    if room.spoke.len() >= MAX_SPOKE {
        room.spoke.retain(|_, spoke| now.mono < *spoke + pause);
    }
    if room.spoke.len() < MAX_SPOKE {
        room.spoke.insert(user, now.mono);
    }
    Ok(())
}
