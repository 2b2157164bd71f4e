//! What can go wrong with the store, in the four words that its callers act upon, and how
//! SQLite's many codes become them.
//!
//! Invariant: at run time nothing is `Broken` or `InUse`; whatever fails, the next batch tries anew.

use std::fmt;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use super::disk;

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The disk, the quota or the file size limit is used up; what exists can still be read.
    Full,
    /// The queue is full, or the disk fails: come back in a moment.
    Busy,
    /// Only from opening: another process has it; the sentence says what to do.
    InUse(String),
    /// Only from opening: the sentence says what is wrong and what to do.
    Broken(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("The disk is full."),
            Self::Busy => f.write_str("The store is busy."),
            Self::InUse(sentence) | Self::Broken(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for StoreError {}

/// What a failure of the open database `db` means to whoever asked.
pub(super) fn at_run_time(error: &rusqlite::Error, db: &Path) -> StoreError {
    if is_full(error, db) { StoreError::Full } else { StoreError::Busy }
}

/// What a failure to open `db` means, with the way out.
pub(super) fn at_open(error: &rusqlite::Error, db: &Path) -> StoreError {
    if is_full(error, db) {
        return StoreError::Full;
    }
    if unreadable(error) {
        return StoreError::Broken(damaged(&db.display(), error));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => in_use(db),
        _ => cannot_open(db, error),
    }
}

/// What it means that no file can be made beside `db`.
pub(super) fn no_file(error: &io::Error, db: &Path) -> StoreError {
    if disk::no_room(error) { StoreError::Full } else { cannot_open(db, error) }
}

/// What it means that a thread of the store cannot be started.
pub(super) fn no_thread(error: &io::Error) -> StoreError {
    StoreError::Broken(format!(
        "The store cannot start its threads: {error}. Raise the limit of processes for this user."
    ))
}

/// Another process has `db`.
pub(super) fn in_use(db: &Path) -> StoreError {
    StoreError::InUse(format!(
        "The database {} is in use by another process. End that one, or choose another directory \
         with --data.",
        db.display()
    ))
}

fn cannot_open(db: &Path, detail: &dyn fmt::Display) -> StoreError {
    StoreError::Broken(format!(
        "The database {} cannot be opened: {detail}. Check that its directory exists and that \
         this user may write there.",
        db.display()
    ))
}

/// Whether the file is there and makes no sense, as a database or as ours.
fn unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
        || matches!(
            error,
            FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
        )
}

/// The sentence for a file that SQLite cannot make sense of.
pub(super) fn damaged(db: &impl fmt::Display, detail: &impl fmt::Display) -> String {
    format!(
        "The database {db} is damaged ({detail}). Restore a backup in its place, or move it and \
         the files {db}-wal and {db}-shm away to begin with empty rooms."
    )
}

/// SQLite names only ENOSPC a full disk; a quota and a file size limit hide behind I/O errors.
fn is_full(error: &rusqlite::Error, db: &Path) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => true,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => disk::takes_no_more(db),
        _ => false,
    }
}
