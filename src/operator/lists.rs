//! What the operator looks at: the accounts, and who did what, as a table or as JSON.
//!
//! It reads the database beside a server that runs; it changes nothing.

use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::{Undone, database};
use crate::chat::deed;
use crate::store::{self, AccountRow, AuditRow};

/// The accounts, by name; also those whose names wait for the end of their quarantine.
#[derive(Debug)]
pub struct Accounts(Vec<AccountRow>);

/// Who did what, the newest first.
#[derive(Debug)]
pub struct Deeds(Vec<AuditRow>);

impl Accounts {
    /// Reads those of the database under `data`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(data: &Path) -> Result<Self, Undone> {
        let mut rows = store::accounts(&database(data)?)?;
        rows.sort_by(|a, b| a.nick.as_str().cmp(b.nick.as_str()));
        Ok(Self(rows))
    }
}

impl Deeds {
    /// Reads the newest `limit` of the database under `data`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(data: &Path, limit: usize) -> Result<Self, Undone> {
        Ok(Self(store::audit(&database(data)?, limit)?))
    }
}

impl Serialize for Accounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let account = |row: &AccountRow| {
            json!({
                "nick": row.nick,
                "role": row.role,
                "created_at": row.created_at,
                "deleted_at": row.ended_at,
            })
        };
        let accounts: Vec<_> = self.0.iter().map(account).collect();
        json!({ "accounts": accounts }).serialize(serializer)
    }
}

impl Serialize for Deeds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let deeds: Vec<_> = self.0.iter().map(deed).collect();
        json!({ "deeds": deeds }).serialize(serializer)
    }
}

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("No accounts. The first: parlor user add NAME --role owner\n");
        }
        writeln!(f, "{:<32}  {:<9}  {:<24}  DELETED", "NAME", "ROLE", "SINCE")?;
        for AccountRow { nick, role, created_at, ended_at, .. } in &self.0 {
            let (nick, since) = (tame(nick.as_str()), created_at.to_string());
            let deleted = ended_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            writeln!(f, "{nick:<32}  {:<9}  {since:<24}  {deleted}", role.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for Deeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("Nothing was done yet.\n");
        }
        let (at, room) = ("AT", "ROOM");
        writeln!(f, "{at:<24}  {:<16}  {:<14}  {room:<16}  {:<16}  MORE", "BY", "DID", "TO")?;
        for row in &self.0 {
            let shown = |text: &Option<String>| tame(text.as_deref().unwrap_or("-"));
            let (at, by, action) = (row.at.to_string(), tame(&row.actor_nick), tame(&row.action));
            let (room, to) = (shown(&row.room_name), shown(&row.target_nick));
            let more = tame(&row.detail);
            writeln!(f, "{at:<24}  {by:<16}  {action:<14}  {room:<16}  {to:<16}  {more}")?;
        }
        Ok(())
    }
}

/// A text that does nothing to a terminal: names and reasons are other people's.
fn tame(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut tame = String::new();
    for c in text.chars() {
        match hidden(c) {
            true => tame.extend(c.escape_unicode()),
            false => tame.push(c),
        }
    }
    tame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn row(actor: &str, detail: &str) -> AuditRow {
        AuditRow {
            id: 1,
            at: Timestamp(0),
            actor: None,
            actor_nick: actor.to_owned(),
            action: "role".to_owned(),
            room: None,
            room_name: None,
            target: None,
            target_nick: Some("ada".to_owned()),
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn a_deed_is_one_line_and_does_nothing_to_the_terminal() {
        let shown = Deeds(vec![row("a\u{202e}b", "{\"reason\":\"\u{1b}[2J\u{9b}\"}")]).to_string();
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown:?}");
        assert!(shown.contains(r"a\u{202e}b") && shown.contains("ada"), "{shown}");
    }

    #[test]
    fn nothing_is_told_as_nothing() {
        assert_eq!(Deeds(Vec::new()).to_string(), "Nothing was done yet.\n");
        assert!(Accounts(Vec::new()).to_string().contains("--role owner"));
    }
}
