//! Coming and going: hello, resume, drop, grace, the end of a session.

use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply};
use super::session::Session;
use super::state::{Chat, Outcome};
use super::timers::Timer;
use crate::model::{ConnId, Nick, SessionId, TokenHash, UserId, token};
use crate::protocol::{
    Close, Code, Hello, Member, Refusal, Renamed, ReplyId, ResumeOffer, Role, Server, State, User,
    VERSION, Welcome, wire,
};
use crate::store::{Op, SessionRow};

/// So many wrong credentials close a connection.
const MAX_STRIKES: u8 = 3;
/// So many sessions without a connection are held at once; beyond that a drop is a leave.
const MAX_HELD: usize = 50_000;
/// How long a resumed session's rooms wait for its `join`, in milliseconds.
pub(super) const AUTO_JOIN_MS: u64 = 1000;

impl Chat {
    /// Handles `hello`: `address` is a fingerprint of where the connection comes from.
    pub fn hello(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<ReplyId>,
        hello: Hello,
        address: [u8; 32],
        browser: Option<TokenHash>,
    ) {
        let done = match hello {
            _ if self.closing => Err(Code::ShuttingDown.into()),
            _ if self.conns.contains_key(&conn) => Err(Code::AlreadyWelcome.into()),
            Hello::Nick(nick) => self.arrive(now, conn, id.as_ref(), nick, address),
            Hello::Resume(secret) => self.resume(now, conn, id.as_ref(), &secret, address),
            Hello::Token(_) => Err(Refusal::new(Code::BadCredentials).field("token")),
        };
        let Err(refusal) = done else {
            self.moves_into(conn, browser);
            return;
        };
        let wrong = refusal.code == Code::BadCredentials;
        let example = r#"{"type":"hello","nick":"ada"}"#;
        self.refuse(Reply::Conn(conn, id), &refusal.example(example));
        if wrong {
            self.strike(conn);
        }
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
        let session = self.new_session(now, nick, address)?;
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
        Ok(())
    }

    /// A new session that holds `nick`; it has no connection and no token yet.
    pub(super) fn new_session(
        &mut self,
        now: Moment,
        nick: Nick,
        address: [u8; 32],
    ) -> Result<SessionId, Refusal> {
        let keys = nick.keys();
        self.evict_restored(now, &keys, address);
        let id = SessionId::random(&mut self.rng);
        if !self.names.free_for(&keys, id) {
            return Err(Refusal::new(Code::NickTaken).field("nick"));
        }
        self.names.hold(keys.clone(), id);
        let user = UserId::random(&mut self.rng);
        let (messages, reads) = Session::buckets(self.rules.messages(), self.rules.reads(), now);
        let session = Session {
            id,
            token: TokenHash([0; 32]),
            user,
            nick,
            keys,
            address,
            conn: None,
            held_until: None,
            restored: false,
            rooms: Vec::new(),
            waiting: Vec::new(),
            messages,
            reads,
            uploads: messages,
            browser: None,
        };
        self.sessions.insert(id, Box::new(session));
        Ok(id)
    }

    /// After a restart the same address may take an unclaimed name without its token: most
    /// likely it is the same script, and it would otherwise wait for the grace to end.
    fn evict_restored(&mut self, now: Moment, keys: &crate::model::NickKeys, address: [u8; 32]) {
        let Some(holder) = self.names.holder(keys) else { return };
        let session = self.sessions.get(&holder);
        if session.is_some_and(|s| s.restored && s.address == address) {
            self.end(now, holder);
        }
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
        self.detach(session, Some(Close::Replaced));
        let Some(entry) = self.sessions.get_mut(&session) else { return Err(unknown()) };
        let was_away = entry.conn.is_none() && entry.held_until.is_some();
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
        if was_away {
            self.announce_state(now, session, State::Reconnecting);
        }
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
            user: User { nick: &entry.nick, guest: true, role: Role::Guest },
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
            self.end(now, session);
            return;
        }
        let until = now.due_in(self.rules.grace_ms);
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.held_until = Some(until);
        }
        self.timers.set(until, Timer::Grace(session));
        self.announce_state(now, session, State::Online);
    }

    pub(super) fn grace_ended(&mut self, now: Moment, session: SessionId) {
        let held_until = self.sessions.get(&session).and_then(|entry| entry.held_until);
        if held_until.is_some_and(|until| until <= now.mono) {
            self.end(now, session);
        }
    }

    /// Ends a session for good: the name is free, the places are left.
    fn end(&mut self, now: Moment, session: SessionId) {
        self.detach(session, None);
        let rooms = self.sessions.get(&session).map_or_else(Vec::new, |s| s.rooms.clone());
        for room in rooms {
            self.vacate(now, session, room);
        }
        self.moves_out(session);
        let Some(entry) = self.sessions.remove(&session) else { return };
        self.names.free(&entry.keys, session);
        self.tokens.remove(&entry.token);
        self.queue_op(Op::EndSession(session));
    }

    /// A session that the store remembers waits for its owner from the start on.
    pub(super) fn restore_session(&mut self, row: SessionRow, now: Moment) {
        let keys = row.nick.keys();
        if !self.names.free_for(&keys, row.id) || self.rules.grace_ms == 0 {
            self.queue_op(Op::EndSession(row.id));
            return;
        }
        self.names.hold(keys.clone(), row.id);
        self.tokens.insert(row.token, row.id);
        let until = now.due_in(self.rules.grace_ms);
        self.timers.set(until, Timer::Grace(row.id));
        let (messages, reads) = Session::buckets(self.rules.messages(), self.rules.reads(), now);
        let mut rooms = row.rooms;
        rooms.retain(|room| self.rooms.contains_key(room));
        for room in &rooms {
            if let Some(room) = self.rooms.get_mut(room) {
                room.members.insert(row.id, super::room::Place::default());
            }
        }
        let session = Session {
            id: row.id,
            token: row.token,
            user: row.user,
            nick: row.nick,
            keys,
            address: row.address_hash,
            conn: None,
            held_until: Some(until),
            restored: true,
            rooms,
            waiting: Vec::new(),
            messages,
            reads,
            uploads: messages,
            browser: None,
        };
        self.sessions.insert(row.id, Box::new(session));
    }

    /// Keeps the session's row as it is now.
    pub(super) fn save(&mut self, session: SessionId) {
        let Some(entry) = self.sessions.get(&session) else { return };
        let row = SessionRow {
            id: entry.id,
            token: entry.token,
            user: entry.user,
            nick: entry.nick.clone(),
            guest: true,
            address_hash: entry.address,
            rooms: entry.rooms.clone(),
            login: None,
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
        if !self.names.free_for(&keys, who) {
            return Err(Refusal::new(Code::NickTaken).field("nick"));
        }
        // Who types, types under the name that the others know.
        let rooms = self.sessions.get(&who).map_or_else(Vec::new, |entry| entry.rooms.clone());
        rooms.iter().for_each(|room| self.stop_typing(who, *room));
        let Some(entry) = self.sessions.get_mut(&who) else {
            return Err(Code::BadCredentials.into());
        };
        let before = entry.member();
        let old_keys = std::mem::replace(&mut entry.keys, keys.clone());
        entry.nick = nick.clone();
        self.names.free(&old_keys, who);
        self.names.hold(keys, who);
        self.answer(reply, |id| wire::text(&Renamed { id, nick: &nick }));
        if before.nick != nick {
            self.save(who);
            for room in rooms {
                self.note_change(now, room, who, &before);
            }
        }
        Ok(())
    }

    /// Tells the session's rooms that it is no longer as it was `before`.
    fn announce_state(&mut self, now: Moment, session: SessionId, before: State) {
        let Some(entry) = self.sessions.get(&session) else { return };
        let before = Member { state: before, ..entry.member() };
        for room in entry.rooms.clone() {
            self.note_change(now, room, session, &before);
        }
    }
}
