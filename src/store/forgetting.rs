//! What is taken away when somebody leaves for good: the account and all that is said of it, and
//! the name in what they wrote. The messages themselves are removed or kept by the chat.
//!
//! Invariant: a row of the log never changes its size (`event_row`): a name is overwritten by as
//! many zeros and shown as [`Nick::deleted`](crate::model::Nick::deleted).

use rusqlite::{Connection, params};

use super::people::{LoginRow, end_logins};
use super::{Outcome, private};
use crate::model::{LoginId, UserId};

/// So many rows of the log are looked through at once.
const ROWS: i64 = 20_000;

/// Forgets an account and all that is known of it but its events.
pub(super) fn account(conn: &Connection, user: UserId) -> rusqlite::Result<()> {
    let logins: Vec<LoginId> =
        LoginRow::of(conn, user)?.into_iter().map(|login| login.id).collect();
    end_logins(conn, &logins)?;
    let sql = "DELETE FROM accounts WHERE id = ?1 RETURNING password";
    let slots = conn
        .prepare_cached(sql)?
        .query_map([user.0], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<Option<i64>>>>()?;
    for slot in slots {
        private::put(conn, slot, None)?;
    }
    for sql in [
        "DELETE FROM devices WHERE user = ?1",
        "DELETE FROM room_roles WHERE user = ?1",
        "DELETE FROM reads WHERE user = ?1",
        "DELETE FROM sanctions WHERE user = ?1",
        "DELETE FROM invites WHERE by_user = ?1",
        "DELETE FROM reports WHERE user = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([user.0])?;
    }
    Ok(())
}

/// Overwrites the name of an author in the rows from `from` on, a bounded number of them; in
/// pictures with the last.
pub(super) fn author(conn: &Connection, user: UserId, from: i64) -> rusqlite::Result<Outcome> {
    let sql = "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events)";
    let (first, last): (Option<i64>, Option<i64>) =
        conn.prepare_cached(sql)?.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let (Some(first), Some(last)) = (first, last) {
        let from = from.max(first);
        let next = from.saturating_add(ROWS);
        let sql = "UPDATE events SET nick = zeroblob(octet_length(nick))
                   WHERE id >= ?1 AND id < ?2 AND user = ?3 AND typeof(nick) = 'text'";
        conn.prepare_cached(sql)?.execute([from, next, user.0])?;
        if next <= last {
            return Ok(Outcome::Next(next));
        }
    }
    let sql = "UPDATE images SET nick = zeroblob(octet_length(nick))
               WHERE user = ?1 AND typeof(nick) = 'text'";
    conn.prepare_cached(sql)?.execute(params![user.0])?;
    Ok(Outcome::Done)
}
