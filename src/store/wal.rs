//! Keeping the write-ahead log short without making commits wait, and free of removed text.
//!
//! A checkpoint copies what is committed from the log into the database. A thread of its own does it
//! while commits go on. Only when nothing was left to copy does the next commit begin the log anew:
//! a pause will do for that, and where there is none the writer copies the last bit itself, seldom,
//! because that makes commits wait for the disk.
//!
//! Invariant: the log is bounded, unless another program holds an old state of the database open.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

use super::{Durability, connection};

/// So many pages (of 4 KiB) in the log begin a checkpoint.
const BEGIN_PAGES: u32 = 2000;
/// So many, after a checkpoint, make the writer copy what came in meanwhile.
const FINISH_PAGES: u32 = 8000;
/// So many make commits wait for the checkpoint: the disk cannot keep up.
const WAIT_PAGES: u32 = 32_000;
/// Removed text leaves the log file in the first pause after so long,
const QUIET: Duration = Duration::from_secs(1);
/// or after so long without a pause.
const AT_LATEST: Duration = Duration::from_secs(30);
/// How long that waits for readers before it is put off.
const READERS_WAIT: Duration = Duration::from_millis(50);

/// The writer's view of the log, and of the thread that shortens it.
#[derive(Debug)]
pub(super) struct Wal {
    /// The log's length after the last commit.
    pages: Arc<AtomicU32>,
    /// The length that begins the next checkpoint.
    next: u32,
    begin: SyncSender<()>,
    ended: Receiver<()>,
    under_way: bool,
    thread: JoinHandle<()>,
    /// When the first and the latest text was removed that the log file may still hold.
    removed: Option<(Instant, Instant)>,
}

impl Wal {
    /// Starts the thread for the database `db`.
    pub(super) fn new(db: &Path, durability: Durability) -> io::Result<Self> {
        let (begin, begun) = sync_channel(1);
        let (end, ended) = sync_channel(1);
        let db = db.to_owned();
        let work = move || {
            while begun.recv().is_ok() {
                // A failure means that the log grows until the next attempt.
                if let Err(error) =
                    connection::checkpointer(&db, durability).and_then(|c| passive(&c))
                {
                    log::warn!("the checkpoint failed: {error}");
                }
                if end.send(()).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("store-checkpoint".into()).spawn(work)?;
        let (pages, next) = (Arc::default(), BEGIN_PAGES);
        Ok(Self { pages, next, begin, ended, under_way: false, thread, removed: None })
    }

    /// Learns the log's length from every commit of `conn`.
    pub(super) fn watch(&self, conn: &mut Connection) -> rusqlite::Result<()> {
        let pages = Arc::clone(&self.pages);
        conn.wal_hook(Some(move |_: &mut _, length| {
            pages.store(u32::try_from(length).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
    }

    /// Does what the log's length asks for; called after each commit.
    pub(super) fn tend(&mut self, conn: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.under_way {
            if self.has_ended(pages >= WAIT_PAGES) {
                self.under_way = false;
                self.next = pages + BEGIN_PAGES;
                if pages >= FINISH_PAGES {
                    put_off_if_failed(passive(conn));
                }
            }
            return;
        }
        if pages + BEGIN_PAGES < self.next {
            self.next = BEGIN_PAGES; // The log began anew.
        }
        self.under_way = pages >= self.next && self.begin.try_send(()).is_ok();
    }

    fn has_ended(&self, wait: bool) -> bool {
        if wait {
            return self.ended.recv().is_ok();
        }
        self.ended.try_recv() != Err(TryRecvError::Empty)
    }

    /// Text was removed: the log file may hold copies of it.
    pub(super) fn removed(&mut self, now: Instant) {
        let first = self.removed.map_or(now, |(first, _)| first);
        self.removed = Some((first, now));
    }

    /// From when on a pause is used to remove those copies; `None` if there are none.
    pub(super) fn erase_in_pause(&self) -> Option<Instant> {
        self.removed.map(|(_, last)| last + QUIET)
    }

    /// Whether they are to be removed although there is no pause.
    pub(super) fn must_erase(&self, now: Instant) -> bool {
        self.removed.is_some_and(|(first, _)| now >= first + AT_LATEST)
    }

    /// Empties the log file, or tries again later if somebody is reading it.
    pub(super) fn erase(&mut self, conn: &Connection, now: Instant) {
        self.removed = empty(conn).err().map(|_| (now, now));
    }

    /// Ends the thread, then empties the log file.
    pub(super) fn finish(self, conn: Option<&Connection>) {
        let Self { begin, ended, thread, .. } = self;
        drop((begin, ended));
        // It has no panic path; whatever it did is done.
        let _ = thread.join();
        put_off_if_failed(conn.map_or(Ok(()), empty));
    }
}

fn passive(conn: &Connection) -> rusqlite::Result<()> {
    conn.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE).map(drop)
}

fn empty(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(READERS_WAIT)?;
    let outcome = conn.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::TRUNCATE);
    conn.busy_timeout(connection::BUSY_WAIT)?;
    outcome.map(drop)
}

/// Nothing is lost when a checkpoint fails: the log holds what was not copied.
fn put_off_if_failed(outcome: rusqlite::Result<()>) {
    if let Err(error) = outcome {
        log::debug!("a checkpoint was put off: {error}");
    }
}
