//! The open database with the memory that belongs to it, and the one transaction that changes both.
//!
//! Invariant: a ledger whose transaction failed is of no use any more, because its memory ran ahead
//! of the database. Its owner drops it and opens another.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::append::{self, Desk};
use super::heads::Heads;
use super::prune::{self, Retention};
use super::receipts::Receipts;
use super::rows::{Boot, RoomId};
use super::{
    Append, Durability, Op, Outcome, ReadRow, StoreError, audit, belonging, connection, error,
    event_row, forgetting, images, peace, people, rooms, sessions,
};
use crate::model::{Body, Gone, ImageId, RoomSettings};

/// The database as its only writer sees it.
#[derive(Debug)]
pub(super) struct Ledger {
    conn: Connection,
    heads: Heads,
    receipts: Receipts,
}

/// What a transaction did.
#[derive(Debug, Default)]
pub(super) struct Committed {
    /// For each batch what became of its ops.
    pub(super) outcomes: Vec<Vec<Outcome>>,
    /// Text was removed; copies of it may still be in the log file.
    pub(super) removed: bool,
    appended: usize,
}

impl Ledger {
    /// Opens the database at the start.
    ///
    /// # Errors
    /// As [`connection::first`].
    pub(super) fn first(db: &Path, durability: Durability) -> Result<(Self, Boot), StoreError> {
        let conn = connection::first(db, durability)?;
        sessions::drop_orphans(&conn)
            .and_then(|()| Self::over(conn))
            .map_err(|failure| error::at_open(&failure, db))
    }

    /// Opens the database again after a failure.
    pub(super) fn again(db: &Path, durability: Durability) -> rusqlite::Result<Self> {
        Self::over(connection::again(db, durability)?).map(|(ledger, _)| ledger)
    }

    fn over(conn: Connection) -> rusqlite::Result<(Self, Boot)> {
        let boot = Boot::load(&conn)?;
        let (heads, receipts) = (Heads::of(&boot), Receipts::load(&conn)?);
        Ok((Self { conn, heads, receipts }, boot))
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.conn
    }

    /// Does every op of every batch in one transaction. With `prove` it writes in any case.
    ///
    /// # Errors
    /// Nothing was done, and this ledger is of no use any more.
    pub(super) fn commit(&mut self, batches: &[&[Op]], prove: bool) -> rusqlite::Result<Committed> {
        let Self { conn, heads, receipts } = self;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work { conn: &tx, heads, receipts, so_far: Committed::default() };
        for batch in batches {
            let outcomes = batch.iter().map(|op| work.take(op)).collect::<Result<_, _>>()?;
            work.so_far.outcomes.push(outcomes);
        }
        let Work { receipts, so_far, .. } = work;
        receipts.settle(&tx, so_far.appended)?;
        if prove {
            tx.prepare_cached("UPDATE pulse SET beat = beat + 1")?.execute(())?;
        }
        tx.commit()?;
        Ok(so_far)
    }
}

/// A transaction under way.
struct Work<'a> {
    conn: &'a Connection,
    heads: &'a mut Heads,
    receipts: &'a mut Receipts,
    so_far: Committed,
}

impl Work<'_> {
    fn take(&mut self, op: &Op) -> rusqlite::Result<Outcome> {
        let conn = self.conn;
        self.so_far.removed |= takes_away(op);
        match op {
            Op::Append(append) => self.append(append),
            Op::CreateRoom(row) => self.heads.begin(conn, row),
            Op::DropRoom(room) => self.heads.end(conn, *room),
            Op::SetRoom { room, settings } => self.set_room(*room, settings),
            Op::SaveSession(row) => done(row.save(conn)),
            Op::EndSession(id) => done(sessions::end_session(conn, *id)),
            Op::Prune { room, before, keep_last } => {
                self.prune(*room, Retention { before: *before, keep_last: *keep_last })
            }
            Op::ForgetKeys { before } => {
                let more = self.receipts.forget(conn, *before)?;
                Ok(if more { Outcome::More } else { Outcome::Done })
            }
            Op::PlaceImage(row) => done(row.insert(conn)),
            Op::EndImage { id, why, note } => self.end_image(*id, *why, note.as_deref()),
            Op::ApproveImage { id, note } => self.approve_image(*id, note),
            Op::ForgetImages { before } => done(images::forget(conn, *before)),
            Op::SaveAccount(row) => row.save(conn),
            Op::ForgetAccount(user) => done(forgetting::account(conn, *user)),
            Op::EraseAuthor { user, from } => forgetting::author(conn, *user, *from),
            Op::SaveLogin(row) => done(row.save(conn)),
            Op::EndLogins(ids) => done(people::end_logins(conn, ids)),
            Op::ShortenAddresses { before } => {
                self.so_far.removed |= people::shorten_addresses(conn, *before)?;
                Ok(Outcome::Done)
            }
            Op::SaveDevice { user, device, at } => {
                done(people::save_device(conn, *user, device, *at))
            }
            Op::SetRoomRole { room, user, role } => {
                done(belonging::set_role(conn, *room, *user, *role))
            }
            Op::SaveRead { user, room, seq } => {
                done(ReadRow { user: *user, room: *room, seq: *seq }.save(conn))
            }
            Op::SaveSanction(row) => done(row.save(conn)),
            Op::EndSanction(id) => done(peace::end_sanction(conn, *id)),
            Op::SaveInvite(row) => done(row.save(conn)),
            Op::ForgetInvites { before } => done(peace::forget_invites(conn, *before)),
            Op::Audit(row) => done(row.insert(conn)),
            Op::ForgetAudit { before } => done(audit::forget(conn, *before)),
            Op::SaveReport(row) => done(row.save(conn)),
            Op::EndReports { room, seq } => done(peace::end_reports(conn, *room, *seq)),
        }
    }

    fn prune(&mut self, room: RoomId, retention: Retention) -> rusqlite::Result<Outcome> {
        let Some(head) = self.heads.get_mut(room) else { return Ok(Outcome::NoRoom) };
        let pruned = prune::step(self.conn, room, head.seq, retention)?;
        self.so_far.removed |= pruned.any;
        Ok(Outcome::Pruned { first_seq: pruned.first_seq, more: pruned.more })
    }

    fn set_room(&mut self, room: RoomId, settings: &RoomSettings) -> rusqlite::Result<Outcome> {
        if self.heads.get_mut(room).is_none() {
            return Ok(Outcome::NoRoom);
        }
        done(rooms::set_room(self.conn, room, settings))
    }

    /// The note is written where the message that it is about shows the picture.
    fn approve_image(&mut self, id: ImageId, note: &Append) -> rusqlite::Result<Outcome> {
        let Some(shown_by) = images::approve(self.conn, id)? else { return Ok(Outcome::Done) };
        let Some(seq) = shown_by else { return Ok(Outcome::Done) };
        let shown = event_row::approve_picture(self.conn, note.room, seq, id)?;
        if shown && note.body.target() == Some(seq) {
            return self.append(note);
        }
        Ok(Outcome::Done)
    }

    fn end_image(
        &mut self,
        id: ImageId,
        why: Gone,
        note: Option<&Append>,
    ) -> rusqlite::Result<Outcome> {
        if !images::end(self.conn, id, why)? {
            return Ok(Outcome::Done);
        }
        self.so_far.removed = true;
        note.map_or(Ok(Outcome::Done), |note| self.append(note))
    }

    fn append(&mut self, append: &Append) -> rusqlite::Result<Outcome> {
        let Some(head) = self.heads.get_mut(append.room) else { return Ok(Outcome::NoRoom) };
        let mut desk = Desk { conn: self.conn, head, receipts: self.receipts };
        let outcome = append::append(&mut desk, append)?;
        if matches!(outcome, Outcome::Appended { .. }) {
            self.so_far.appended += 1;
            self.so_far.removed |=
                matches!(append.body, Body::Edited(_) | Body::Deleted(_) | Body::Expired(_));
        }
        Ok(outcome)
    }
}

/// Whether an op takes away what must not stay in the log file; of others the doing tells.
fn takes_away(op: &Op) -> bool {
    matches!(
        op,
        Op::SaveAccount(_) | Op::ForgetAccount(_) | Op::EraseAuthor { .. } | Op::EndLogins(_)
    )
}

fn done(outcome: rusqlite::Result<()>) -> rusqlite::Result<Outcome> {
    outcome.map(|()| Outcome::Done)
}
