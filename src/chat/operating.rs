//! What the operator does at the command line: accounts without the network in between.

use serde_json::json;

use super::account_ends::Legacy;
use super::bucket::Moment;
use super::effect::{Channel, Reply};
use super::peace::Deed;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{Nick, PasswordHash, Role, UserId};
use crate::protocol::{Code, Refusal, wire};

/// What the operator wants done.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Add an account.
    Add { nick: Nick, role: Role, password: PasswordHash },
    /// Give an account a new password; all its logins end.
    Password { nick: Nick, password: PasswordHash },
    /// Give an account another role.
    Role { nick: Nick, role: Role },
    /// Delete an account.
    Delete { nick: Nick, legacy: Legacy },
    /// Make an invitation to register.
    Invite { uses: u32, seconds: u64 },
}

impl Chat {
    /// Does what the operator wants.
    pub fn operate(&mut self, now: Moment, operation: Operation, channel: Channel) {
        let reply = Reply::Http(channel.clone());
        if let Err(refusal) = self.try_operate(now, operation, channel) {
            self.refuse(reply, &refusal);
        }
    }

    fn try_operate(&mut self, now: Moment, operation: Operation, channel: Channel) -> Outcome {
        self.room_to_wait()?;
        let reply = Reply::Http(channel.clone());
        match operation {
            Operation::Add { nick, role, password } => {
                // A guest who has the name just now loses it to its owner when they come.
                if self.accounts.owner(&nick.keys()).is_some() || Nick::is_reserved(&nick.keys()) {
                    return Err(Refusal::new(Code::NickTaken).field("nick"));
                }
                let user = self.found_account(now, nick.clone(), role, password, reply);
                let (target, detail) = (Some((user, &nick)), json!({ "role": role }));
                self.audit(now, None, Deed { action: "add", room: None, target, detail });
            }
            Operation::Password { nick, password } => {
                let user = self.account_named(&nick)?;
                self.set_password(now, None, user, password, None, reply);
            }
            Operation::Role { nick, role } => {
                let user = self.account_named(&nick)?;
                let frame = wire::text(&json!({ "nick": nick, "role": role }));
                self.set_role(now, None, user, role, Waiting::for_frame(reply, frame));
            }
            Operation::Delete { nick, legacy } => {
                let user = self.account_named(&nick)?;
                self.delete_account(now, None, user, legacy, reply);
            }
            Operation::Invite { uses, seconds } => {
                self.invite_to_register(now, None, uses, seconds, reply)?;
            }
        }
        Ok(())
    }

    fn account_named(&self, nick: &Nick) -> Result<UserId, Refusal> {
        let account = self.accounts.named(&nick.keys());
        account
            .map(|account| account.row.id)
            .ok_or_else(|| Refusal::because(Code::NickNotFound, "There is no such account."))
    }
}
