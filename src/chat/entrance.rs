//! Coming and going: hello, resume, drop, grace, the end of a session.

use super::allowance::Allowance;
use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply};
use super::sanctions::Suspect;
use super::session::Session;
use super::state::{Chat, Outcome};
use super::timers::Timer;
use crate::model::{ConnId, LoginId, Nick, NickKeys, Role, SessionId, TokenHash, UserId, token};
use crate::protocol::{
    Close, Code, Hello, Refusal, Renamed, ReplyId, ResumeOffer, Server, User, VERSION, Welcome,
    wire,
};
use crate::store::{Op, SessionRow};

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

/// Who a new session is.
struct Newcomer {
    user: UserId,
    nick: Nick,
    role: Role,
    login: Option<LoginId>,
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

    fn login_with(&mut self, now: Moment, token: &TokenHash) -> Option<(UserId, LoginId)> {
        let login = self.current_login(now, token)?;
        Some((login.user, login.id))
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

    /// A new session of a guest that holds `nick`; it has no connection and no token yet.
    pub(super) fn new_guest(
        &mut self,
        now: Moment,
        nick: Nick,
        address: [u8; 32],
    ) -> Result<SessionId, Refusal> {
        let keys = nick.keys();
        let (name_key, address_key) = (Some(&*keys.folded), Some(address));
        let suspect = Suspect { user: None, name_key, address: address_key };
        self.banned_from(now, None, suspect)?;
        self.evict_restored(now, &keys, address);
        self.name_is_free(&keys, None)?;
        let user = UserId::random(&mut self.rng);
        let newcomer = Newcomer { user, nick, role: Role::Guest, login: None };
        Ok(self.new_session(now, newcomer, address))
    }

    /// Refuses a name that somebody else has: an account, or a session besides `mine`.
    pub(super) fn name_is_free(&self, keys: &NickKeys, mine: Option<SessionId>) -> Outcome {
        if self.accounts.owner(keys).is_some() || crate::model::Nick::deleted().keys() == *keys {
            return Err(Refusal::new(Code::NickReserved).field("nick"));
        }
        let free = match mine {
            Some(session) => self.names.free_for(keys, session),
            None => self.names.holder(keys).is_none(),
        };
        if free { Ok(()) } else { Err(Refusal::new(Code::NickTaken).field("nick")) }
    }

    /// A new session of an account; it has no connection and no token yet.
    pub(super) fn new_account_session(
        &mut self,
        now: Moment,
        user: UserId,
        login: LoginId,
        address: [u8; 32],
    ) -> Result<SessionId, Refusal> {
        self.banned_from(now, None, Suspect { user: Some(user), ..Suspect::default() })?;
        self.spare_session(now, user)?;
        let account = self.accounts.live(user).ok_or(Code::BadCredentials)?;
        let (nick, role) = (account.row.nick.clone(), account.row.role);
        // A guest had the name and made an account of it: whoever logs in is them.
        if let Some(guest) = self.names.holder(&nick.keys()) {
            self.dismiss_session(now, guest, Close::Replaced);
        }
        let newcomer = Newcomer { user, nick, role, login: Some(login) };
        Ok(self.new_session(now, newcomer, address))
    }

    /// Sees to it that an account may have one more session: one that waits in vain goes for it.
    fn spare_session(&mut self, now: Moment, user: UserId) -> Outcome {
        let most = self.rules.connections_per_user;
        let Some(account) = self.accounts.get(user) else { return Ok(()) };
        if most == 0 || account.sessions.len() < most {
            return Ok(());
        }
        let held = |id: &&SessionId| self.sessions.get(id).is_some_and(|s| s.conn.is_none());
        let Some(&held) = account.sessions.iter().find(held) else {
            let message = format!("Your account is here {most} times, as often as one may be.");
            return Err(Refusal::because(Code::RateLimited, message).retry_after(5000));
        };
        self.end(now, held);
        Ok(())
    }

    fn new_session(&mut self, now: Moment, newcomer: Newcomer, address: [u8; 32]) -> SessionId {
        let Newcomer { user, nick, role, login } = newcomer;
        let id = SessionId::random(&mut self.rng);
        let keys = nick.keys();
        match login {
            None => self.names.hold(keys.clone(), id),
            Some(_) => {
                if let Some(account) = self.accounts.get_mut(user) {
                    account.sessions.push(id);
                }
            }
        }
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
            allowance: Allowance::full(&self.rules, now),
            login,
            role,
            browser: None,
        };
        self.sessions.insert(id, Box::new(session));
        id
    }

    /// After a restart the same address may take an unclaimed name without its token: most
    /// likely it is the same script, and it would otherwise wait for the grace to end.
    fn evict_restored(&mut self, now: Moment, keys: &NickKeys, address: [u8; 32]) {
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
        self.banned_from(now, None, self.person(session)?.known())?;
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
            self.end(now, session);
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
        self.detach(session, None);
        let rooms = self.sessions.get(&session).map_or_else(Vec::new, |s| s.rooms.clone());
        for room in rooms {
            self.vacate(now, session, room);
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

    /// A session that the store remembers waits for its owner from the start on.
    pub(super) fn restore_session(&mut self, row: SessionRow, now: Moment) {
        let keys = row.nick.keys();
        let role = match row.login {
            Some(_) => self.accounts.live(row.user).map(|account| account.row.role),
            None if self.name_is_free(&keys, Some(row.id)).is_ok() => Some(Role::Guest),
            None => None,
        };
        let Some(role) = role.filter(|_| self.rules.grace_ms > 0) else {
            self.queue_op(Op::EndSession(row.id));
            return;
        };
        match row.login {
            None => self.names.hold(keys.clone(), row.id),
            Some(_) => {
                if let Some(account) = self.accounts.get_mut(row.user) {
                    account.sessions.push(row.id);
                }
            }
        }
        self.tokens.insert(row.token, row.id);
        let until = now.due_in(self.rules.grace_ms);
        self.timers.set(until, Timer::Grace(row.id));
        let mut rooms = row.rooms;
        rooms.retain(|room| self.rooms.contains_key(room));
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
            rooms: rooms.clone(),
            waiting: Vec::new(),
            allowance: Allowance::full(&self.rules, now),
            login: row.login,
            role,
            browser: None,
        };
        self.sessions.insert(row.id, Box::new(session));
        for room in rooms {
            let double =
                self.rooms.get(&room).is_some_and(|room| self.seen(row.id, room).is_some());
            self.put_in(row.id, room, double);
        }
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
