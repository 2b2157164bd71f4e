//! Reading the audit log, for owners; and invitations to register, for moderators of the server.

use serde_json::{Value, json};

use super::bucket::Moment;
use super::effect::{Channel, Reply, Shown};
use super::server::ChatServer;
use super::state::{Chat, Outcome};
use crate::model::{Role, TokenHash};
use crate::protocol::{Code, Refusal};
use crate::store::{AuditRow, StoreError};

impl Chat {
    /// Refuses who is no owner.
    fn may_audit(&mut self, now: Moment, token: &TokenHash) -> Outcome {
        let person = self.holder(now, token)?;
        match person.role {
            Role::Owner => Ok(()),
            Role::Guest => Err(Code::LoginRequired.into()),
            _ => {
                let message = "Only owners of the server may do that.";
                Err(Refusal::because(Code::Forbidden, message))
            }
        }
    }

    /// Makes an invitation to register.
    pub fn make_invitation(
        &mut self,
        now: Moment,
        token: &TokenHash,
        uses: u32,
        seconds: u64,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        let done = self.holder(now, token).and_then(|person| match person.role {
            Role::Guest => Err(Code::LoginRequired.into()),
            Role::Member => {
                let message = "Only moderators of the server may do that.";
                Err(Refusal::because(Code::Forbidden, message))
            }
            Role::Moderator | Role::Owner => {
                self.invite_to_register(now, Some(&person), uses, seconds, reply.clone())
            }
        });
        if let Err(refusal) = done {
            self.refuse(reply, &refusal);
        }
    }
}

impl ChatServer {
    pub(super) fn read_audit(
        &mut self,
        token: &TokenHash,
        before: Option<u64>,
        limit: usize,
        channel: Channel,
    ) {
        if let Err(refusal) = self.chat.may_audit(Self::now(), token) {
            self.chat.refuse(Reply::Http(channel), &refusal);
            return;
        }
        let before = before.and_then(|before| i64::try_from(before).ok());
        let told = channel.clone();
        let done = move |rows: Result<Vec<AuditRow>, StoreError>| told.send(answer(rows));
        if let Err(error) = self.store.audit(before, limit, done) {
            channel.send(answer(Err(error)));
        }
    }
}

fn answer(rows: Result<Vec<AuditRow>, StoreError>) -> Result<Shown, Refusal> {
    let rows = rows.map_err(|_| Refusal::new(Code::Busy).retry_after(1000))?;
    let deeds: Vec<Value> = rows.iter().map(deed).collect();
    let json = json!({ "deeds": deeds }).to_string().into();
    Ok(Shown { json, duplicate: false })
}

/// One entry of the audit log, as owners see it.
pub fn deed(row: &AuditRow) -> Value {
    let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
    json!({
        "id": row.id,
        "at": row.at,
        "by": row.actor_nick,
        "action": row.action,
        "room": row.room_name,
        "nick": row.target_nick,
        "detail": detail,
    })
}
