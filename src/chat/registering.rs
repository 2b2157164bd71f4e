//! Accounts begin, change and end. What a password is worth was decided before (`web`, `auth`).
//!
//! Invariants: a name is reserved from the moment of its registration on, so of many that come at
//! once one gets it; what is acknowledged is kept. A change counts here at once; where the store
//! cannot keep it now, it keeps it later.

use serde_json::json;

use super::accounts::Proof;
use super::allowance::Allowance;
use super::bucket::Moment;
use super::effect::Effect;
use super::effect::{Channel, Http, Reply, Shown};
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::config::Registration;
use crate::model::{LoginId, Nick, PasswordHash, Role, Timestamp, TokenHash, UserId};
use crate::protocol::{Close, Code, Refusal, wire};
use crate::store::{self, AccountRow, LoginRow, Op, ReadRow, RoomId, RoomRoleRow};

/// Somebody wants to register.
#[derive(Clone, Debug)]
pub struct Applicant {
    /// The name that they want.
    pub nick: Nick,
    /// A fingerprint of where they come from.
    pub address: [u8; 32],
    /// The hash of their invitation.
    pub invitation: Option<TokenHash>,
    /// The token of the guest's session that they have, whose name they may keep.
    pub token: Option<TokenHash>,
}

/// What becomes of the messages of an account that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// They stay, as those of a deleted account.
    Kept,
    /// They are removed.
    Removed,
}

impl Chat {
    /// What the store remembers of accounts.
    pub(super) fn restore_accounts(
        &mut self,
        accounts: Vec<AccountRow>,
        logins: Vec<LoginRow>,
        mut devices: Vec<(UserId, TokenHash, Timestamp)>,
        now: Moment,
    ) {
        let allowance = Allowance::full(&self.rules, now);
        accounts.into_iter().for_each(|row| self.accounts.put(row, || allowance));
        logins.into_iter().for_each(|row| self.accounts.add_login(row));
        devices.sort_by_key(|(_, _, at)| *at);
        for (user, device, _) in devices {
            if let Some(account) = self.accounts.get_mut(user) {
                account.remember_device(device);
            }
        }
    }

    /// What accounts are in rooms, and how far they have read.
    pub(super) fn restore_places(&mut self, roles: Vec<RoomRoleRow>, reads: &[ReadRow]) {
        for RoomRoleRow { room, user, role } in roles {
            if let Some(room) = self.rooms.get_mut(&room) {
                room.roles.insert(user, role);
            }
        }
        for ReadRow { user, room, seq } in reads {
            if let Some(account) = self.accounts.get_mut(*user) {
                account.reads.insert(*room, *seq);
            }
        }
    }

    /// Whether somebody may register, before the work of hashing their password is done. Charges
    /// their address.
    ///
    /// # Errors
    /// `registration_closed`, `invitation_invalid`, `rate_limited`, `banned`, `nick_taken`,
    /// `nick_reserved`, `busy`, `shutting_down`.
    pub fn may_register(&mut self, now: Moment, applicant: &Applicant) -> Outcome {
        self.room_to_wait()?;
        match self.rules.accounts.registration {
            Registration::Open => {}
            Registration::Off => return Err(Code::RegistrationClosed.into()),
            Registration::Invite if self.has_invitation(now, applicant) => {}
            Registration::Invite => return Err(Code::InvitationInvalid.into()),
        }
        self.registrars.take(applicant.address, now)?;
        self.name_to_have(now, applicant)
    }

    fn has_invitation(&self, now: Moment, applicant: &Applicant) -> bool {
        let invite = applicant.invitation.and_then(|secret| self.peace.invites.get(&secret));
        invite
            .is_some_and(|row| row.room.is_none() && row.uses_left > 0 && row.expires_at > now.wall)
    }

    fn name_to_have(&self, now: Moment, applicant: &Applicant) -> Outcome {
        let keys = applicant.nick.keys();
        let mine = applicant.token.and_then(|token| self.tokens.get(&token).copied());
        let suspect = super::sanctions::Suspect {
            user: None,
            name_key: Some(&keys.folded),
            address: Some(applicant.address),
        };
        self.banned_from(now, None, suspect)?;
        self.name_is_free(&keys, mine).map_err(|refusal| match refusal.code {
            // An account's or a guest's: the name is not to be had.
            Code::NickReserved => Refusal::new(Code::NickTaken).field("nick"),
            _ => refusal,
        })?;
        if self.accounts.count() >= self.rules.accounts.max {
            let message = "This server has as many accounts as it may have.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        Ok(())
    }

    /// Registers an account whose password is hashed; the name may have gone meanwhile.
    pub fn register(
        &mut self,
        now: Moment,
        applicant: &Applicant,
        password: PasswordHash,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        if let Err(refusal) = self.try_register(now, applicant, password, reply.clone()) {
            self.refuse(reply, &refusal);
        }
    }

    fn try_register(
        &mut self,
        now: Moment,
        applicant: &Applicant,
        password: PasswordHash,
        reply: Reply,
    ) -> Outcome {
        self.room_to_wait()?;
        self.name_to_have(now, applicant)?;
        if self.rules.accounts.registration == Registration::Invite {
            let secret = applicant.invitation.ok_or(Code::InvitationInvalid)?;
            self.use_invite(now, secret, None).map_err(|_| Code::InvitationInvalid)?;
        }
        self.found_account(now, applicant.nick.clone(), Role::Member, password, reply);
        Ok(())
    }

    /// Reserves a name and has the store keep its account.
    pub(super) fn found_account(
        &mut self,
        now: Moment,
        nick: Nick,
        role: Role,
        password: PasswordHash,
        reply: Reply,
    ) -> UserId {
        let id = UserId::random(&mut self.rng);
        let row = AccountRow {
            id,
            nick,
            role,
            password: Some(password),
            created_at: now.wall,
            ended_at: None,
        };
        self.accounts.reserve(&row.nick.keys(), row.id);
        let json = json!({ "nick": row.nick, "role": row.role, "created_at": row.created_at });
        let frame = wire::text(&json);
        self.queue_awaited(Op::SaveAccount(Box::new(row)), Waiting::for_frame(reply, frame));
        id
    }

    /// The store has an account as it is now.
    pub(super) fn account_saved(
        &mut self,
        row: AccountRow,
        outcome: &store::Outcome,
        waiting: Waiting,
    ) {
        if *outcome == store::Outcome::Taken {
            self.account_unsaved(&row);
            let refusal = Refusal::new(Code::NickTaken).field("nick");
            self.refuse(waiting.reply, &refusal);
            return;
        }
        if self.accounts.get(row.id).is_none() {
            let allowance = Allowance::full(&self.rules, Moment { mono: 0, wall: row.created_at });
            self.accounts.put(row, || allowance);
        }
        if let Some(frame) = waiting.then {
            self.answer_frame(waiting.reply, frame);
        }
    }

    /// The store could not keep a new account: its name is free again.
    pub(super) fn account_unsaved(&mut self, row: &AccountRow) {
        if self.accounts.get(row.id).is_none() {
            self.accounts.release(&row.nick.keys(), row.id);
        }
    }

    /// What a password for that name is compared with; `None` for a name without an account.
    pub fn proof(&self, nick: &Nick) -> Option<Proof> {
        let row = &self.accounts.named(&nick.keys())?.row;
        let hash = row.password.clone()?;
        Some(Proof { user: row.id, nick: row.nick.clone(), role: row.role, hash })
    }

    /// The same for who shows a login.
    ///
    /// # Errors
    /// `bad_credentials`, `banned`, `login_required` for a guest.
    pub fn own_proof(&mut self, now: Moment, token: &TokenHash) -> Result<Proof, Refusal> {
        let person = self.holder(now, token)?;
        if person.is_guest() {
            return Err(Code::LoginRequired.into());
        }
        self.proof(&person.nick).ok_or_else(|| Code::BadCredentials.into())
    }

    /// Gives an account a new password; all its other logins end.
    pub fn change_password(
        &mut self,
        now: Moment,
        token: &TokenHash,
        proof: &Proof,
        password: PasswordHash,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        let done = self.holder(now, token).and_then(|person| {
            self.room_to_wait()?;
            self.still_proven(proof)?;
            let keep = self.login_behind(&person);
            self.set_password(now, Some(&person), proof.user, password, keep, reply.clone());
            Ok(())
        });
        if let Err(refusal) = done {
            self.refuse(reply, &refusal);
        }
    }

    /// The login through which somebody asks, directly or through a session.
    pub(super) fn login_behind(&self, person: &Person) -> Option<LoginId> {
        let session = person.session.and_then(|session| self.sessions.get(&session));
        person.login.or_else(|| session.and_then(|session| session.login))
    }

    /// Refuses where the password that was proven is no longer the account's.
    pub(super) fn still_proven(&self, proof: &Proof) -> Outcome {
        let account = self.accounts.live(proof.user);
        let same =
            account.is_some_and(|account| account.row.password.as_ref() == Some(&proof.hash));
        if same { Ok(()) } else { Err(Code::BadCredentials.into()) }
    }

    /// Sets a password, ends all logins but one, answers when it is kept.
    pub(super) fn set_password(
        &mut self,
        now: Moment,
        by: Option<&Person>,
        user: UserId,
        password: PasswordHash,
        keep: Option<LoginId>,
        reply: Reply,
    ) {
        let Some(account) = self.accounts.get_mut(user) else {
            self.refuse(reply, &Code::BadCredentials.into());
            return;
        };
        account.row.password = Some(password);
        let row = account.row.clone();
        let others = account.logins.iter().copied().filter(|login| Some(*login) != keep).collect();
        self.end_logins(now, others, Close::LoginEnded);
        let target = Some((user, &row.nick));
        let deed = Deed { action: "password", room: None, target, detail: json!({}) };
        self.audit(now, by, deed);
        let waiting = Waiting::for_ok(reply);
        self.queue_awaited(Op::SaveAccount(Box::new(row.clone())), waiting);
    }

    /// Replaces a hash by a stronger one of the same password; nobody need notice.
    pub fn rehash(&mut self, proof: &Proof, stronger: PasswordHash) {
        if self.still_proven(proof).is_err() {
            return;
        }
        if let Some(account) = self.accounts.get_mut(proof.user) {
            account.row.password = Some(stronger);
            let row = Box::new(account.row.clone());
            self.queue_op(Op::SaveAccount(row));
        }
    }

    /// Deletes the account of somebody who has proven their password.
    pub fn delete_own_account(
        &mut self,
        now: Moment,
        token: &TokenHash,
        proof: &Proof,
        legacy: Legacy,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        let done = self.holder(now, token).and_then(|person| {
            self.room_to_wait()?;
            self.still_proven(proof)?;
            self.delete_account(now, Some(&person), proof.user, legacy, reply.clone());
            Ok(())
        });
        if let Err(refusal) = done {
            self.refuse(reply, &refusal);
        }
    }

    /// Ends an account: its logins and sessions at once, its name after the quarantine.
    pub(super) fn delete_account(
        &mut self,
        now: Moment,
        by: Option<&Person>,
        user: UserId,
        legacy: Legacy,
        reply: Reply,
    ) {
        let Some(account) = self.accounts.get(user) else {
            self.refuse(reply, &Refusal::new(Code::NickNotFound).field("nick"));
            return;
        };
        let (logins, sessions) = (account.logins.clone(), account.sessions.clone());
        self.end_logins(now, logins, Close::LoginEnded);
        for session in sessions {
            self.dismiss_session(now, session, Close::LoginEnded);
        }
        let Some(account) = self.accounts.get_mut(user) else { return };
        account.devices.clear();
        account.reads.clear();
        (account.row.password, account.row.role) = (None, Role::Member);
        account.row.ended_at = Some(now.wall);
        let row = account.row.clone();
        self.leave_roles(user);
        let detail = json!({ "messages": if legacy == Legacy::Kept { "kept" } else { "removed" } });
        let target = Some((user, &row.nick));
        self.audit(now, by, Deed { action: "delete_account", room: None, target, detail });
        self.queue_awaited(Op::SaveAccount(Box::new(row.clone())), Waiting::for_ok(reply));
        self.erase_author(user);
        if legacy == Legacy::Removed {
            self.remove_all_words(user);
        }
    }

    fn leave_roles(&mut self, user: UserId) {
        let special = |room: &&super::room::Room| room.roles.contains_key(&user);
        let rooms: Vec<RoomId> = self.rooms.values().filter(special).map(|room| room.id).collect();
        for room in rooms {
            self.set_room_role(room, user, None);
        }
    }

    /// Takes the name out of what somebody said, in memory and in the store.
    fn erase_author(&mut self, user: UserId) {
        for room in self.rooms.values_mut() {
            let name = &room.name;
            room.recent.erase_author(user, |event| crate::protocol::event_json(name, event));
        }
        self.queue_op(Op::EraseAuthor { user, from: 0 });
    }

    /// Removes all that somebody said, in every room.
    fn remove_all_words(&mut self, user: UserId) {
        let nick = Nick::deleted();
        let (role, session, login, address) = (Role::Member, None, None, None);
        let person = Person { user, keys: nick.keys(), nick, role, session, login, address };
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.remove_own_words(&person, room);
        }
    }

    /// Gives an account another role on the whole server.
    pub(super) fn set_role(
        &mut self,
        now: Moment,
        by: Option<&Person>,
        user: UserId,
        role: Role,
        waiting: Waiting,
    ) {
        let Some(account) = self.accounts.get_mut(user) else { return };
        account.row.role = role;
        let (row, sessions) = (account.row.clone(), account.sessions.clone());
        let looks = self.looks_of(&sessions);
        for session in &sessions {
            if let Some(entry) = self.sessions.get_mut(session) {
                entry.role = role;
            }
        }
        self.tell_looks_of(now, looks);
        self.recheck_private_places(now, user);
        let target = Some((user, &row.nick));
        let detail = json!({ "role": role, "everywhere": true });
        self.audit(now, by, Deed { action: "role", room: None, target, detail });
        self.queue_awaited(Op::SaveAccount(Box::new(row.clone())), waiting);
    }

    /// An owner gives somebody another role on the whole server.
    pub(super) fn promote_by(
        &mut self,
        now: Moment,
        person: &Person,
        nick: &Nick,
        role: Role,
        reply: Reply,
    ) -> Outcome {
        if person.role != Role::Owner {
            let message = "Only owners of the server may do that.";
            return Err(Refusal::because(Code::Forbidden, message));
        }
        let account = self.accounts.named(&nick.keys());
        let account = account.ok_or_else(|| Refusal::new(Code::NickNotFound).field("nick"))?;
        let user = account.row.id;
        if user == person.user {
            let message = "That is you: another owner has to do it, or the operator.";
            return Err(Refusal::because(Code::Forbidden, message).field("nick"));
        }
        self.set_role(now, Some(person), user, role, Waiting::for_ok(reply));
        Ok(())
    }

    /// Answers an HTTP request that waits for nothing.
    pub(super) fn answer_http(&mut self, channel: Channel, json: &serde_json::Value) {
        let json = json.to_string().into();
        self.effects
            .push(Effect::Http(Http { channel, answer: Ok(Shown { json, duplicate: false }) }));
    }

    /// Forgets names whose quarantine is over, and what the store need not know any longer.
    pub(super) fn prune_people(&mut self, now: Moment) {
        let quarantine = i64::try_from(self.rules.accounts.quarantine_s.saturating_mul(1000));
        let before = Timestamp(now.wall.0.saturating_sub(quarantine.unwrap_or(i64::MAX)));
        for user in self.accounts.past_quarantine(before) {
            self.accounts.remove(user);
            self.queue_op(Op::ForgetAccount(user));
        }
        let past = |seconds: u64| {
            let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
            Timestamp(now.wall.0.saturating_sub(millis))
        };
        let (addresses, audit) = (self.rules.privacy.addresses_s, self.rules.privacy.audit_s);
        // Here too: a login that is used is written as it is known here.
        self.accounts.shorten_addresses(past(addresses));
        self.queue_op(Op::ShortenAddresses { before: past(addresses) });
        self.queue_op(Op::ForgetAudit { before: past(audit) });
    }
}
