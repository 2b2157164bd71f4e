//! What changes about an account: its password, and what it may do on the whole server. A change counts
//! here at once; where the store cannot keep it now, it keeps it later.

use serde_json::json;

use super::accounts::Proof;
use super::bucket::Moment;
use super::effect::{Channel, Reply};
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{LoginId, Nick, PasswordHash, Role, TokenHash, UserId};
use crate::protocol::{Close, Code, Refusal};
use crate::store::Op;

impl Chat {
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
        account.renewed_at = Some(now.wall);
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
}
