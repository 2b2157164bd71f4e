//! All that is stored of one person as one JSON document, written while it is read: a page of the
//! log is in memory at a time.
//!
//! What lets in (passwords, tokens, their hashes, fingerprints of addresses) is not in it, nor what
//! others said. The field names are those of the protocol.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Undone, database};
use crate::chat::deed;
use crate::model::{Body, Event, Nick, Timestamp};
use crate::store::{self, ImageRow, Person, PersonData, PersonLogin, ReportRow, SanctionRow};

/// Why an export broke off.
#[derive(Debug)]
pub enum Broken {
    /// What is stored cannot be had.
    Undone(Undone),
    /// Nobody takes the document.
    Unwritten(io::Error),
}

impl From<Undone> for Broken {
    fn from(undone: Undone) -> Self {
        Self::Undone(undone)
    }
}

impl From<store::StoreError> for Broken {
    fn from(error: store::StoreError) -> Self {
        Self::Undone(error.into())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Unwritten(error)
    }
}

/// Writes all that the database under `data` has of the account `nick`.
///
/// # Errors
/// [`Undone::NoAccount`] before anything is written; else the document is cut short.
pub fn export(data: &Path, nick: &Nick, out: &mut impl Write) -> Result<(), Broken> {
    let mut person = store::person(&database(data)?, nick)?.ok_or(Undone::NoAccount)?;
    let head = Value::Object(short(&person.data)).to_string();
    write!(out, "{},\"deeds\":[", head.strip_suffix('}').unwrap_or(&head))?;
    let mut first = true;
    while let Some(page) = some(person.next_notes()?) {
        for row in &page {
            entry(out, &mut first, &deed(row))?;
        }
    }
    out.write_all(b"\n],\"events\":[")?;
    events(&mut person, out)?;
    out.write_all(b"\n]}\n")?;
    Ok(out.flush()?)
}

fn events(person: &mut Person, out: &mut impl Write) -> Result<(), Broken> {
    let mut first = true;
    while let Some(page) = some(person.next_events()?) {
        for (room, event) in &page {
            entry(out, &mut first, &Said::of(room.as_deref(), event))?;
        }
    }
    Ok(())
}

/// A page, if it holds anything.
fn some<T>(page: Vec<T>) -> Option<Vec<T>> {
    Some(page).filter(|page| !page.is_empty())
}

/// One entry of a list, on a line of its own.
fn entry(out: &mut impl Write, first: &mut bool, value: &impl Serialize) -> io::Result<()> {
    out.write_all(if std::mem::take(first) { b"\n" } else { b",\n" })?;
    out.write_all(&crate::protocol::wire::json(value))
}

/// An entry of a log that the person made.
#[derive(Serialize)]
struct Said<'a> {
    r#type: &'static str,
    room: Option<&'a str>,
    seq: u64,
    at: Timestamp,
    /// Who made it, as elsewhere: `moderated` has a `nick` of its own, of the one concerned.
    from: &'a Nick,
    #[serde(flatten)]
    body: &'a Body,
}

impl<'a> Said<'a> {
    fn of(room: Option<&'a str>, event: &'a Event) -> Self {
        let Event { seq, at, author, body } = event;
        Self { r#type: body.kind(), room, seq: *seq, at: *at, from: &author.nick, body }
    }
}

/// What is never long.
fn short(data: &PersonData) -> serde_json::Map<String, Value> {
    let PersonData { account, logins, devices, room_roles, reads, sanctions, reports, pictures } =
        data;
    let list = |values: Vec<Value>| Value::Array(values);
    let roles = room_roles.iter().map(|(room, role)| json!({ "room": room, "role": role }));
    let read = reads.iter().map(|(room, seq)| json!({ "room": room, "seq": seq }));
    let seen = devices.iter().map(|at| json!({ "seen_at": at }));
    [
        ("exported_at", json!(Timestamp::now())),
        (
            "account",
            json!({
                "nick": account.nick,
                "role": account.role,
                "created_at": account.created_at,
                "deleted_at": account.ended_at,
            }),
        ),
        ("logins", list(logins.iter().map(login).collect())),
        ("devices", list(seen.collect())),
        ("rooms", list(roles.collect())),
        ("read", list(read.collect())),
        ("sanctions", list(sanctions.iter().map(sanction).collect())),
        ("reports", list(reports.iter().map(report).collect())),
        ("pictures", list(pictures.iter().map(picture).collect())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

fn login(login: &PersonLogin) -> Value {
    let PersonLogin { id, created_at, used_at, expires_at, label, address } = login;
    json!({
        "id": id.to_string(),
        "created_at": created_at,
        "used_at": used_at,
        "expires_at": expires_at,
        "device": label,
        "address": address,
    })
}

fn sanction((room, row): &(Option<String>, SanctionRow)) -> Value {
    json!({
        "kind": row.kind.name(),
        "room": room,
        "nick": row.nick,
        "by": row.by,
        "reason": row.reason,
        "at": row.at,
        "until": row.until,
    })
}

fn report((room, row): &(Option<String>, ReportRow)) -> Value {
    json!({ "room": room, "seq": row.seq, "reason": row.reason, "at": row.at })
}

fn picture((row, room): &(ImageRow, Option<String>)) -> Value {
    json!({
        "id": row.id,
        "room": room,
        "seq": row.seq,
        "type": row.kind.media_type(),
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
        "alt": row.alt,
        "name": row.name,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    })
}
