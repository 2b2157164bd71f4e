//! Durable truth: rooms, the log, sessions, idempotency keys, accounts with all that is said of
//! them, who did what, and what is known of pictures, in SQLite.
//!
//! One thread writes, and commits together what waits together; two read beside it. Each is reached
//! through a bounded queue and answers by a callback on its own thread. The store knows no actor,
//! no clock but the pauses of its own housekeeping, and no policy: who may do what is decided
//! above, except for the rules that need the log (see [`Op::Append`]).
//!
//! Invariants:
//! - An outcome is reported after it is committed; what was reported survives `kill -9`, with
//!   [`Durability::Full`] also a power cut. All ops of a batch count, or none.
//! - Within a room events are numbered 1, 2, 3… without a hole.
//! - Text that was edited away, deleted or pruned, and hashes and addresses that were removed are
//!   overwritten, in the database and, within seconds, in its log file.
//! - A failure at run time is answered with [`StoreError::Full`] or [`StoreError::Busy`], and the
//!   next batch is tried anew.

mod append;
mod audit;
mod belonging;
mod compaction;
mod connection;
mod disk;
mod error;
mod event_row;
mod forgetting;
mod heads;
mod images;
mod ledger;
mod op;
mod page;
mod peace;
mod people;
mod person;
mod private;
mod prune;
mod readers;
mod receipts;
mod rooms;
mod rows;
mod schema;
mod sessions;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

pub use audit::AuditRow;
pub use belonging::{ReadRow, RoomRoleRow};
pub use error::StoreError;
pub use images::ImageRow;
pub use op::{Append, Op, Outcome, Refusal, Rights};
pub use page::{Page, Query, Range, Whose};
pub use peace::{InviteRow, ReportRow, SanctionKind, SanctionRow};
pub use people::{AccountRow, LoginRow};
pub use person::{Person, PersonData, PersonLogin};
pub use rooms::RoomRow;
pub use rows::{Boot, RoomId};
pub use sessions::SessionRow;

use disk::Claim;
use ledger::Ledger;
use wal::Wal;
use writer::Writer;

use crate::model::{Nick, config};

/// So many batches and pings may wait for the writer.
const WRITES: usize = 64;
/// So many of them may be pings, so that asking for health never keeps a batch out.
const PINGS: usize = 8;
/// So many questions may wait for a reader.
const READS: usize = 1024;

/// What an acknowledged event survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of this process, however it comes; after a power cut the last moments may be gone.
    Normal,
    /// A power cut too: every commit waits for the disk.
    Full,
}

impl From<config::Durability> for Durability {
    fn from(said: config::Durability) -> Self {
        match said {
            config::Durability::Normal => Self::Normal,
            config::Durability::Full => Self::Full,
        }
    }
}

/// A handle to the store; clones are the same store. When the last one is dropped, the threads end
/// by themselves once all is committed.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// None once closed.
    writes: RwLock<Option<SyncSender<writer::Job>>>,
    reads: RwLock<Option<SyncSender<readers::Job>>>,
    /// How many pings wait.
    pings: Arc<AtomicUsize>,
    readers: Mutex<Vec<JoinHandle<()>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the database file `db`, creating it and its directory where they do not exist, and
    /// starts the threads.
    ///
    /// # Errors
    /// [`StoreError::Broken`] with a sentence for the operator if the file is damaged, written by a
    /// newer version, or another program's; [`StoreError::InUse`]; [`StoreError::Full`].
    pub fn open(db: &Path, durability: Durability) -> Result<(Self, Boot), StoreError> {
        let claim = Claim::take(db)?;
        let (mut ledger, boot) = Ledger::first(db, durability)?;
        let failed = |failure| error::no_thread(&failure);
        let wal = Wal::new(db, durability).map_err(failed)?;
        wal.watch(ledger.connection()).map_err(|failure| error::at_open(&failure, db))?;
        let (writes, jobs) = sync_channel(WRITES);
        let (reads, questions) = sync_channel(READS);
        let readers = readers::start(db, questions).map_err(failed)?;
        let pings = Arc::new(AtomicUsize::new(0));
        let writer = Writer {
            db: db.to_owned(),
            durability,
            jobs,
            pings: Arc::clone(&pings),
            ledger: Some(ledger),
            failing: false,
            wal,
            claim,
        };
        let name = "store-write".to_owned();
        let writer =
            thread::Builder::new().name(name).spawn(move || writer.run()).map_err(failed)?;
        let inner = Inner {
            writes: RwLock::new(Some(writes)),
            reads: RwLock::new(Some(reads)),
            pings,
            readers: Mutex::new(readers),
            writer: Mutex::new(Some(writer)),
        };
        Ok((Self { inner: Arc::new(inner) }, boot))
    }

    /// Hands a batch to the writer and returns at once. `done` gets it back on the writer's thread
    /// with one outcome for each op, in order, or with the reason why none of it was done.
    ///
    /// # Errors
    /// The batch, with `Busy`, if 64 batches wait already or the store is closed; `done` is not
    /// called then.
    pub fn commit(
        &self,
        batch: Vec<Op>,
        done: impl FnOnce(Vec<Op>, Result<Vec<Outcome>, StoreError>) + Send + 'static,
    ) -> Result<(), (Vec<Op>, StoreError)> {
        match self.write(writer::Job::Batch(batch, Box::new(done))) {
            Some(writer::Job::Batch(batch, _)) => Err((batch, StoreError::Busy)),
            _ => Ok(()),
        }
    }

    /// Asks a reader and returns at once; `done` gets the page on the reader's thread.
    ///
    /// # Errors
    /// `Busy` if 1,024 questions wait already or the store is closed; `done` is not called then.
    pub fn read(
        &self,
        query: Query,
        done: impl FnOnce(Result<Page, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(readers::Job::Page(query, Box::new(done)))
    }

    /// Asks a reader for the newest `limit` notes of who did what, newest first, that are older than
    /// the one with the number `before`; `done` gets them on the reader's thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn audit(
        &self,
        before: Option<i64>,
        limit: usize,
        done: impl FnOnce(Result<Vec<AuditRow>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(readers::Job::Audit { before, limit, done: Box::new(done) })
    }

    fn ask(&self, job: readers::Job) -> Result<(), StoreError> {
        let reads = self.inner.reads.read().unwrap_or_else(PoisonError::into_inner);
        let sent = reads.as_ref().map(|queue| queue.try_send(job));
        sent.and_then(Result::ok).ok_or(StoreError::Busy)
    }

    /// Makes the writer write and tells `done`, on the writer's thread, whether it could.
    ///
    /// # Errors
    /// `Busy` if 8 pings wait already, or as [`Store::commit`]; `done` is not called then.
    pub fn ping(
        &self,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let pings = &self.inner.pings;
        if pings.fetch_add(1, Ordering::Relaxed) < PINGS
            && self.write(writer::Job::Ping(Box::new(done))).is_none()
        {
            return Ok(());
        }
        pings.fetch_sub(1, Ordering::Relaxed);
        Err(StoreError::Busy)
    }

    /// Takes no more, waits until all that waits is answered and committed, and lets go of the
    /// files. A second call returns when the first has. Never call it from a callback.
    pub fn close(&self) {
        let Inner { writes, reads, readers, writer, .. } = &*self.inner;
        reads.write().unwrap_or_else(PoisonError::into_inner).take();
        // Readers first: who closes the database last empties its log file.
        end(readers.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
        writes.write().unwrap_or_else(PoisonError::into_inner).take();
        end(writer.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Queues a job, or gives it back.
    fn write(&self, job: writer::Job) -> Option<writer::Job> {
        use std::sync::mpsc::TrySendError::{Disconnected, Full};
        let writes = self.inner.writes.read().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = &*writes else { return Some(job) };
        match queue.try_send(job) {
            Ok(()) => None,
            Err(Full(job) | Disconnected(job)) => Some(job),
        }
    }
}

/// Every picture of the database file `db` with the name of its room, oldest first; beside a server
/// that runs, too.
///
/// # Errors
/// [`StoreError::Broken`] if it cannot be read.
pub fn pictures(db: &Path) -> Result<Vec<(ImageRow, Option<String>)>, StoreError> {
    beside(db, "images", images::with_rooms)
}

/// The newest `limit` notes of who did what in the database file `db`, newest first; beside a server
/// that runs, too.
///
/// # Errors
/// [`StoreError::Broken`] if it cannot be read.
pub fn audit(db: &Path, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
    beside(db, "audit", |conn| audit::newest(conn, None, limit))
}

/// Every account of the database file `db` without its password; beside a server that runs, too.
///
/// # Errors
/// [`StoreError::Broken`] if it cannot be read.
pub fn accounts(db: &Path) -> Result<Vec<AccountRow>, StoreError> {
    beside(db, "accounts", AccountRow::without_passwords)
}

/// All that the database file `db` has of the account `nick`; beside a server that runs, too.
///
/// # Errors
/// [`StoreError::Broken`] if it cannot be read.
pub fn person(db: &Path, nick: &Nick) -> Result<Option<Person>, StoreError> {
    Person::find(db, nick)
}

/// What a reader finds in a table; nothing where a database is older than the table.
fn beside<T>(
    db: &Path,
    table: &str,
    read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<Vec<T>>,
) -> Result<Vec<T>, StoreError> {
    let found = connection::reader(db)
        .and_then(|conn| if schema::has(&conn, table)? { read(&conn) } else { Ok(Vec::new()) });
    found.map_err(|failure| error::at_open(&failure, db))
}

/// Waits for threads. One that panicked (a callback did) has been reported by then.
fn end(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| drop(thread.join()));
}
