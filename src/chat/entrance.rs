//! Coming and going: hello, resume, drop, grace, the end of a session.

use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply};
use super::state::{Chat, Outcome};
use super::timers::Timer;
use crate::model::{ConnId, LoginId, Nick, SessionId, TokenHash, UserId, token};
use crate::protocol::{
    Close, Code, Hello, Member, Refusal, Renamed, ReplyId, ResumeOffer, Server, User, VERSION,
    Welcome, wire,
};
use crate::store::{Op, RoomId, SessionRow};

/// So many wrong credentials close a connection.
const MAX_STRIKES: u8 = 3;
/// So many sessions without a connection are held at once; beyond that a drop is a leave.
const MAX_HELD: usize = 50_000;
/// How long a resumed session's rooms wait for its `join`, in milliseconds.
pub(super) const AUTO_JOIN_MS: u64 = 1000;

/// Where a hello comes from.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// A fingerprint of the address.
    pub address: [u8; 32],
    /// The hash of its browser's cookie.
    pub browser: Option<TokenHash>,
    /// The hash of the login that its handshake showed, as a cookie or as `Authorization`.
    pub login: Option<TokenHash>,
}

impl Chat {
    /// Handles `hello`.
    pub fn hello(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<ReplyId>,
        hello: Hello,
        caller: Caller,
    ) {
        if let Err(refusal) = self.greet(now, conn, id.as_ref(), hello, caller) {
            let wrong = refusal.code == Code::BadCredentials;
            let example = r#"{"type":"hello","nick":"ada"}"#;
            self.refuse(Reply::Conn(conn, id), &refusal.example(example));
            if wrong {
                self.strike(conn);
            }
            return;
        }
        self.moves_into(conn, caller.browser);
    }

    fn greet(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<&ReplyId>,
        hello: Hello,
        caller: Caller,
    ) -> Outcome {
        if self.closing {
            return Err(Code::ShuttingDown.into());
        }
        if self.conns.contains_key(&conn) {
            return Err(Code::AlreadyWelcome.into());
        }
        self.arrivals.take(caller.address, now)?;
        match hello {
            Hello::Resume(secret) => self.resume(now, conn, id, &secret, caller.address),
            Hello::Token(secret) => {
                let login = self.login_with(now, &TokenHash::of(&secret));
                let login =
                    login.ok_or_else(|| Refusal::new(Code::BadCredentials).field("token"))?;
                self.arrive_with_login(now, conn, id, login, caller.address)
            }
            Hello::Known => {
                let shown = caller.login.ok_or_else(|| {
                    let message = "The field `nick` is missing; with a login it is not needed.";
                    Refusal::because(Code::MissingField, message).field("nick")
                })?;
                let login = self.login_with(now, &shown).ok_or(Code::BadCredentials)?;
                self.arrive_with_login(now, conn, id, login, caller.address)
            }
            Hello::Nick(nick) => {
                // Who has a login and says their own name means themselves.
                let login = caller.login.and_then(|shown| self.login_with(now, &shown));
                let own =
                    login.filter(|(user, _)| self.accounts.owner(&nick.keys()) == Some(*user));
                match own {
                    Some(login) => self.arrive_with_login(now, conn, id, login, caller.address),
                    None => self.arrive(now, conn, id, nick, caller.address),
                }
            }
        }
    }

    /// Whose a login is that has not ended. Notes that it is used.
    fn login_with(&mut self, now: Moment, token: &TokenHash) -> Option<(UserId, LoginId)> {
        let login = self.current_login(now, token)?;
        let (user, id) = (login.user, login.id);
        self.touch_login(now, id);
        Some((user, id))
    }

    fn strike(&mut self, conn: ConnId) {
        let strikes = self.strikes.entry(conn).or_default();
        *strikes += 1;
        if *strikes >= MAX_STRIKES {
            self.effects.push(Effect::Close { conn, close: Close::BadCredentials });
        }
    }

    fn arrive(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<&ReplyId>,
        nick: Nick,
        address: [u8; 32],
    ) -> Outcome {
        if !self.rules.guests {
            return Err(Code::GuestsNotAdmitted.into());
        }
        let session = self.new_guest(now, nick, address)?;
        self.begin(session, conn, id);
        Ok(())
    }

    fn arrive_with_login(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<&ReplyId>,
        (user, login): (UserId, LoginId),
        address: [u8; 32],
    ) -> Outcome {
        let session = self.new_account_session(now, user, login, address)?;
        self.begin(session, conn, id);
        Ok(())
    }

    /// Gives a new session its connection and its token.
    fn begin(&mut self, session: SessionId, conn: ConnId, id: Option<&ReplyId>) {
        let secret = token(&mut self.rng);
        let hash = TokenHash::of(&secret);
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.token = hash;
            entry.conn = Some(conn);
        }
        self.tokens.insert(hash, session);
        self.conns.insert(conn, session);
        self.save(session);
        self.welcome(session, conn, id, &secret, false);
    }

    fn resume(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<&ReplyId>,
        secret: &str,
        address: [u8; 32],
    ) -> Outcome {
        let unknown = || Refusal::new(Code::BadCredentials).field("resume");
        let hash = TokenHash::of(secret);
        let session = self.tokens.get(&hash).copied();
        let session = session.or_else(|| self.come_back(now, hash, address)).ok_or_else(unknown)?;
        let person = self.person(session)?;
        self.banned_from(now, None, person.known())?;
        if person.login.is_some_and(|login| !self.is_logged_in(now, login)) {
            return Err(unknown());
        }
        let looks = self.looks(session);
        self.detach(session, Some(Close::Replaced));
        let Some(entry) = self.sessions.get_mut(&session) else { return Err(unknown()) };
        entry.conn = Some(conn);
        entry.held_until = None;
        entry.restored = false;
        let rooms = entry.rooms.clone();
        entry.waiting =
            rooms.iter().filter_map(|room| Some((*room, self.rooms.get(room)?.seq))).collect();
        self.conns.insert(conn, session);
        self.welcome(session, conn, id, secret, true);
        if !rooms.is_empty() {
            self.timers.set(now.due_in(AUTO_JOIN_MS), Timer::AutoJoin(session));
        }
        self.tell_looks(now, session, looks);
        Ok(())
    }

    /// Takes the connection away from a session, closing it if `close` says why.
    fn detach(&mut self, session: SessionId, close: Option<Close>) {
        let Some(entry) = self.sessions.get_mut(&session) else { return };
        let Some(conn) = entry.conn.take() else { return };
        entry.waiting.clear();
        self.conns.remove(&conn);
        for room in entry.rooms.clone() {
            self.mute_place(session, conn, room);
        }
        if let Some(close) = close {
            // Not a drop: whoever resumed is here; the others see no change.
            self.effects.push(Effect::Close { conn, close });
        }
    }

    fn welcome(
        &mut self,
        session: SessionId,
        conn: ConnId,
        id: Option<&ReplyId>,
        secret: &str,
        resumed: bool,
    ) {
        self.strikes.remove(&conn);
        let Some(entry) = self.sessions.get(&session) else { return };
        let rooms = entry.rooms.iter().filter_map(|room| Some(&self.rooms.get(room)?.name));
        let frame = wire::text(&Welcome {
            id,
            protocol: VERSION,
            server: Server::THIS,
            session: entry.id.to_string(),
            user: User { nick: &entry.nick, guest: entry.is_guest(), role: entry.role },
            resume: ResumeOffer { token: secret, grace_ms: self.rules.grace_ms },
            heartbeat: self.rules.heartbeat,
            limits: &self.rules.limits,
            rooms: rooms.collect(),
            resumed,
        });
        self.effects.push(Effect::To { conn, frame, answer: Answer::Welcome });
    }

    /// A connection is gone: `clean` if it said goodbye, else the session is held.
    pub fn gone(&mut self, now: Moment, conn: ConnId, clean: bool) {
        self.strikes.remove(&conn);
        self.stop_observing(conn);
        let Some(session) = self.conns.get(&conn).copied() else { return };
        let looks = self.looks(session);
        self.detach(session, None);
        if self.closing {
            // The others are going too; the store holds every place for the next start.
            return;
        }
        let held = self.sessions.len() - self.conns.len();
        if clean {
            self.part(now, session);
        }
        if clean || self.rules.grace_ms == 0 || held > MAX_HELD {
            self.end_seen_as(now, session, looks);
            return;
        }
        let until = now.due_in(self.rules.grace_ms);
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.held_until = Some(until);
        }
        self.timers.set(until, Timer::Grace(session));
        self.tell_looks(now, session, looks);
    }

    pub(super) fn grace_ended(&mut self, now: Moment, session: SessionId) {
        let held_until = self.sessions.get(&session).and_then(|entry| entry.held_until);
        if held_until.is_some_and(|until| until <= now.mono) {
            self.end(now, session);
        }
    }

    /// Closes a session's connection for good, and ends it.
    pub(super) fn dismiss_session(&mut self, now: Moment, session: SessionId, close: Close) {
        if let Some(conn) = self.sessions.get(&session).and_then(|entry| entry.conn) {
            self.effects.push(Effect::Close { conn, close });
        }
        self.end(now, session);
    }

    /// Ends a session for good: the name is free, the places are left.
    pub(super) fn end(&mut self, now: Moment, session: SessionId) {
        let looks = self.looks(session);
        self.end_seen_as(now, session, looks);
    }

    /// The same for one whom the rooms saw like that until now.
    fn end_seen_as(&mut self, now: Moment, session: SessionId, looks: Vec<(RoomId, Member)>) {
        self.detach(session, None);
        for (room, member) in looks {
            self.vacate_seen_as(now, session, room, Some(member));
        }
        self.moves_out(session);
        let Some(entry) = self.sessions.remove(&session) else { return };
        if entry.is_guest() {
            self.names.free(&entry.keys, session);
        } else if let Some(account) = self.accounts.get_mut(entry.user) {
            account.sessions.retain(|other| *other != session);
        }
        self.tokens.remove(&entry.token);
        self.queue_op(Op::EndSession(session));
    }

    /// Keeps the session's row as it is now.
    pub(super) fn save(&mut self, session: SessionId) {
        let Some(entry) = self.sessions.get(&session) else { return };
        let row = SessionRow {
            id: entry.id,
            token: entry.token,
            user: entry.user,
            nick: entry.nick.clone(),
            guest: entry.is_guest(),
            address_hash: entry.address,
            rooms: entry.rooms.clone(),
            login: entry.login,
        };
        self.queue_op(Op::SaveSession(row));
    }

    pub(super) fn rename(
        &mut self,
        now: Moment,
        who: SessionId,
        nick: Nick,
        reply: Reply,
    ) -> Outcome {
        let keys = nick.keys();
        if self.sessions.get(&who).is_some_and(|session| !session.is_guest()) {
            let message = "An account keeps its name.";
            return Err(Refusal::because(Code::Forbidden, message).field("nick"));
        }
        self.name_is_free(&keys, Some(who))?;
        // Who types, types under the name that the others know.
        let rooms = self.sessions.get(&who).map_or_else(Vec::new, |entry| entry.rooms.clone());
        rooms.iter().for_each(|room| self.stop_typing(who, *room));
        let looks = self.looks(who);
        let Some(entry) = self.sessions.get_mut(&who) else {
            return Err(Code::BadCredentials.into());
        };
        let changed = entry.nick != nick;
        let old_keys = std::mem::replace(&mut entry.keys, keys.clone());
        entry.nick = nick.clone();
        self.names.free(&old_keys, who);
        self.names.hold(keys, who);
        self.answer(reply, |id| wire::text(&Renamed { id, nick: &nick }));
        if changed {
            self.save(who);
            self.tell_looks(now, who, looks);
        }
        Ok(())
    }
}
