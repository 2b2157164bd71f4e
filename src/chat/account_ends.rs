//! Accounts end: their logins at once, their words as their owner wishes, their names after a
//! quarantine.

use serde_json::json;

use super::accounts::Proof;
use super::bucket::Moment;
use super::effect::{Channel, Reply};
use super::peace::Deed;
use super::people::Person;
use super::room::Room;
use super::speaking::Waiting;
use super::state::Chat;
use crate::model::{Nick, Role, Timestamp, TokenHash, UserId};
use crate::protocol::{Close, Code, Refusal, event_json};
use crate::store::{Op, RoomId};

/// What becomes of the messages of an account that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legacy {
    /// They stay, as those of a deleted account.
    Kept,
    /// They are removed.
    Removed,
}

impl Chat {
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
        let special = |room: &&Room| room.roles.contains_key(&user);
        let rooms: Vec<RoomId> = self.rooms.values().filter(special).map(|room| room.id).collect();
        for room in rooms {
            self.set_room_role(room, user, None);
        }
    }

    /// Takes the name out of what somebody said, in memory and in the store.
    fn erase_author(&mut self, user: UserId) {
        self.erase_from_memory(user);
        self.queue_op(Op::EraseAuthor { user, from: 0 });
    }

    pub(super) fn erase_from_memory(&mut self, user: UserId) {
        for room in self.rooms.values_mut() {
            let name = &room.name;
            room.recent.erase_author(user, |event| event_json(name, event));
        }
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
