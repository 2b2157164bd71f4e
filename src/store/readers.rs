//! The readers' threads: each answers from its own connection, which cannot write and sees only
//! what is committed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::{Page, Query, StoreError, connection, error, page};

/// How many there are.
const THREADS: usize = 2;

/// Learns the answer.
pub(super) type ReadDone = Box<dyn FnOnce(Result<Page, StoreError>) + Send>;

/// A question and who asked.
pub(super) struct Job {
    pub(super) query: Query,
    pub(super) done: ReadDone,
}

/// Starts the readers of `db`; they end when `jobs` does.
pub(super) fn start(db: &Path, jobs: Receiver<Job>) -> io::Result<Vec<JoinHandle<()>>> {
    let jobs = Arc::new(Mutex::new(jobs));
    let start = |number| {
        let mut reader = Reader { db: db.to_owned(), conn: None, failing: false };
        let jobs = Arc::clone(&jobs);
        let name = format!("store-read-{number}");
        thread::Builder::new().name(name).spawn(move || {
            while let Some(job) = next(&jobs) {
                (job.done)(reader.answer(&job.query));
            }
        })
    };
    (1..=THREADS).map(start).collect()
}

/// One reader waits in the channel, the others for the lock.
fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

struct Reader {
    db: PathBuf,
    /// None before the first question and after a failure.
    conn: Option<Connection>,
    /// The last answer was a failure; only the first of a row is logged.
    failing: bool,
}

impl Reader {
    fn answer(&mut self, query: &Query) -> Result<Page, StoreError> {
        let page = self.page(query);
        let was_failing = std::mem::replace(&mut self.failing, page.is_err());
        page.map_err(|failure| {
            if !was_failing {
                log::error!("the store cannot read: {failure}");
            }
            error::at_run_time(&failure, &self.db)
        })
    }

    fn page(&mut self, query: &Query) -> rusqlite::Result<Page> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connection::reader(&self.db)?,
        };
        let page = page::read(&mut conn, query)?;
        self.conn = Some(conn);
        Ok(page)
    }
}
