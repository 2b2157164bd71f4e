//! Logins: what a device gets for a password, how long that is good, and what ends with it.
//!
//! Invariant: a login that has ended opens nothing from that moment on, and its sockets close.

use serde_json::{Value, json};

use super::accounts::Proof;
use super::bucket::Moment;
use super::effect::{Channel, Effect, Http, Reply, Shown};
use super::people::Person;
use super::sanctions::Suspect;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{LoginId, Role, SessionId, Timestamp, TokenHash, UserId};
use crate::protocol::{Close, Code, Refusal, wire};
use crate::store::{LoginRow, Op};

/// So many logins one account may have; the one that was not used for longest goes for a new one.
const MAX_LOGINS: usize = 100;
/// A login's use is noted this often, in milliseconds.
const TOUCHED_MS: u64 = 60 * 60 * 1000;

/// What a device gets that proved a password.
#[derive(Clone, Debug)]
pub struct NewLogin {
    /// The hash of its token.
    pub token: TokenHash,
    /// The hash of the secret by which the device is known from now on.
    pub device: TokenHash,
    /// What the device says of itself.
    pub label: String,
    /// Where it is, as it is shown to its owner.
    pub address: String,
    /// The hash of the login's token that its browser had until now: the new one takes its place.
    pub replaces: Option<TokenHash>,
}

/// Which logins somebody ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The one through which they ask.
    This,
    /// One of theirs.
    One(LoginId),
    /// All but the one through which they ask.
    Others,
}

impl Chat {
    /// The login of a token, if it has not ended.
    pub(super) fn current_login(&self, now: Moment, token: &TokenHash) -> Option<&LoginRow> {
        self.accounts.login_of(token).filter(|login| !self.is_over(now, login))
    }

    fn is_over(&self, now: Moment, login: &LoginRow) -> bool {
        let idle_ms = self.rules.logins.idle_s.saturating_mul(1000);
        login.expires_at <= now.wall || now.wall.since(login.used_at) >= idle_ms
    }

    /// Whether a login is good for more, also where the janitor did not come by yet.
    pub(super) fn is_logged_in(&self, now: Moment, id: LoginId) -> bool {
        self.accounts.login(id).is_some_and(|login| !self.is_over(now, login))
    }

    /// Notes that a login is used, once an hour.
    pub(super) fn touch_login(&mut self, now: Moment, id: LoginId) {
        let often = TOUCHED_MS.min(self.rules.logins.idle_s.saturating_mul(250));
        let Some(login) = self.accounts.login_mut(id) else { return };
        if now.wall.since(login.used_at) >= often {
            login.used_at = now.wall;
            let row = Box::new(login.clone());
            self.queue_op(Op::SaveLogin(row));
        }
    }

    /// Whether an account knows a device.
    pub fn knows_device(&self, user: UserId, device: &TokenHash) -> bool {
        self.accounts.live(user).is_some_and(|account| account.devices.contains(device))
    }

    /// Logs somebody in who has proven their password.
    pub fn log_in(&mut self, now: Moment, proof: &Proof, new: NewLogin, channel: Channel) {
        let reply = Reply::Http(channel);
        if let Err(refusal) = self.try_log_in(now, proof, new, reply.clone()) {
            self.refuse(reply, &refusal);
        }
    }

    fn try_log_in(&mut self, now: Moment, proof: &Proof, new: NewLogin, reply: Reply) -> Outcome {
        self.room_to_wait()?;
        self.still_proven(proof)?;
        let suspect = Suspect { user: Some(proof.user), ..Suspect::default() };
        self.banned_from(now, None, suspect)?;
        let old = new.replaces.and_then(|token| self.accounts.login_of(&token)).map(|row| row.id);
        self.end_logins(now, old.into_iter().collect(), Close::LoginEnded);
        self.spare_login(now, proof.user);
        let row = LoginRow {
            id: LoginId::random(&mut self.rng),
            token: new.token,
            user: proof.user,
            created_at: now.wall,
            used_at: now.wall,
            expires_at: now.wall.plus(self.rules.logins.max_s.saturating_mul(1000)),
            label: new.label,
            address: new.address,
        };
        let frame = wire::text(&json!({
            "login": row.id.to_string(),
            "expires_at": row.expires_at,
            "user": { "nick": proof.nick, "guest": false, "role": proof.role },
        }));
        if let Some(account) = self.accounts.get_mut(proof.user) {
            account.remember_device(new.device);
        }
        let (user, device, at) = (proof.user, new.device, now.wall);
        self.queue_op(Op::SaveDevice { user, device, at });
        self.queue_awaited(Op::SaveLogin(Box::new(row)), Waiting::for_frame(reply, frame));
        Ok(())
    }

    fn spare_login(&mut self, now: Moment, user: UserId) {
        let Some(account) = self.accounts.get(user) else { return };
        if account.logins.len() < MAX_LOGINS {
            return;
        }
        let used = |id: &&LoginId| self.accounts.login(**id).map(|row| row.used_at);
        if let Some(oldest) = account.logins.iter().min_by_key(used).copied() {
            self.end_logins(now, vec![oldest], Close::LoginEnded);
        }
    }

    /// The store has a new login: its owner learns of it, unless the account has ended meanwhile, or
    /// has another password than the one that was proven.
    pub(super) fn login_saved(&mut self, row: LoginRow, waiting: Waiting) {
        let account = self.accounts.live(row.user);
        let current = |renewed: Timestamp| renewed < row.created_at;
        if account.is_none_or(|account| !account.renewed_at.is_none_or(current)) {
            self.queue_op(Op::EndLogins(vec![row.id]));
            self.refuse(waiting.reply, &Code::BadCredentials.into());
            return;
        }
        self.accounts.add_login(row);
        if let Some(frame) = waiting.then {
            self.answer_frame(waiting.reply, frame);
        }
    }

    /// Ends logins, and everything that came in through them.
    pub(super) fn end_logins(&mut self, now: Moment, ids: Vec<LoginId>, close: Close) {
        let ids: Vec<LoginId> =
            ids.into_iter().filter(|id| self.forget_login(now, *id, close)).collect();
        if !ids.is_empty() {
            self.queue_op(Op::EndLogins(ids));
        }
    }

    fn forget_login(&mut self, now: Moment, id: LoginId, close: Close) -> bool {
        let Some(user) = self.accounts.login(id).map(|row| row.user) else { return false };
        let sessions = self.accounts.get(user).map_or_else(Vec::new, |a| a.sessions.clone());
        let came_with = |session: &SessionId| {
            self.sessions.get(session).is_some_and(|entry| entry.login == Some(id))
        };
        let ending: Vec<SessionId> = sessions.into_iter().filter(came_with).collect();
        for session in ending {
            self.dismiss_session(now, session, close);
        }
        self.parted.retain(|_, parted| parted.login() != Some(id));
        self.end_observers(|_, observer| {
            observer.person.as_ref().and_then(|person| person.login) == Some(id)
        });
        self.accounts.remove_login(id)
    }

    /// Ends logins of somebody who shows one of them.
    pub fn log_out(&mut self, now: Moment, token: &TokenHash, ending: Ending, channel: Channel) {
        let reply = Reply::Http(channel);
        match self.logins_to_end(now, token, ending) {
            Err(refusal) => self.refuse(reply, &refusal),
            Ok(ids) => {
                let ids: Vec<LoginId> = ids
                    .into_iter()
                    .filter(|id| self.forget_login(now, *id, Close::LoginEnded))
                    .collect();
                self.queue_awaited(Op::EndLogins(ids), Waiting::for_ok(reply));
            }
        }
    }

    fn logins_to_end(
        &mut self,
        now: Moment,
        token: &TokenHash,
        ending: Ending,
    ) -> Result<Vec<LoginId>, Refusal> {
        // Who is banned may still log out.
        let login = match self.tokens.get(token) {
            Some(session) => self.sessions.get(session).and_then(|session| session.login),
            None => self.current_login(now, token).map(|login| login.id),
        };
        let known = self.tokens.contains_key(token) || login.is_some();
        let login = login.ok_or(if known { Code::LoginRequired } else { Code::BadCredentials })?;
        let user = self.accounts.login(login).map(|row| row.user).ok_or(Code::BadCredentials)?;
        let mine = self.accounts.get(user).map_or(&[][..], |account| &account.logins);
        match ending {
            Ending::This => Ok(vec![login]),
            Ending::One(id) if mine.contains(&id) => Ok(vec![id]),
            Ending::One(_) => Err(Code::LoginNotFound.into()),
            Ending::Others => Ok(mine.iter().copied().filter(|id| *id != login).collect()),
        }
    }

    /// Says who the holder of a token is.
    pub fn me(&mut self, now: Moment, token: &TokenHash, channel: Channel) {
        match self.holder(now, token) {
            Err(refusal) => self.refuse(Reply::Http(channel), &refusal),
            Ok(person) => {
                let me = self.described(&person);
                self.answer_http(channel, &me);
            }
        }
    }

    fn described(&self, person: &Person) -> Value {
        let mut me = json!({
            "nick": person.nick,
            "guest": person.is_guest(),
            "role": person.role,
        });
        if let Some(account) = self.accounts.get(person.user).filter(|_| !person.is_guest()) {
            me["created_at"] = json!(account.row.created_at);
            me["login"] = json!(self.login_behind(person).map(|login| login.to_string()));
        }
        me
    }

    /// Lists the logins of somebody who shows one of them, the one that was used last first.
    pub fn list_logins(&mut self, now: Moment, token: &TokenHash, channel: Channel) {
        let person = match self.holder(now, token) {
            Ok(person) if person.role != Role::Guest => person,
            Ok(_) => return self.refuse(Reply::Http(channel), &Code::LoginRequired.into()),
            Err(refusal) => return self.refuse(Reply::Http(channel), &refusal),
        };
        let this = self.login_behind(&person);
        let mine = self.accounts.get(person.user).map_or(&[][..], |account| &account.logins);
        let mut rows: Vec<&LoginRow> =
            mine.iter().filter_map(|id| self.accounts.login(*id)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.used_at));
        let shown = |row: &&LoginRow| {
            json!({
                "id": row.id.to_string(),
                "this": Some(row.id) == this,
                "created_at": row.created_at,
                "used_at": row.used_at,
                "expires_at": row.expires_at,
                "device": row.label,
                "address": row.address,
            })
        };
        let logins = json!({ "logins": rows.iter().map(shown).collect::<Vec<_>>() });
        self.answer_http(channel, &logins);
    }

    /// Ends the logins whose time has come.
    pub(super) fn sweep_accounts(&mut self, now: Moment) {
        let idle_ms = self.rules.logins.idle_s.saturating_mul(1000);
        let ended = self.accounts.ended_logins(now.wall, idle_ms);
        self.end_logins(now, ended, Close::LoginEnded);
    }

    /// Answers that something is done.
    pub(super) fn answer_ok(&mut self, reply: Reply) {
        match reply {
            Reply::Http(channel) => {
                let answer = Ok(Shown { json: r#"{"type":"ok"}"#.into(), duplicate: false });
                self.effects.push(Effect::Http(Http { channel, answer }));
            }
            reply => self.answer(reply, |id| wire::text(&crate::protocol::Done { id })),
        }
    }

    /// After a change of role on the server: who may not be in a private room any more leaves it.
    pub(super) fn recheck_private_places(&mut self, _now: Moment, user: UserId) {
        self.end_observers(|chat, observer| {
            let Some(person) = observer.person.as_ref().filter(|person| person.user == user) else {
                return false;
            };
            let role = chat.accounts.live(user).map_or(Role::Guest, |account| account.row.role);
            let person = Person { role, ..person.clone() };
            !chat.rooms.get(&observer.room).is_some_and(|room| chat.sees(Some(&person), room))
        });
    }
}
