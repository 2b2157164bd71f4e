//! Retention: the oldest events of a room go, a bounded number at once.
//!
//! Invariant: what is kept has no hole, because only the oldest goes; the head outlives the last
//! event, because it is written down first.

use rusqlite::{Connection, params};

use super::compaction;
use super::rows::{RoomId, number, place};
use crate::model::Timestamp;

/// At most so many rows at once,
const ROWS: usize = if cfg!(test) { 20 } else { 2000 };
/// and no further row once they hold so many bytes of text.
const BYTES: i64 = 2 * 1024 * 1024;

/// What is to go: events older than `before`, and all but the newest `keep_last`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    pub(super) before: Option<Timestamp>,
    pub(super) keep_last: Option<u64>,
}

/// What a step of pruning did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pruned {
    /// The oldest event that is kept; head + 1 if none is.
    pub(super) first_seq: u64,
    /// The bound was reached.
    pub(super) more: bool,
    /// Something was removed.
    pub(super) any: bool,
}

impl Retention {
    fn outlives(&self, seq: u64, at: Timestamp, head: u64) -> bool {
        self.before.is_none_or(|before| at >= before)
            && self.keep_last.is_none_or(|keep| seq > head.saturating_sub(keep))
    }
}

/// Takes one step with a room whose newest event is `head`.
pub(super) fn step(
    conn: &Connection,
    room: RoomId,
    head: u64,
    retention: Retention,
) -> rusqlite::Result<Pruned> {
    let (first_seq, more) = survivor(conn, room, head, retention)?;
    let until = params![room.0, number(first_seq)];
    // Overwritten in place: what stands there is gone at once, the space comes back later.
    let sql = "UPDATE events SET kept = 0, nick = zeroblob(octet_length(nick)),
                   body = zeroblob(octet_length(body))
               WHERE room = ?1 AND seq < ?2 AND kept";
    let gone = conn.prepare_cached(sql)?.execute(until)?;
    if gone > 0 {
        let sql = "DELETE FROM reactions WHERE room = ?1 AND target < ?2";
        conn.prepare_cached(sql)?.execute(until)?;
        let sql = "UPDATE rooms SET seq = ?2 WHERE id = ?1";
        conn.prepare_cached(sql)?.execute(params![room.0, number(head)])?;
        compaction::step(conn, gone)?;
    }
    Ok(Pruned { first_seq, more, any: gone > 0 })
}

/// The oldest event that stays after this step, and whether a bound made it stay.
fn survivor(
    conn: &Connection,
    room: RoomId,
    head: u64,
    retention: Retention,
) -> rusqlite::Result<(u64, bool)> {
    let sql = "SELECT seq, at, octet_length(body) FROM events
               WHERE room = ?1 AND kept ORDER BY seq";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([room.0])?;
    let (mut gone, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        let (seq, at) = (place(row.get(0)?), Timestamp(row.get(1)?));
        if retention.outlives(seq, at, head) {
            return Ok((seq, false));
        }
        if gone == ROWS || bytes > BYTES {
            return Ok((seq, true));
        }
        gone += 1;
        bytes += row.get::<_, i64>(2)?;
    }
    Ok((head + 1, false))
}
