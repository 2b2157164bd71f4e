//! Texts that nobody may find in the file once they are removed, though their rows come and go:
//! hashes of passwords, addresses.
//!
//! Where rows are inserted and deleted in the middle, SQLite moves their neighbours and leaves
//! copies behind (see `event_row`). So such a text is not in its owner's row but in a slot.
//!
//! Invariant: slots are added at the end only and never deleted; one that is free is all zeros and
//! the next text's. All have one size (a text longer than [`SIZE`] would fit, and weaken this).

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

/// Bytes of a slot: more than an argon2id hash or an address has.
const SIZE: usize = 256;

/// Puts `text` where `slot` says, or frees that. Returns the slot that holds it now.
pub(super) fn put(
    conn: &Connection,
    slot: Option<i64>,
    text: Option<&str>,
) -> rusqlite::Result<Option<i64>> {
    let Some(text) = text else { return free(conn, slot).map(|()| None) };
    let mut content = text.as_bytes().to_vec();
    content.resize(content.len().next_multiple_of(SIZE).max(SIZE), 0);
    let slot = match slot {
        Some(slot) => Some(slot),
        None => {
            let sql = "SELECT slot FROM private WHERE NOT taken LIMIT 1";
            conn.prepare_cached(sql)?.query_row((), |row| row.get::<_, i64>(0)).optional()?
        }
    };
    let Some(slot) = slot else {
        let sql = "INSERT INTO private (taken, content) VALUES (1, ?1)";
        conn.prepare_cached(sql)?.execute([content])?;
        return Ok(Some(conn.last_insert_rowid()));
    };
    let sql = "UPDATE private SET taken = 1, content = ?2 WHERE slot = ?1";
    conn.prepare_cached(sql)?.execute(params![slot, content])?;
    Ok(Some(slot))
}

fn free(conn: &Connection, slot: Option<i64>) -> rusqlite::Result<()> {
    let Some(slot) = slot else { return Ok(()) };
    let sql =
        "UPDATE private SET taken = 0, content = zeroblob(octet_length(content)) WHERE slot = ?1";
    conn.prepare_cached(sql)?.execute([slot]).map(drop)
}

/// The text of a slot's content; none where there is no slot.
pub(super) fn text(content: ValueRef<'_>) -> Option<String> {
    let bytes = content.as_blob().ok()?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
