//! An event as a row of the log: writing it, finding it, changing its text, reading it back.
//!
//! Invariant: of all edits of a message only the newest row holds text. An earlier one is kept as
//! `superseded` and reads like the newest, so an edit changes two rows however many came before.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Append;
use super::rows::{RoomId, number, place};
use crate::model::{Author, Body, Event, MessageText, Nick, Timestamp, UserId};

/// The columns that [`restore`] reads.
pub(super) const COLUMNS: &str = "seq, at, kind, user, nick, guest, body, target";
const SUPERSEDED: &str = "superseded";

/// A message that a later event is about.
pub(super) struct Target {
    pub(super) user: UserId,
    pub(super) at: Timestamp,
    /// The row's key.
    id: i64,
    body: Body,
}

/// Writes an event at its place.
pub(super) fn insert(conn: &Connection, append: &Append, seq: u64) -> rusqlite::Result<()> {
    let Append { room, at, author, body, .. } = append;
    let edited = match body {
        Body::Edited(edit) => Some(number(edit.target)),
        _ => None,
    };
    let sql = "INSERT INTO events (room, seq, at, kind, user, nick, guest, target, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (user, nick, kind) = (author.user.0, author.nick.as_str(), body.kind());
    let (seq, body) = (number(seq), json(body)?);
    let values = params![room.0, seq, at.0, kind, user, nick, author.guest, edited, body];
    conn.prepare_cached(sql)?.execute(values).map(drop)
}

/// Whether there is a message at `seq`, deleted or not.
pub(super) fn is_message(conn: &Connection, room: RoomId, seq: u64) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM events WHERE room = ?1 AND seq = ?2 AND kind = 'message'";
    conn.prepare_cached(sql)?.exists([room.0, number(seq)])
}

/// The message at `seq`, unless it was deleted.
pub(super) fn find(conn: &Connection, room: RoomId, seq: u64) -> rusqlite::Result<Option<Target>> {
    let sql = "SELECT id, user, at, body FROM events
               WHERE room = ?1 AND seq = ?2 AND kind = 'message'";
    let found = conn
        .prepare_cached(sql)?
        .query_row([room.0, number(seq)], |row| {
            let body = Body::restore("message", row.get_ref(3)?.as_str()?).ok();
            let (id, user, at) = (row.get(0)?, UserId(row.get(1)?), Timestamp(row.get(2)?));
            Ok(body.map(|body| Target { id, user, at, body }))
        })
        .optional()?
        .flatten();
    Ok(found.filter(|target| !matches!(&target.body, Body::Message(m) if m.deleted)))
}

/// Applies the edit or deletion `later` to the message that it is about.
pub(super) fn amend(
    conn: &Connection,
    seq: u64,
    target: Target,
    later: &Body,
) -> rusqlite::Result<()> {
    let mut body = target.body;
    body.apply(seq, later);
    let sql = "UPDATE events SET body = ?2 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![target.id, json(&body)?]).map(drop)
}

/// Takes the text out of the newest edit of a message before a newer one is written.
pub(super) fn supersede(conn: &Connection, room: RoomId, target: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET kind = 'superseded', body = ?3
               WHERE room = ?1 AND target = ?2 AND kind = 'edited'";
    let empty = json(&Body::edited(target, MessageText::removed()))?;
    conn.prepare_cached(sql)?.execute(params![room.0, number(target), empty]).map(drop)
}

/// Takes the text out of the newest edit of a message that was deleted.
pub(super) fn redact(conn: &Connection, room: RoomId, target: u64) -> rusqlite::Result<()> {
    let mut gone = Body::edited(target, MessageText::removed());
    gone.redact();
    let sql = "UPDATE events SET body = ?3 WHERE room = ?1 AND target = ?2 AND kind = 'edited'";
    let values = params![room.0, number(target), json(&gone)?];
    conn.prepare_cached(sql)?.execute(values).map(drop)
}

/// Reads an event from a row with [`COLUMNS`]; with it the size of its body in bytes.
pub(super) fn restore(
    conn: &Connection,
    room: RoomId,
    row: &Row<'_>,
) -> rusqlite::Result<(Event, usize)> {
    let author =
        Author { user: UserId(row.get(3)?), nick: Nick::stored(row.get(4)?), guest: row.get(5)? };
    let (seq, at, kind) = (place(row.get(0)?), Timestamp(row.get(1)?), row.get_ref(2)?.as_str()?);
    let (body, bytes) = if kind == SUPERSEDED {
        let newest = newest_edit(conn, room, row.get(7)?)?;
        (legible("edited", &newest, room, seq), newest.len())
    } else {
        let text = row.get_ref(6)?.as_str()?;
        (legible(kind, text, room, seq), text.len())
    };
    Ok((Event { seq, at, author, body }, bytes))
}

fn newest_edit(conn: &Connection, room: RoomId, target: i64) -> rusqlite::Result<String> {
    let sql = "SELECT body FROM events WHERE room = ?1 AND target = ?2 AND kind = 'edited'";
    conn.prepare_cached(sql)?.query_row([room.0, target], |row| row.get(0))
}

/// A body that cannot be read any more (a damaged disk) reads as a deleted message: the places in
/// the log stay dense, and one bad row does not take the others with it.
fn legible(kind: &str, json: &str, room: RoomId, seq: u64) -> Body {
    Body::restore(kind, json).unwrap_or_else(|error| {
        log::error!("event {seq} of room {} is illegible: {error}", room.0);
        let mut lost = Body::message(MessageText::removed(), None, None);
        lost.redact();
        lost
    })
}

fn json(body: &Body) -> rusqlite::Result<String> {
    serde_json::to_string(body)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
