//! Giving back the space of pruned rows, without ever moving a row whose text is alive.
//!
//! SQLite merges pages that deletions have emptied, and leaves copies of the rows that it moves in
//! the unused part of the pages: text in places where nobody can overwrite it later. So rows are
//! deleted only at the beginning of the table, and only where all neighbours have been overwritten
//! too. A row that is still kept there is written again at the end, when enough is to be gained.
//!
//! Invariant: ids are without a gap from the first row to the last; `gaps` counts the rows that are
//! not kept.

use rusqlite::{Connection, params};

/// So many overwritten rows stay before the first row that is kept: more than fit into the three
/// pages that SQLite merges at most.
const GUARD: i64 = 512;
/// Kept rows are written again once one row of so many is not kept.
const ONE_IN: i64 = 3;
/// At most so many bytes of them at once.
const BYTES: i64 = 4 * 1024 * 1024;

/// Takes a step after `gone` more rows were overwritten.
pub(super) fn step(conn: &Connection, gone: usize) -> rusqlite::Result<()> {
    let gaps: i64 = conn
        .prepare_cached("UPDATE gaps SET rows = rows + ?1 RETURNING rows")?
        .query_row([gone as i64], |row| row.get(0))?;
    let sql = "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events)";
    let (first, last): (i64, i64) =
        conn.prepare_cached(sql)?.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Where one row in three is a gap, going over three for each new gap keeps up with them.
    let until = last.min(first + GUARD + (ONE_IN + 1) * gone as i64);
    let all = last - first + 1;
    let moved =
        if gaps > 4 * GUARD && gaps * ONE_IN > all { evacuate(conn, first, until)? } else { 0 };
    let kept = next_kept(conn, first, until)?.map_or(until + 1, |(id, _)| id);
    let removed =
        conn.prepare_cached("DELETE FROM events WHERE id < ?1")?.execute([kept - GUARD])?;
    let change = moved - removed as i64;
    conn.prepare_cached("UPDATE gaps SET rows = rows + ?1")?.execute([change]).map(drop)
}

/// Writes the kept rows from `first` to `until` again at the end, as far as [`BYTES`] allows, and
/// overwrites them where they were. Returns how many.
fn evacuate(conn: &Connection, first: i64, until: i64) -> rusqlite::Result<i64> {
    let (mut from, mut moved, mut bytes) = (first, 0, 0);
    while bytes < BYTES
        && let Some((id, size)) = next_kept(conn, from, until)?
    {
        write_again(conn, id)?;
        (from, moved, bytes) = (id + 1, moved + 1, bytes + size);
    }
    Ok(moved)
}

/// The first row from `from` to `until` that is kept, and the size of its body.
fn next_kept(conn: &Connection, from: i64, until: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT id, octet_length(body) FROM events
               WHERE id BETWEEN ?1 AND ?2 AND kept ORDER BY id LIMIT 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([from, until])?;
    rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

fn write_again(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    // Out of the index first, where its place is to be taken by the copy.
    conn.prepare_cached("UPDATE events SET kept = 0 WHERE id = ?1")?.execute([id])?;
    let copy = "INSERT INTO events (room, seq, at, kind, user, nick, guest, target, body)
                SELECT room, seq, at, kind, user, nick, guest, target, body
                FROM events WHERE id = ?1";
    conn.prepare_cached(copy)?.execute([id])?;
    let overwrite = "UPDATE events SET nick = zeroblob(octet_length(nick)),
                         body = zeroblob(octet_length(body)) WHERE id = ?1";
    conn.prepare_cached(overwrite)?.execute(params![id]).map(drop)
}
