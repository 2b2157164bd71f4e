//! Accounts begin, change and end. What a password is worth was decided before (`web`, `auth`).
//!
//! Invariants: a name is reserved from the moment of its registration on, so of many that come at
//! once one gets it; what is acknowledged is kept. A change counts here at once; where the store
//! cannot keep it now, it keeps it later.

use serde_json::json;

use super::allowance::Allowance;
use super::bucket::Moment;
use super::effect::Effect;
use super::effect::{Channel, Http, Reply, Shown};
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::config::Registration;
use crate::model::{Nick, PasswordHash, Role, Timestamp, TokenHash, UserId};
use crate::protocol::{Code, Refusal, wire};
use crate::store::{self, AccountRow, LoginRow, Op, ReadRow, RoomRoleRow};

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

    /// Answers an HTTP request that waits for nothing.
    pub(super) fn answer_http(&mut self, channel: Channel, json: &serde_json::Value) {
        let json = json.to_string().into();
        self.effects
            .push(Effect::Http(Http { channel, answer: Ok(Shown { json, duplicate: false }) }));
    }
}
