//! Who somebody is: behind a session, behind a token, and in the eyes of a room.
//!
//! A guest is one session. An account may be on many devices: in a room it is one person, online
//! while any of its sessions is.

use super::bucket::Moment;
use super::room::Room;
use super::sanctions::Suspect;
use super::state::Chat;
use crate::model::{Author, LoginId, Nick, NickKeys, Role, SessionId, TokenHash, UserId};
use crate::protocol::{Code, Member, Refusal, State};
use crate::store::{RoomId, SanctionKind};

/// Somebody who asks for something.
#[derive(Clone, Debug)]
pub struct Person {
    /// The identity behind the messages.
    pub user: UserId,
    /// The name.
    pub nick: Nick,
    /// The keys of the name.
    pub keys: NickKeys,
    /// What they may do on the whole server.
    pub role: Role,
    /// The session through which they ask, if it is one.
    pub session: Option<SessionId>,
    /// The login through which they ask, if it is one.
    pub login: Option<LoginId>,
    /// A fingerprint of where a guest comes from.
    pub address: Option<[u8; 32]>,
}

impl Person {
    /// Whether they have no account.
    pub fn is_guest(&self) -> bool {
        self.role == Role::Guest
    }

    /// As the author of an event.
    pub fn author(&self) -> Author {
        Author { user: self.user, nick: self.nick.clone(), guest: self.is_guest() }
    }

    /// Who is slow where a room is in slow mode. Who posts without a session has an identity for that
    /// one message only: there all of an address are one.
    pub fn speaker(&self) -> UserId {
        match (self.session, self.address) {
            (None, Some([a, b, c, d, e, f, g, h, ..])) => {
                UserId(i64::from_le_bytes([a, b, c, d, e, f, g, h]))
            }
            _ => self.user,
        }
    }

    /// For whom sanctions are looked for, where they want to be let in.
    pub fn suspect(&self) -> Suspect<'_> {
        let name_key = self.is_guest().then_some(&*self.keys.folded);
        Suspect { user: Some(self.user), name_key, address: self.address }
    }

    /// For whom they are looked for, where they are in already.
    pub fn known(&self) -> Suspect<'_> {
        Suspect { address: None, ..self.suspect() }
    }
}

impl Chat {
    /// The person behind a session.
    ///
    /// # Errors
    /// `bad_credentials` for a session that has ended.
    pub(super) fn person(&self, who: SessionId) -> Result<Person, Refusal> {
        let session = self.sessions.get(&who).ok_or(Code::BadCredentials)?;
        Ok(Person {
            user: session.user,
            nick: session.nick.clone(),
            keys: session.keys.clone(),
            role: session.role,
            session: Some(who),
            login: session.login,
            address: session.is_guest().then_some(session.address),
        })
    }

    /// The person behind a token: a session's, or a login's. Notes that a login is used.
    ///
    /// # Errors
    /// `bad_credentials`, `banned`.
    pub(super) fn holder(&mut self, now: Moment, token: &TokenHash) -> Result<Person, Refusal> {
        let person = match self.tokens.get(token) {
            Some(&session) => self.person_with_login(now, session)?,
            None => self.logged_in(now, token)?,
        };
        self.banned_from(now, None, person.known())?;
        Ok(person)
    }

    /// The person behind a session, as long as its login is good.
    fn person_with_login(&mut self, now: Moment, session: SessionId) -> Result<Person, Refusal> {
        let person = self.person(session)?;
        if let Some(login) = person.login {
            if !self.is_logged_in(now, login) {
                return Err(Code::BadCredentials.into());
            }
            self.touch_login(now, login);
        }
        Ok(person)
    }

    fn logged_in(&mut self, now: Moment, token: &TokenHash) -> Result<Person, Refusal> {
        let login = self.current_login(now, token).ok_or(Code::BadCredentials)?;
        let (id, user) = (login.id, login.user);
        self.touch_login(now, id);
        let account = self.accounts.live(user).ok_or(Code::BadCredentials)?;
        Ok(Person {
            user,
            nick: account.row.nick.clone(),
            keys: account.row.nick.keys(),
            role: account.row.role,
            session: None,
            login: Some(id),
            address: None,
        })
    }

    /// Refuses who is banned from a room, or (none) from the server.
    pub(super) fn banned_from(
        &self,
        now: Moment,
        room: Option<RoomId>,
        suspect: Suspect<'_>,
    ) -> Result<(), Refusal> {
        let Some(ban) = self.peace.sanctions.find(SanctionKind::Ban, room, suspect, now.wall)
        else {
            return Ok(());
        };
        let place = if ban.room.is_none() { "this server" } else { "this room" };
        let message = match ban.until {
            Some(until) => format!("You are banned from {place} until {until}."),
            None => format!("You are banned from {place}."),
        };
        let refusal = Refusal::because(Code::Banned, message);
        Err(match ban.until {
            Some(until) => refusal.retry_after(until.since(now.wall)),
            None => refusal,
        })
    }

    /// The sessions of the person behind `who`: that one, or all of its account.
    pub(super) fn selves(&self, who: SessionId) -> &[SessionId] {
        let Some(session) = self.sessions.get(&who) else { return &[] };
        match self.accounts.get(session.user).filter(|_| !session.is_guest()) {
            Some(account) => &account.sessions,
            None => std::slice::from_ref(&session.id),
        }
    }

    /// How a room sees the person behind `who`; `None` where they are not in it.
    pub(super) fn seen(&self, who: SessionId, room: &Room) -> Option<Member> {
        let here = |id: &&SessionId| room.members.contains_key(*id);
        let mut selves =
            self.selves(who).iter().filter(here).filter_map(|id| self.sessions.get(id));
        let first = selves.next()?;
        let mut member = first.member();
        member.role = self.role_in(first.user, first.role, room);
        if selves.any(|other| other.conn.is_some()) {
            member.state = State::Online;
        }
        Some(member)
    }

    /// The session that stands for a person in a room's list.
    pub(super) fn stands_for(&self, who: SessionId, room: &Room) -> Option<SessionId> {
        self.selves(who).iter().find(|id| room.members.contains_key(*id)).copied()
    }

    /// How every room of a session sees its person: to be compared with how they see it later.
    pub(super) fn looks(&self, who: SessionId) -> Vec<(RoomId, Member)> {
        let rooms = self.sessions.get(&who).map_or(&[][..], |session| &session.rooms);
        let look = |id: &RoomId| Some((*id, self.seen(who, self.rooms.get(id)?)?));
        rooms.iter().filter_map(look).collect()
    }

    /// Tells the rooms what has changed since they looked like that.
    pub(super) fn tell_looks(
        &mut self,
        now: Moment,
        who: SessionId,
        before: Vec<(RoomId, Member)>,
    ) {
        for (room, member) in before {
            self.tell_change(now, room, who, Some(member));
        }
    }

    /// Tells a room how it sees a person now, if that is not as `before`.
    pub(super) fn tell_change(
        &mut self,
        now: Moment,
        id: RoomId,
        who: SessionId,
        before: Option<Member>,
    ) {
        let Some(user) = self.sessions.get(&who).map(|session| session.user) else { return };
        let Some(room) = self.rooms.get(&id) else { return };
        let after = self.seen(who, room);
        if before == after {
            return;
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.delta.note(user, before, after);
        }
        self.tell(now, id);
    }
}
