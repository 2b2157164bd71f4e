//! What SQLite does not do about the files themselves: one process per database, and finding out
//! whether a failed write means that there is no room left.
//!
//! The database, its log and its index of the log are never opened here: closing a second handle
//! to them would drop the locks that SQLite holds.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{StoreError, error};

/// Holds the database for this process; the kernel lets go of it however the process ends.
#[derive(Debug)]
pub(super) struct Claim {
    _file: File,
}

impl Claim {
    /// Claims `db`, and makes its directory where there is none.
    ///
    /// # Errors
    /// When another process has it, or no file can be made there.
    pub(super) fn take(db: &Path) -> Result<Self, StoreError> {
        let file = lock_file(db).map_err(|failure| error::no_file(&failure, db))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(error::in_use(db)),
            Err(TryLockError::Error(failure)) => {
                log::warn!(
                    "this file system has no locks ({failure}): start only one server on it"
                );
            }
        }
        Ok(Self { _file: file })
    }
}

fn lock_file(db: &Path) -> io::Result<File> {
    if let Some(directory) = db.parent() {
        std::fs::create_dir_all(directory)?;
    }
    OpenOptions::new().create(true).truncate(false).write(true).open(beside(db, "-lock"))
}

/// Whether the file system refuses to let a file grow as far as the database's log would.
pub(super) fn takes_no_more(db: &Path) -> bool {
    let length = |path: &Path| path.metadata().map_or(0, |data| data.len());
    let end = length(db).max(length(&beside(db, "-wal")));
    let probe = beside(db, "-probe");
    let outcome = write_at(&probe, end);
    // It may not exist, which is as good as removed.
    let _ = std::fs::remove_file(&probe);
    outcome.is_err_and(|failure| no_room(&failure))
}

/// Whether it failed because there is no room left.
pub(super) fn no_room(failure: &io::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(failure.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Writes a few pages at `end` of an otherwise empty (sparse) file.
fn write_at(path: &Path, end: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&[0; 32 * 1024])?;
    file.sync_data()
}

/// The path of a file that belongs to `db` and stands beside it.
pub(super) fn beside(db: &Path, suffix: &str) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
