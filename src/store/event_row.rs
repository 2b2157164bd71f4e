//! An event as a row of the log: writing it, finding it, taking its text away, reading it back.
//!
//! Removed text must be gone from the file, and SQLite leaves copies behind where it moves rows
//! within the file (it zeroes what it deletes, not what it copied). So a row never changes its size
//! and is overwritten where it stands: a text is replaced by as many spaces behind the JSON, a kind
//! by one with as many letters.
//!
//! Invariant: of an edited message only the newest edit's row holds a text. The message itself
//! (`amended`) and earlier edits (`former`) read it from there, so an edit changes two rows however
//! many came before.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Append;
use super::rows::{RoomId, nick, number, place};
use crate::model::{Author, Body, Event, Gone, ImageId, MessageText, Nick, Timestamp, UserId};

/// The columns that [`restore`] reads.
pub(super) const COLUMNS: &str = "seq, at, kind, user, nick, guest, body, target";

/// Besides the kinds of [`Body::kind`]: a message whose text is in its newest edit,
const AMENDED: &str = "amended";
/// a deleted message,
const REMOVED: &str = "removed";
/// an edit with a later edit,
const FORMER: &str = "former";
/// and the newest edit of a deleted message.
const ERASED: &str = "erased";

/// A message that a later event is about. It is not deleted.
pub(super) struct Target {
    pub(super) user: UserId,
    pub(super) nick: Nick,
    pub(super) at: Timestamp,
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
    let sql = "SELECT 1 FROM events WHERE room = ?1 AND seq = ?2 AND kept
               AND kind IN ('message', 'amended', 'removed')";
    conn.prepare_cached(sql)?.exists([room.0, number(seq)])
}

/// Whether a row with [`COLUMNS`] is a message that was not deleted.
pub(super) fn is_shown_message(row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(matches!(row.get_ref("kind")?.as_str()?, "message" | AMENDED))
}

/// The message at `seq`, unless it was deleted.
pub(super) fn find(conn: &Connection, room: RoomId, seq: u64) -> rusqlite::Result<Option<Target>> {
    let sql = "SELECT user, nick, at FROM events WHERE room = ?1 AND seq = ?2 AND kept
               AND kind IN ('message', 'amended')";
    conn.prepare_cached(sql)?
        .query_row([room.0, number(seq)], |row| {
            let (user, at) = (UserId(row.get("user")?), Timestamp(row.get("at")?));
            Ok(Target { user, nick: nick(row, "nick")?, at })
        })
        .optional()
}

/// Takes the text of a message away before its next edit is written.
pub(super) fn supersede(conn: &Connection, room: RoomId, target: u64) -> rusqlite::Result<()> {
    blank(conn, AT, room, target, AMENDED)?;
    blank(conn, NEWEST_EDIT, room, target, FORMER)
}

/// Puts the place where it was in place of a picture of a message. Returns whether it was there.
pub(super) fn end_picture(
    conn: &Connection,
    room: RoomId,
    target: u64,
    image: ImageId,
    why: Gone,
) -> rusqlite::Result<bool> {
    let end = |body: &mut Body| body.end_picture(image, why);
    rewrite(conn, AT, room, target, None, end)
}

/// Lets a picture of a message that waited for a moderator be seen. Returns whether it did wait.
pub(super) fn approve_picture(
    conn: &Connection,
    room: RoomId,
    target: u64,
    image: ImageId,
) -> rusqlite::Result<bool> {
    rewrite(conn, AT, room, target, None, |body| body.approve_picture(image))
}

/// Takes the text of a message away for good.
pub(super) fn erase(conn: &Connection, room: RoomId, target: u64) -> rusqlite::Result<()> {
    blank(conn, AT, room, target, REMOVED)?;
    blank(conn, NEWEST_EDIT, room, target, ERASED)
}

/// The row at a place,
const AT: &str = "SELECT kind, body, seq, id FROM events
                  WHERE room = ?1 AND seq = ?2 AND kept";
/// and the row of the newest edit of the message at a place.
const NEWEST_EDIT: &str = "SELECT kind, body, seq, id FROM events
                           WHERE room = ?1 AND target = ?2
                           AND kept AND kind IN ('edited', 'erased')";

/// Overwrites the text of the row that `find` finds, if any, and says by `kind` what it is now.
fn blank(
    conn: &Connection,
    find: &str,
    room: RoomId,
    place: u64,
    kind: &str,
) -> rusqlite::Result<()> {
    let removed = kind == REMOVED;
    let take_out = |body: &mut Body| {
        match body {
            Body::Message(message) => {
                message.text = MessageText::removed();
                if removed {
                    message.images.iter_mut().for_each(|image| image.end(Gone::Deleted));
                }
            }
            Body::Edited(edit) => edit.text = MessageText::removed(),
            _ => {}
        }
        true
    };
    rewrite(conn, find, room, place, Some(kind), take_out).map(drop)
}

/// Overwrites the body of the row that `find` finds where it stands, if `change` changed it, and
/// its kind if one is given. A change never makes a body longer.
fn rewrite(
    conn: &Connection,
    find: &str,
    room: RoomId,
    place: u64,
    kind: Option<&str>,
    change: impl FnOnce(&mut Body) -> bool,
) -> rusqlite::Result<bool> {
    let found = conn.prepare_cached(find)?.query_row([room.0, number(place)], |row| {
        let (mut body, size) = stored(room, row)?;
        if !change(&mut body) {
            return Ok(None);
        }
        let mut body = json(&body)?;
        debug_assert!(body.len() <= size, "a change never makes a body longer");
        body.extend(std::iter::repeat_n(' ', size.saturating_sub(body.len())));
        Ok(Some((row.get::<_, i64>("id")?, body)))
    });
    let Some((id, body)) = found.optional()?.flatten() else { return Ok(false) };
    let sql = "UPDATE events SET kind = coalesce(?2, kind), body = ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![id, kind, body])?;
    Ok(true)
}

/// Reads an event from a row with [`COLUMNS`]; with it the size of its body in bytes.
pub(super) fn restore(
    conn: &Connection,
    room: RoomId,
    row: &Row<'_>,
) -> rusqlite::Result<(Event, usize)> {
    let (nick, guest) = (nick(row, "nick")?, row.get("guest")?);
    let author = Author { user: UserId(row.get("user")?), nick, guest };
    let (seq, at) = (place(row.get("seq")?), Timestamp(row.get("at")?));
    let (mut body, mut size) = stored(room, row)?;
    let kind = row.get_ref("kind")?.as_str()?;
    let about = match kind {
        AMENDED | REMOVED => Some(number(seq)),
        FORMER => row.get("target")?,
        _ => None,
    };
    if let Some(about) = about
        && let Some((newest, its_size)) = newest_edit(conn, room, about)?
    {
        body.apply(seq, &newest);
        if kind == FORMER {
            body = newest;
        }
        size += its_size;
    }
    if matches!(kind, REMOVED | ERASED) {
        body.redact();
    }
    Ok((Event { seq, at, author, body }, size))
}

fn newest_edit(
    conn: &Connection,
    room: RoomId,
    target: i64,
) -> rusqlite::Result<Option<(Body, usize)>> {
    conn.prepare_cached(NEWEST_EDIT)?
        .query_row([room.0, target], |row| {
            let (mut body, size) = stored(room, row)?;
            if row.get_ref("kind")?.as_str()? == ERASED {
                body.redact();
            }
            Ok((body, size))
        })
        .optional()
}

/// The body as the row has it, and its size in bytes.
///
/// One that cannot be read any more (a damaged disk) reads as a deleted message: the places in the
/// log stay dense, and one bad row does not take the others with it.
fn stored(room: RoomId, row: &Row<'_>) -> rusqlite::Result<(Body, usize)> {
    let kind = match row.get_ref("kind")?.as_str()? {
        AMENDED | REMOVED => "message",
        FORMER | ERASED => "edited",
        kind => kind,
    };
    let json = row.get_ref("body")?.as_str()?;
    let body = Body::restore(kind, json);
    let seq: i64 = row.get("seq")?;
    let body = body.unwrap_or_else(|error| {
        // What serde says of it may quote it.
        let (what, column) = (error.classify(), error.column());
        log::error!("event {seq} of room {} is illegible: {what:?} at byte {column}", room.0);
        let mut lost = Body::message(MessageText::removed(), None, None);
        lost.redact();
        lost
    });
    Ok((body, json.len()))
}

fn json(body: &Body) -> rusqlite::Result<String> {
    serde_json::to_string(body)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
