//! Reading a room's log: what can be asked, and one page of it.
//!
//! Invariant: a page is one moment of the log, its events and its ends alike.

use rusqlite::{Connection, OptionalExtension, params};

use super::event_row::{self, COLUMNS};
use super::rows::{RoomId, number, place};
use crate::model::{Event, Nick, Timestamp, UserId};

/// Which part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// What follows `seq`, up to and including `upto`.
    After {
        /// The last event that the reader has.
        seq: u64,
        /// The last one that it wants; the head if it says nothing.
        upto: Option<u64>,
    },
    /// The newest that are older than this one.
    Before(u64),
    /// The newest.
    Latest,
    /// The newest messages of one person that were said at or after a moment and not deleted.
    By {
        /// Whose; where nobody knows, whoever had the name `nick` then.
        who: Whose,
        /// From when on.
        since: Timestamp,
    },
}

/// By whom a message was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This identity.
    User(UserId),
    /// Whoever was shown under this name, as a guest.
    Guest(Nick),
}

/// A question to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Whose.
    pub room: RoomId,
    /// Which part.
    pub range: Range,
    /// At most so many events.
    pub limit: usize,
    /// At most so many bytes of bodies (as JSON), but at least one event.
    pub max_bytes: usize,
}

/// A part of a room's log. Empty, with a head of 0, for a room that the store does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// By ascending `seq`, without a hole.
    pub events: Vec<Event>,
    /// The range holds more, in the direction of reading: later ones for `After`, else older ones.
    pub more: bool,
    /// The newest event's place at that moment; 0 before the first.
    pub head: u64,
    /// The oldest event that was kept at that moment; `head` + 1 if none was.
    pub first_seq: u64,
}

/// Answers a question.
pub(super) fn read(conn: &mut Connection, query: &Query) -> rusqlite::Result<Page> {
    let tx = conn.transaction()?;
    let Some((head, first_seq)) = ends(&tx, query.room)? else {
        return Ok(Page { events: Vec::new(), more: false, head: 0, first_seq: 1 });
    };
    let (events, more) = match query.range {
        Range::After { seq, upto } => select(&tx, query, true, seq, upto.unwrap_or(u64::MAX))?,
        Range::Before(seq) => select(&tx, query, false, 0, seq.saturating_sub(1))?,
        Range::Latest => select(&tx, query, false, 0, u64::MAX)?,
    };
    Ok(Page { events, more, head, first_seq })
}

/// Head and oldest kept event of a room; `None` for an unknown one.
fn ends(conn: &Connection, room: RoomId) -> rusqlite::Result<Option<(u64, u64)>> {
    let sql = "SELECT seq, (SELECT max(seq) FROM events WHERE room = ?1 AND kept),
                   (SELECT min(seq) FROM events WHERE room = ?1 AND kept)
               FROM rooms WHERE id = ?1";
    conn.prepare_cached(sql)?
        .query_row([room.0], |row| {
            let (known, last, first): (i64, Option<i64>, Option<i64>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let head = place(last.map_or(known, |last| last.max(known)));
            Ok((head, first.map_or(head + 1, place)))
        })
        .optional()
}

/// The events after `low` and up to `high`, the oldest or the newest of them, always ascending.
fn select(
    conn: &Connection,
    query: &Query,
    ascending: bool,
    low: u64,
    high: u64,
) -> rusqlite::Result<(Vec<Event>, bool)> {
    let order = if ascending { "ASC" } else { "DESC" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE room = ?1 AND seq > ?2 AND seq <= ?3 AND kept
         ORDER BY seq {order}"
    ))?;
    let mut rows = statement.query(params![query.room.0, number(low), number(high)])?;
    let (mut events, mut bytes, mut more) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        let (event, size) = event_row::restore(conn, query.room, row)?;
        bytes += size;
        if events.len() == query.limit || (bytes > query.max_bytes && !events.is_empty()) {
            more = true;
            break;
        }
        events.push(event);
    }
    if !ascending {
        events.reverse();
    }
    Ok((events, more))
}
