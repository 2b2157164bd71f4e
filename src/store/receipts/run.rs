//! Runs: keys that are sorted and never change again, and the making of one.

use rusqlite::{Connection, OptionalExtension, params};

use super::sieve::{Sieve, Spot};
use super::tail::Tail;
use super::{FORGET_ROWS, Receipt};
use crate::model::Timestamp;
use crate::store::rows::{number, place};

/// So many sieves are kept in memory (32 MiB), enough for 16 million keys a day. What is older is
/// looked up on disk, which costs time and no memory.
const SIEVES: usize = 256;

/// A finished run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) number: i64,
    /// The last row of the table `receipts` that is in it.
    pub(super) last_id: i64,
    /// The time of its youngest key.
    pub(super) newest: Timestamp,
    sieve: Option<Sieve>,
}

impl Run {
    /// Whether a key with this hash may be in it; `false` is certain.
    pub(super) fn may_hold(&self, spot: &Spot) -> bool {
        self.sieve.as_ref().is_none_or(|sieve| sieve.may_hold(spot))
    }

    pub(super) fn get(&self, conn: &Connection, mark: i64) -> rusqlite::Result<Option<Receipt>> {
        let sql = "SELECT seq, at FROM receipt_index WHERE run = ?1 AND mark = ?2";
        conn.prepare_cached(sql)?
            .query_row([self.number, mark], |row| {
                Ok(Receipt { seq: place(row.get(0)?), at: Timestamp(row.get(1)?) })
            })
            .optional()
    }

    /// Removes a part of it; returns whether that was the last part.
    pub(super) fn erase(&self, conn: &Connection) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM receipt_index WHERE run = ?1 AND mark <= coalesce(
                       (SELECT mark FROM receipt_index WHERE run = ?1
                        ORDER BY mark LIMIT 1 OFFSET ?2), 9223372036854775807)";
        let gone = conn.prepare_cached(sql)?.execute(params![self.number, FORGET_ROWS as i64])?;
        let all = gone <= FORGET_ROWS;
        if all {
            conn.execute("DELETE FROM receipt_runs WHERE run = ?1", [self.number])?;
        }
        Ok(all)
    }
}

/// A run in the making: its keys are sorted, and in memory until the last is written.
#[derive(Debug)]
pub(super) struct Sealing {
    pub(super) last_id: i64,
    number: i64,
    newest: Timestamp,
    sieve: Sieve,
    marks: Vec<(i64, Receipt)>,
    written: usize,
}

impl Sealing {
    pub(super) fn new(number: i64, tail: Tail) -> Self {
        let Tail { marks, sieve, newest, last_id, .. } = tail;
        let mut marks: Vec<_> = marks.into_iter().collect();
        marks.sort_unstable_by_key(|(mark, _)| *mark);
        Self { number, last_id, newest, sieve, marks, written: 0 }
    }

    pub(super) fn get(&self, mark: i64) -> Option<Receipt> {
        let found = self.marks.binary_search_by_key(&mark, |(mark, _)| *mark).ok()?;
        self.marks.get(found).map(|(_, receipt)| *receipt)
    }

    /// Writes the next `most` marks; returns whether the run is complete.
    pub(super) fn write(&mut self, conn: &Connection, most: usize) -> rusqlite::Result<bool> {
        let sql = "INSERT INTO receipt_index (run, mark, seq, at) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = conn.prepare_cached(sql)?;
        for (mark, receipt) in self.marks.iter().skip(self.written).take(most) {
            insert.execute(params![self.number, mark, number(receipt.seq), receipt.at.0])?;
        }
        self.written += most;
        let complete = self.written >= self.marks.len();
        if complete {
            let sql = "INSERT INTO receipt_runs (run, last_id, newest, sieve)
                       VALUES (?1, ?2, ?3, ?4)";
            let sieve = self.sieve.to_bytes();
            conn.execute(sql, params![self.number, self.last_id, self.newest.0, sieve])?;
        }
        Ok(complete)
    }

    pub(super) fn into_run(self) -> Run {
        let Self { number, last_id, newest, sieve, .. } = self;
        Run { number, last_id, newest, sieve: Some(sieve) }
    }
}

/// Reads every finished run and removes what there is of an unfinished one.
pub(super) fn load(conn: &Connection) -> rusqlite::Result<Vec<Run>> {
    let sql = "SELECT run, last_id, newest, sieve FROM receipt_runs ORDER BY run";
    let mut runs = conn
        .prepare(sql)?
        .query_map((), |row| {
            Ok(Run {
                number: row.get(0)?,
                last_id: row.get(1)?,
                newest: Timestamp(row.get(2)?),
                sieve: Sieve::from_bytes(row.get_ref(3)?.as_blob()?),
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    bound_memory(&mut runs);
    let last = runs.last().map_or(0, |run| run.number);
    conn.execute("DELETE FROM receipt_index WHERE run > ?1", [last])?;
    Ok(runs)
}

/// Lets go of the sieves that are too many.
pub(super) fn bound_memory(runs: &mut [Run]) {
    let spare = runs.len().saturating_sub(SIEVES);
    runs.iter_mut().take(spare).for_each(|run| run.sieve = None);
}
