//! The readers' threads: each answers from its own connection, which cannot write and sees only
//! what is committed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::{AuditRow, Page, Query, StoreError, audit, connection, error, page};

/// How many there are.
const THREADS: usize = 2;

/// Learns the answer.
pub(super) type Done<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// A question and who asked.
pub(super) enum Job {
    Page(Query, Done<Page>),
    Audit { before: Option<i64>, limit: usize, done: Done<Vec<AuditRow>> },
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
                reader.answer(job);
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
    fn answer(&mut self, job: Job) {
        match job {
            Job::Page(query, done) => done(self.ask(|conn| page::read(conn, &query))),
            Job::Audit { before, limit, done } => {
                done(self.ask(|conn| audit::newest(conn, before, limit)));
            }
        }
    }

    fn ask<T>(
        &mut self,
        question: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let answer = self.connection().and_then(|mut conn| {
            let answer = question(&mut conn)?;
            self.conn = Some(conn);
            Ok(answer)
        });
        let was_failing = std::mem::replace(&mut self.failing, answer.is_err());
        answer.map_err(|failure| {
            if !was_failing {
                log::error!("the store cannot read: {failure}");
            }
            error::at_run_time(&failure, &self.db)
        })
    }

    /// The connection, out of its place until it has answered.
    fn connection(&mut self) -> rusqlite::Result<Connection> {
        self.conn.take().map_or_else(|| connection::reader(&self.db), Ok)
    }
}
