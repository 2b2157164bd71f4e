//! Idempotency keys: which event a `client_id` made, for 24 hours.
//!
//! One table with an index on the key would do, and cost 20 µs an append: clients choose random
//! keys, so every one of them dirties a page of its own somewhere in that index. Here a key is
//! written where the last one was, and finds its sorted place in bulk:
//!
//! 1. The *tail*: the newest keys, in the table `receipts` in order of arrival and in memory.
//! 2. Once it holds [`RUN_KEYS`] they are sorted and written as a *run* into `receipt_index`, a
//!    part with every transaction, so that nobody waits for it.
//! 3. A run never changes. A sieve (a Bloom filter) in memory says which runs need not be asked, and
//!    a run is forgotten as a whole.
//!
//! Invariant: what is in memory agrees with the transaction under way; if that fails, all of it is
//! dropped and loaded anew.

mod fingerprint;
mod run;
mod sieve;
mod tail;

use rusqlite::{Connection, params};

pub(super) use fingerprint::Fingerprint;
use run::{Run, Sealing};
use sieve::Spot;
use tail::Tail;

use crate::model::Timestamp;

/// How many keys make a run. The tail takes about 100 bytes for each.
#[cfg(not(test))]
const RUN_KEYS: usize = 65_536;
#[cfg(test)]
const RUN_KEYS: usize = 64;
/// How long a key is good for, in milliseconds.
const LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// How many keys are forgotten at once.
const FORGET_ROWS: usize = 4096;

/// What was answered to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
}

/// Every key of the last 24 hours.
#[derive(Debug)]
pub(super) struct Receipts {
    tail: Tail,
    sealing: Option<Sealing>,
    /// Oldest first.
    runs: Vec<Run>,
    /// Rows of the table `receipts` up to here are in a run and gone from the table.
    trimmed: i64,
}

impl Receipts {
    /// Reads what the memory needs; removes what a crash left of an unfinished run.
    pub(super) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let runs = run::load(conn)?;
        let in_runs = runs.last().map_or(0, |run| run.last_id);
        let first: Option<i64> =
            conn.query_row("SELECT min(id) FROM receipts", (), |row| row.get(0))?;
        let trimmed = first.map_or(in_runs, |id| id - 1);
        let mut receipts = Self { tail: Tail::new(in_runs), sealing: None, runs, trimmed };
        tail::each_row(conn, in_runs, usize::MAX, |id, print, receipt| {
            receipts.tail.add(id, print, receipt);
            receipts.seal_if_full();
        })?;
        Ok(receipts)
    }

    /// The answer that this key was given in the 24 hours before `now`, to the same user or name.
    pub(super) fn find(
        &self,
        conn: &Connection,
        print: &Fingerprint,
        now: Timestamp,
    ) -> rusqlite::Result<Option<Receipt>> {
        let good = |receipt: &Receipt| receipt.at.0 > now.0.saturating_sub(LIFE_MS);
        let marks = [print.by_user, print.by_name];
        let in_memory = marks
            .iter()
            .filter_map(|mark| self.tail.get(*mark).or_else(|| self.sealing.as_ref()?.get(*mark)));
        if let Some(receipt) = in_memory.filter(good).min_by_key(|receipt| receipt.seq) {
            return Ok(Some(receipt));
        }
        let spot = Spot::of(print.key);
        for run in self.runs.iter().rev().filter(|run| run.may_hold(&spot)) {
            for mark in marks {
                if let Some(receipt) = run.get(conn, mark)?.filter(good) {
                    return Ok(Some(receipt));
                }
            }
        }
        Ok(None)
    }

    /// Keeps the answer to a key.
    pub(super) fn note(
        &mut self,
        conn: &Connection,
        print: &Fingerprint,
        receipt: Receipt,
    ) -> rusqlite::Result<()> {
        let id = self.tail.next_id();
        tail::write(conn, id, print, receipt)?;
        self.tail.add(id, *print, receipt);
        Ok(())
    }

    /// The housekeeping that rides along with a transaction that appended so many events.
    pub(super) fn settle(&mut self, conn: &Connection, appended: usize) -> rusqlite::Result<()> {
        self.seal_if_full();
        // A key has two marks: at four marks an append a run is done before the tail is full.
        if let Some(sealing) = &mut self.sealing
            && sealing.write(conn, 4 * appended + 64)?
        {
            self.runs.extend(self.sealing.take().map(Sealing::into_run));
            run::bound_memory(&mut self.runs);
        }
        let in_runs = self.runs.last().map_or(0, |run| run.last_id);
        if self.trimmed < in_runs {
            let until = in_runs.min(self.trimmed + 2 * appended as i64 + 64);
            conn.prepare_cached("DELETE FROM receipts WHERE id <= ?1")?.execute([until])?;
            self.trimmed = until;
        }
        Ok(())
    }

    /// Forgets keys older than `before`, a bounded number. Returns whether there may be more.
    pub(super) fn forget(
        &mut self,
        conn: &Connection,
        before: Timestamp,
    ) -> rusqlite::Result<bool> {
        if let Some(old) = self.runs.iter().position(|run| run.newest < before) {
            if self.runs[old].erase(conn)? {
                self.runs.remove(old);
            }
            return Ok(true);
        }
        let settled = self.sealing.as_ref().map(|sealing| sealing.last_id);
        let settled = settled.or(self.runs.last().map(|run| run.last_id)).unwrap_or(0);
        let mut gone = Vec::new();
        let mut looked = 0;
        tail::each_row(conn, settled, FORGET_ROWS, |id, print, receipt| {
            looked += 1;
            if receipt.at < before && gone.len() + 1 == looked {
                gone.push((id, print));
            }
        })?;
        if let Some((until, _)) = gone.last() {
            let sql = "DELETE FROM receipts WHERE id > ?1 AND id <= ?2";
            conn.prepare_cached(sql)?.execute(params![settled, until])?;
        }
        gone.iter().for_each(|(_, print)| self.tail.forget(print, before));
        Ok(gone.len() == FORGET_ROWS)
    }

    fn seal_if_full(&mut self) {
        if self.sealing.is_none() && self.tail.len() >= RUN_KEYS {
            let number = self.runs.last().map_or(1, |run| run.number + 1);
            let next = Tail::new(self.tail.next_id() - 1);
            self.sealing = Some(Sealing::new(number, std::mem::replace(&mut self.tail, next)));
        }
    }
}
