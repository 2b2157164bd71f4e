//! Reading a room's log: what can be asked, and one page of it.
//!
//! Invariant: a page is one moment of the log, its events and its ends alike.

use rusqlite::{Connection, OptionalExtension, Row, params};

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
    /// By ascending `seq`; without a hole, unless they are the messages of one person.
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
    let (events, more) = match &query.range {
        Range::After { seq, upto } => select(&tx, query, true, *seq, upto.unwrap_or(u64::MAX))?,
        Range::Before(seq) => select(&tx, query, false, 0, seq.saturating_sub(1))?,
        Range::Latest => select(&tx, query, false, 0, u64::MAX)?,
        Range::By { who, since } => by(&tx, query, who, *since)?,
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
    let mut sheet = Sheet::of(query);
    while let Some(row) = rows.next()? {
        if !sheet.takes(event_row::restore(conn, query.room, row)?) {
            break;
        }
    }
    if !ascending {
        sheet.events.reverse();
    }
    Ok((sheet.events, sheet.more))
}

/// The newest messages of one person, ascending. The log is walked backwards, and no further than
/// to the first event that is older than `since`.
fn by(
    conn: &Connection,
    query: &Query,
    who: &Whose,
    since: Timestamp,
) -> rusqlite::Result<(Vec<Event>, bool)> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE room = ?1 AND kept ORDER BY seq DESC"
    ))?;
    let mut rows = statement.query([query.room.0])?;
    let mut sheet = Sheet::of(query);
    while let Some(row) = rows.next()? {
        if Timestamp(row.get("at")?) < since {
            break;
        }
        let wanted = event_row::is_shown_message(row)? && is_by(row, who)?;
        if wanted && !sheet.takes(event_row::restore(conn, query.room, row)?) {
            break;
        }
    }
    sheet.events.reverse();
    Ok((sheet.events, sheet.more))
}

fn is_by(row: &Row<'_>, who: &Whose) -> rusqlite::Result<bool> {
    match who {
        Whose::User(user) => Ok(row.get::<_, i64>("user")? == user.0),
        Whose::Guest(nick) => Ok(row.get("guest")?
            && row.get_ref("nick")?.as_str().is_ok_and(|name| name == nick.as_str())),
    }
}

/// The events of a page while it fills.
struct Sheet {
    events: Vec<Event>,
    bytes: usize,
    limit: usize,
    max_bytes: usize,
    /// There was one that had no room.
    more: bool,
}

impl Sheet {
    fn of(query: &Query) -> Self {
        let Query { limit, max_bytes, .. } = *query;
        Self { events: Vec::new(), bytes: 0, limit, max_bytes, more: false }
    }

    /// Takes an event of so many bytes, if it has room.
    fn takes(&mut self, (event, size): (Event, usize)) -> bool {
        self.bytes += size;
        self.more = self.events.len() == self.limit
            || (self.bytes > self.max_bytes && !self.events.is_empty());
        if !self.more {
            self.events.push(event);
        }
        !self.more
    }
}
