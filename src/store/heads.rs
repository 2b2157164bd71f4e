//! Where each room's log ends: the one thing that numbering needs, in memory.
//!
//! Invariant: agrees with the transaction under way; if that fails, it is dropped and read anew.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::rooms::RoomRow;
use super::rows::{Boot, RoomId};
use super::{Outcome, belonging};
use crate::model::Epoch;

/// The end of one room's log.
#[derive(Debug)]
pub(super) struct Head {
    /// The newest event's place; 0 before the first.
    pub(super) seq: u64,
    pub(super) epoch: Epoch,
}

/// Every room of the store.
#[derive(Debug)]
pub(super) struct Heads(HashMap<RoomId, Head>);

impl Heads {
    pub(super) fn of(boot: &Boot) -> Self {
        let head = |row: &RoomRow| (row.id, Head { seq: row.seq, epoch: row.epoch.clone() });
        Self(boot.rooms.iter().map(head).collect())
    }

    pub(super) fn get_mut(&mut self, room: RoomId) -> Option<&mut Head> {
        self.0.get_mut(&room)
    }

    /// Begins a room, unless its number is taken.
    pub(super) fn begin(&mut self, conn: &Connection, row: &RoomRow) -> rusqlite::Result<Outcome> {
        if self.0.contains_key(&row.id) {
            return Ok(Outcome::Taken);
        }
        // Left by a room of that number whose log lived in memory only.
        belonging::forget_room(conn, row.id)?;
        row.insert(conn)?;
        self.0.insert(row.id, Head { seq: row.seq, epoch: row.epoch.clone() });
        Ok(Outcome::Done)
    }

    /// Ends a room whose log is empty.
    pub(super) fn end(&mut self, conn: &Connection, room: RoomId) -> rusqlite::Result<Outcome> {
        if !self.0.contains_key(&room) {
            return Ok(Outcome::NoRoom);
        }
        let sql = "SELECT 1 FROM events WHERE room = ?1 AND kept LIMIT 1";
        if conn.prepare_cached(sql)?.exists([room.0])? {
            return Ok(Outcome::Kept);
        }
        belonging::forget_room(conn, room)?;
        conn.prepare_cached("DELETE FROM rooms WHERE id = ?1")?.execute(params![room.0])?;
        self.0.remove(&room);
        Ok(Outcome::Done)
    }
}
