//! How a connection to the database is opened: for the writer, for a reader, for the checkpointer.
//!
//! Invariant: no connection creates a database but the first one at the start; a file that went
//! away while the server runs is a failure, not a new beginning.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{at_open, damaged};
use super::{Durability, StoreError, schema};

/// How long a connection waits for another program (a backup, a shell) that holds the database.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(1);
/// Larger databases are not read from end to end before the server opens.
const CHECKED_BYTES: u64 = 64 * 1024 * 1024;
/// A log file that has grown larger is cut back to this when it begins anew.
const LOG_KEEPS_BYTES: i64 = 8 * 1024 * 1024;

/// Opens the database at the start: creates it, checks it, brings it up to date.
///
/// # Errors
/// `Broken` with a sentence that says what to do; `Full` if there is no room to begin in.
pub(super) fn first(db: &Path, durability: Durability) -> Result<Connection, StoreError> {
    let failed = |error| at_open(&error, db);
    let mut conn = open(db, writable() | OpenFlags::SQLITE_OPEN_CREATE).map_err(failed)?;
    // Before anything is written: it may be another program's.
    let layout = schema::layout(&conn, db)?;
    prepare(&conn, durability).map_err(failed)?;
    schema::migrate(&mut conn, layout).map_err(failed)?;
    if db.metadata().is_ok_and(|data| data.len() <= CHECKED_BYTES) {
        let verdict: String =
            conn.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(failed)?;
        if verdict != "ok" {
            return Err(StoreError::Broken(damaged(&db.display(), &verdict)));
        }
    }
    Ok(conn)
}

/// Opens an existing database again, after a failure.
pub(super) fn again(db: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let conn = open(db, writable())?;
    prepare(&conn, durability)?;
    Ok(conn)
}

/// Sets what the writer needs.
fn prepare(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(64);
    conn.pragma_update(None, "journal_mode", "WAL")?;
    synchronous(conn, durability)?;
    // Removed text is overwritten with zeros, in the file and in pages that are given back.
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.pragma_update(None, "cache_size", -2048)?;
    // The checkpointer decides when.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", LOG_KEEPS_BYTES)
}

/// Opens a connection that only moves what is committed from the log into the database.
pub(super) fn checkpointer(db: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let conn = open(db, writable())?;
    synchronous(&conn, durability)?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(conn)
}

/// Opens a connection that cannot write.
pub(super) fn reader(db: &Path) -> rusqlite::Result<Connection> {
    open(db, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(db: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(db, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_WAIT)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // The file may be damaged, or made to do harm.
    conn.pragma_update(None, "trusted_schema", "OFF")?;
    conn.pragma_update(None, "cell_size_check", "ON")?;
    Ok(conn)
}

fn writable() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
}

fn synchronous(conn: &Connection, durability: Durability) -> rusqlite::Result<()> {
    match durability {
        Durability::Normal => conn.pragma_update(None, "synchronous", "NORMAL"),
        Durability::Full => {
            conn.pragma_update(None, "synchronous", "FULL")?;
            // Where fsync leaves the data in the drive's own cache (macOS), ask for more.
            conn.pragma_update(None, "fullfsync", "ON")?;
            conn.pragma_update(None, "checkpoint_fullfsync", "ON")
        }
    }
}
