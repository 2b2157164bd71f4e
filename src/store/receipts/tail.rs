//! The newest keys: in memory by their marks, on disk in order of arrival.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::sieve::{Sieve, Spot};
use super::{Fingerprint, Receipt};
use crate::model::Timestamp;
use crate::store::rows::{number, place};

/// The keys that are in no run yet.
#[derive(Debug)]
pub(super) struct Tail {
    /// By user and by name: two for each key.
    pub(super) marks: HashMap<i64, Receipt>,
    pub(super) sieve: Sieve,
    pub(super) newest: Timestamp,
    pub(super) last_id: i64,
    keys: usize,
}

impl Tail {
    /// An empty tail whose first row comes after `last_id`.
    pub(super) fn new(last_id: i64) -> Self {
        let newest = Timestamp(i64::MIN);
        Self { marks: HashMap::new(), sieve: Sieve::new(), newest, last_id, keys: 0 }
    }

    /// How many keys were added, forgotten ones included.
    pub(super) fn len(&self) -> usize {
        self.keys
    }

    pub(super) fn next_id(&self) -> i64 {
        self.last_id + 1
    }

    pub(super) fn get(&self, mark: i64) -> Option<Receipt> {
        self.marks.get(&mark).copied()
    }

    /// Takes in what row `id` says. A later answer to the same mark replaces an outdated one.
    pub(super) fn add(&mut self, id: i64, print: Fingerprint, receipt: Receipt) {
        self.marks.insert(print.by_user, receipt);
        self.marks.insert(print.by_name, receipt);
        self.sieve.add(&Spot::of(print.key));
        self.newest = self.newest.max(receipt.at);
        self.last_id = id;
        self.keys += 1;
    }

    /// Drops the marks of a key, unless a younger answer has taken their place.
    pub(super) fn forget(&mut self, print: &Fingerprint, before: Timestamp) {
        for mark in [print.by_user, print.by_name] {
            if self.get(mark).is_some_and(|receipt| receipt.at < before) {
                self.marks.remove(&mark);
            }
        }
    }
}

/// Writes row `id` of the table.
pub(super) fn write(
    conn: &Connection,
    id: i64,
    print: &Fingerprint,
    receipt: Receipt,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO receipts (id, key, by_user, by_name, seq, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let Fingerprint { key, by_user, by_name } = print;
    let values = params![id, key, by_user, by_name, number(receipt.seq), receipt.at.0];
    conn.prepare_cached(sql)?.execute(values).map(drop)
}

/// Shows up to `limit` rows after row `after` of the table, in order.
pub(super) fn each_row(
    conn: &Connection,
    after: i64,
    limit: usize,
    mut show: impl FnMut(i64, Fingerprint, Receipt),
) -> rusqlite::Result<()> {
    let sql = "SELECT id, key, by_user, by_name, seq, at FROM receipts
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![after, number(limit as u64)])?;
    while let Some(row) = rows.next()? {
        let print = Fingerprint { key: row.get(1)?, by_user: row.get(2)?, by_name: row.get(3)? };
        let receipt = Receipt { seq: place(row.get(4)?), at: Timestamp(row.get(5)?) };
        show(row.get(0)?, print, receipt);
    }
    Ok(())
}
