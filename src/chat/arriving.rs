//! New sessions: of guests, who hold a name with them; of accounts, whose names are theirs anyway;
//! and those that the store remembers.
//!
//! Invariant: a name that is an account's, or held by a session, is nobody else's.

use super::allowance::Allowance;
use super::bucket::Moment;
use super::sanctions::Suspect;
use super::session::Session;
use super::state::{Chat, Outcome};
use super::timers::Timer;
use crate::model::{LoginId, Nick, NickKeys, Role, SessionId, TokenHash, UserId};
use crate::protocol::{Close, Code, Refusal};
use crate::store::{Op, SessionRow};

/// Who a new session is.
struct Newcomer {
    user: UserId,
    nick: Nick,
    role: Role,
    login: Option<LoginId>,
}

impl Chat {
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
        if self.accounts.owner(keys).is_some() || Nick::is_reserved(keys) {
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
            admitted: Vec::new(),
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

    /// A session that the store remembers waits for its owner from the start on.
    pub(super) fn restore_session(&mut self, row: SessionRow, now: Moment) {
        let keys = row.nick.keys();
        let role = match row.login {
            Some(login) if self.is_logged_in(now, login) => {
                self.accounts.live(row.user).map(|account| account.row.role)
            }
            Some(_) => None,
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
            admitted: Vec::new(),
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
}
