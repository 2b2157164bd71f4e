//! An operation as a line of JSON, and back. What comes out is checked: whoever wrote the line may be
//! another version of us.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::chat::{Legacy, Operation};
use crate::model::{Nick, PasswordHash, Role};
use crate::protocol::{Code, Refusal};

#[derive(Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Order<'a> {
    Add { nick: Cow<'a, str>, role: Role, password: Cow<'a, str> },
    Password { nick: Cow<'a, str>, password: Cow<'a, str> },
    Role { nick: Cow<'a, str>, role: Role },
    Delete { nick: Cow<'a, str>, remove_messages: bool },
    Invite { uses: u32, seconds: u64 },
}

/// The line, without its end.
pub(super) fn write(operation: &Operation) -> Vec<u8> {
    let name = |nick: &Nick| Cow::Owned(nick.as_str().to_owned());
    let hash = |password: &PasswordHash| Cow::Owned(password.as_str().to_owned());
    let order = match operation {
        Operation::Add { nick, role, password } => {
            Order::Add { nick: name(nick), role: *role, password: hash(password) }
        }
        Operation::Password { nick, password } => {
            Order::Password { nick: name(nick), password: hash(password) }
        }
        Operation::Role { nick, role } => Order::Role { nick: name(nick), role: *role },
        Operation::Delete { nick, legacy } => {
            Order::Delete { nick: name(nick), remove_messages: *legacy == Legacy::Removed }
        }
        Operation::Invite { uses, seconds } => Order::Invite { uses: *uses, seconds: *seconds },
    };
    crate::protocol::wire::json(&order)
}

/// The operation that a line asks for.
///
/// # Errors
/// `bad_json` for what is no order of ours, `nick_invalid`, `invalid_field`.
pub(super) fn read(line: &[u8]) -> Result<Operation, Refusal> {
    // What serde says may quote the line.
    let unknown = |_| Refusal::because(Code::BadJson, "This server does not know this order.");
    Ok(match serde_json::from_slice(line).map_err(unknown)? {
        Order::Add { nick, role, password } => Operation::Add {
            nick: name(&nick)?,
            role: account_role(role)?,
            password: hash(&password)?,
        },
        Order::Password { nick, password } => {
            Operation::Password { nick: name(&nick)?, password: hash(&password)? }
        }
        Order::Role { nick, role } => {
            Operation::Role { nick: name(&nick)?, role: account_role(role)? }
        }
        Order::Delete { nick, remove_messages } => {
            let legacy = if remove_messages { Legacy::Removed } else { Legacy::Kept };
            Operation::Delete { nick: name(&nick)?, legacy }
        }
        Order::Invite { uses, seconds } => Operation::Invite { uses, seconds },
    })
}

fn name(nick: &str) -> Result<Nick, Refusal> {
    Nick::parse(nick).ok_or_else(|| Code::NickInvalid.into())
}

fn hash(text: &str) -> Result<PasswordHash, Refusal> {
    PasswordHash::parse(text).ok_or_else(|| Refusal::new(Code::InvalidField).field("password"))
}

fn account_role(role: Role) -> Result<Role, Refusal> {
    match role {
        Role::Guest => Err(Refusal::new(Code::InvalidField).field("role")),
        role => Ok(role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_out_as_it_went_in() {
        let nick = || Nick::parse("Ada").unwrap();
        let password = || PasswordHash::parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA").unwrap();
        let (role, legacy) = (Role::Owner, Legacy::Removed);
        for operation in [
            Operation::Add { nick: nick(), role, password: password() },
            Operation::Password { nick: nick(), password: password() },
            Operation::Role { nick: nick(), role },
            Operation::Delete { nick: nick(), legacy },
            Operation::Delete { nick: nick(), legacy: Legacy::Kept },
            Operation::Invite { uses: 3, seconds: 60 },
        ] {
            let line = write(&operation);
            assert!(!line.contains(&b'\n'));
            let back = read(&line).unwrap();
            assert_eq!(format!("{back:?}"), format!("{operation:?}"));
            assert_eq!(write(&back), line);
        }
    }

    #[test]
    fn what_is_no_order_is_refused_without_being_quoted() {
        for (line, code) in [
            ("", "bad_json"),
            ("{}", "bad_json"),
            (r#"{"do":"dance"}"#, "bad_json"),
            (r#"{"do":"role","nick":"ada","role":"king"}"#, "bad_json"),
            (r#"{"do":"role","nick":"ada","role":"guest"}"#, "invalid_field"),
            (r#"{"do":"role","nick":" ","role":"owner"}"#, "nick_invalid"),
            (r#"{"do":"password","nick":"ada","password":"tr4vk9wz"}"#, "invalid_field"),
        ] {
            let refusal = read(line.as_bytes()).unwrap_err();
            assert_eq!(refusal.code.name(), code, "{line}");
            assert!(!refusal.message.contains("tr4vk9wz"));
        }
    }
}
