//! The writer's thread: takes what waits, commits it together, tells everybody.
//!
//! Invariant: every job that was accepted is answered once, in order, whatever fails.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Instant;

use super::disk::Claim;
use super::ledger::{Committed, Ledger};
use super::wal::Wal;
use super::{Durability, Op, Outcome, StoreError, error};

/// No further batch joins a transaction once it has so many ops.
const GROUP_OPS: usize = 4096;

/// Learns what became of a batch.
pub(super) type BatchDone = Box<dyn FnOnce(Vec<Op>, Result<Vec<Outcome>, StoreError>) + Send>;
/// Learns whether the writer can write.
pub(super) type PingDone = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What the writer is handed.
pub(super) enum Job {
    Batch(Vec<Op>, BatchDone),
    Ping(PingDone),
    /// Tests look at the connection, or narrow it.
    #[cfg(test)]
    Inspect(Box<dyn FnOnce(&rusqlite::Connection) + Send>),
}

impl Job {
    fn ops(&self) -> &[Op] {
        match self {
            Self::Batch(ops, _) => ops,
            _ => &[],
        }
    }
}

/// The thread's state.
pub(super) struct Writer {
    pub(super) db: PathBuf,
    pub(super) durability: Durability,
    pub(super) jobs: Receiver<Job>,
    /// How many pings wait among the jobs.
    pub(super) pings: Arc<AtomicUsize>,
    /// None after a failure, until the next attempt.
    pub(super) ledger: Option<Ledger>,
    /// The last attempt failed.
    pub(super) failing: bool,
    pub(super) wal: Wal,
    /// Dropped last: another process may have the database then.
    pub(super) claim: Claim,
}

impl Writer {
    /// Works until every handle of the store is gone or closed, and nothing waits any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.next() {
            self.commit(first);
        }
        let Self { mut ledger, wal, claim, .. } = self;
        wal.finish(ledger.as_mut().map(|ledger| &*ledger.connection()));
        drop(ledger);
        drop(claim);
    }

    /// Waits for a job, and makes use of the pause.
    fn next(&mut self) -> Option<Job> {
        loop {
            match self.jobs.try_recv() {
                Ok(job) => return Some(job),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let Some(pause_ends) = self.wal.erase_in_pause() else { return self.jobs.recv().ok() };
            let now = Instant::now();
            if now >= pause_ends {
                self.erase(now);
                continue;
            }
            match self.jobs.recv_timeout(pause_ends - now) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Commits `first` and all that waits behind it, and tells each its outcome.
    fn commit(&mut self, first: Job) {
        #[cfg(test)]
        let Some(first) = self.inspected(first) else { return };
        let group = self.gather(first);
        match self.attempt(&group) {
            Ok(committed) => {
                self.report(None);
                let removed = committed.removed;
                answer(group, committed);
                self.look_after_the_log(removed);
            }
            Err(failure) => {
                self.report(Some(&failure));
                // Closing the database may shorten its files: look at them first.
                let failure = error::at_run_time(&failure, &self.db);
                self.ledger = None;
                group.into_iter().for_each(|job| refuse(job, &failure));
            }
        }
    }

    /// Logs the first failure of a row, and its end.
    fn report(&mut self, failure: Option<&rusqlite::Error>) {
        match failure {
            Some(error) if !self.failing => log::error!("the store cannot write: {error}"),
            None if self.failing => log::info!("the store writes again"),
            _ => {}
        }
        self.failing = failure.is_some();
    }

    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut ops = 0;
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            ops += job.ops().len();
            self.pings.fetch_sub(usize::from(matches!(job, Job::Ping(_))), Ordering::Relaxed);
            group.push(job);
            next = if ops < GROUP_OPS { self.jobs.try_recv().ok() } else { None };
        }
        group
    }

    fn attempt(&mut self, group: &[Job]) -> rusqlite::Result<Committed> {
        let batches: Vec<&[Op]> = group.iter().map(Job::ops).collect();
        let prove = group.iter().any(|job| matches!(job, Job::Ping(_)));
        self.ledger()?.commit(&batches, prove)
    }

    /// The ledger, opened again if the last one failed.
    fn ledger(&mut self) -> rusqlite::Result<&mut Ledger> {
        if self.ledger.is_none() {
            let mut ledger = Ledger::again(&self.db, self.durability)?;
            self.wal.watch(ledger.connection())?;
            self.ledger = Some(ledger);
        }
        self.ledger.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    fn look_after_the_log(&mut self, removed: bool) {
        let now = Instant::now();
        if removed {
            self.wal.removed(now);
        }
        if let Some(ledger) = &mut self.ledger {
            self.wal.tend(ledger.connection());
        }
        if self.wal.must_erase(now) {
            self.erase(now);
        }
    }

    fn erase(&mut self, now: Instant) {
        match &mut self.ledger {
            Some(ledger) => self.wal.erase(ledger.connection(), now),
            // After a failure: when the next commit has opened the database again.
            None => self.wal.removed(now),
        }
    }
}

#[cfg(test)]
impl Writer {
    /// Shows the connection to a test that asks for it; gives every other job back.
    fn inspected(&mut self, job: Job) -> Option<Job> {
        let Job::Inspect(look) = job else { return Some(job) };
        look(self.ledger().expect("tests look at a database that can be opened").connection());
        None
    }
}

fn answer(group: Vec<Job>, committed: Committed) {
    for (job, outcomes) in group.into_iter().zip(committed.outcomes) {
        match job {
            Job::Batch(ops, done) => done(ops, Ok(outcomes)),
            Job::Ping(done) => done(Ok(())),
            #[cfg(test)]
            Job::Inspect(_) => {}
        }
    }
}

fn refuse(job: Job, failure: &StoreError) {
    match job {
        Job::Batch(ops, done) => done(ops, Err(failure.clone())),
        Job::Ping(done) => done(Err(failure.clone())),
        #[cfg(test)]
        Job::Inspect(_) => {}
    }
}
