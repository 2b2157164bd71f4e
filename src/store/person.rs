//! All that is stored of one person, for the command line beside a server that runs.
//!
//! What may be long (events, notes of who did what) comes in pages, each one moment of the
//! database: a reader that dawdles holds nothing up. Secrets and their hashes are left out.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{self, AuditRow};
use super::event_row::{self, COLUMNS};
use super::rooms::room_name;
use super::rows::{RoomId, all, number};
use super::{
    AccountRow, ImageRow, LoginRow, ReadRow, ReportRow, RoomRoleRow, SanctionRow, StoreError,
    connection, error, images, schema,
};
use crate::model::{Event, LoginId, Nick, RoomRole, Timestamp, UserId};

/// So many events or notes are in a page.
const PAGE: i64 = 500;

/// All of one person that is never long. A room without a name is one whose log lives in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonData {
    /// Their account, without its password.
    pub account: AccountRow,
    /// Their logins, oldest first.
    pub logins: Vec<PersonLogin>,
    /// When each known device of theirs was last seen.
    pub devices: Vec<Timestamp>,
    /// What they are in rooms.
    pub room_roles: Vec<(Option<String>, RoomRole)>,
    /// How far they have read rooms.
    pub reads: Vec<(Option<String>, u64)>,
    /// Mutes and bans of them.
    pub sanctions: Vec<(Option<String>, SanctionRow)>,
    /// Reports that they made and nobody has dealt with.
    pub reports: Vec<(Option<String>, ReportRow)>,
    /// Their pictures.
    pub pictures: Vec<(ImageRow, Option<String>)>,
}

/// A login without the hash of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLogin {
    /// Its name.
    pub id: LoginId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What the device said of itself.
    pub label: String,
    /// Where it began, shortened if that was long ago.
    pub address: String,
}

impl From<LoginRow> for PersonLogin {
    fn from(row: LoginRow) -> Self {
        let LoginRow { id, created_at, used_at, expires_at, label, address, .. } = row;
        Self { id, created_at, used_at, expires_at, label, address }
    }
}

/// One person's data, and the way to what is long of it.
#[derive(Debug)]
pub struct Person {
    /// What is short.
    pub data: PersonData,
    conn: Connection,
    db: PathBuf,
    /// The last event of the last page: its room and place.
    last_event: (RoomId, u64),
    /// The last note of the last page.
    last_note: i64,
}

impl Person {
    /// Finds whoever has the account `nick`, or had it last.
    pub(super) fn find(db: &Path, nick: &Nick) -> Result<Option<Self>, StoreError> {
        let failed = |failure| error::at_open(&failure, db);
        let conn = connection::reader(db).map_err(failed)?;
        let Some(data) = PersonData::load(&conn, nick).map_err(failed)? else { return Ok(None) };
        let (db, last_event) = (db.to_owned(), (RoomId(i64::MIN), 0));
        Ok(Some(Self { data, conn, db, last_event, last_note: 0 }))
    }

    /// The next of their events with the names of the rooms, room by room and oldest first; none
    /// after the last.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if the database cannot be read.
    pub fn next_events(&mut self) -> Result<Vec<(Option<String>, Event)>, StoreError> {
        let page = events(&self.conn, self.data.account.id, self.last_event)
            .map_err(|failure| error::at_open(&failure, &self.db))?;
        if let Some((room, _, event)) = page.last() {
            self.last_event = (*room, event.seq);
        }
        Ok(page.into_iter().map(|(_, name, event)| (name, event)).collect())
    }

    /// The next of the notes of what they did and what was done to them, oldest first; none after
    /// the last.
    ///
    /// # Errors
    /// [`StoreError::Broken`] if the database cannot be read.
    pub fn next_notes(&mut self) -> Result<Vec<AuditRow>, StoreError> {
        let page = audit::about(&self.conn, self.data.account.id, self.last_note, PAGE)
            .map_err(|failure| error::at_open(&failure, &self.db))?;
        self.last_note = page.last().map_or(self.last_note, |row| row.id);
        Ok(page)
    }
}

impl PersonData {
    fn load(conn: &Connection, nick: &Nick) -> rusqlite::Result<Option<Self>> {
        // One moment for all of it.
        let conn = &*conn.unchecked_transaction()?;
        let Some(account) = account(conn, nick)? else { return Ok(None) };
        let id = account.id;
        let devices = "SELECT at FROM devices WHERE user = ?1 ORDER BY at";
        Ok(Some(Self {
            account,
            logins: LoginRow::of(conn, id)?.into_iter().map(PersonLogin::from).collect(),
            devices: all(conn, devices, [id.0], |row| row.get(0).map(Timestamp))?,
            room_roles: in_rooms(conn, "room_roles", id, |row| Ok(RoomRoleRow::load(row)?.role))?,
            reads: in_rooms(conn, "reads", id, |row| Ok(ReadRow::load(row)?.seq))?,
            sanctions: in_rooms(conn, "sanctions", id, SanctionRow::load)?,
            reports: in_rooms(conn, "reports", id, ReportRow::load)?,
            pictures: images::of(conn, id)?,
        }))
    }
}

/// Who has a name: an account that is not over before those that are, the newest of these.
fn account(conn: &Connection, nick: &Nick) -> rusqlite::Result<Option<AccountRow>> {
    if !schema::has(conn, "accounts")? {
        return Ok(None);
    }
    let sql = "SELECT * FROM accounts WHERE name_key = ?1
               ORDER BY ended_at IS NOT NULL, ended_at DESC LIMIT 1";
    let key = nick.keys().folded;
    conn.prepare(sql)?.query_row([&*key], AccountRow::load).optional()
}

/// What a table says of a person, with the names of the rooms that it says it of.
fn in_rooms<T>(
    conn: &Connection,
    table: &str,
    user: UserId,
    load: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<(Option<String>, T)>> {
    let sql = format!(
        "SELECT {table}.*, rooms.name AS room_name FROM {table}
         LEFT JOIN rooms ON rooms.id = room WHERE user = ?1"
    );
    all(conn, &sql, [user.0], |row| Ok((row.get("room_name")?, load(row)?)))
}

/// A page of somebody's events after a place in a room, room by room.
fn events(
    conn: &Connection,
    user: UserId,
    (room, seq): (RoomId, u64),
) -> rusqlite::Result<Vec<(RoomId, Option<String>, Event)>> {
    let sql = format!(
        "SELECT {COLUMNS}, room FROM events
         WHERE kept AND user = ?1 AND (room, seq) > (?2, ?3) ORDER BY room, seq LIMIT ?4"
    );
    all(conn, &sql, params![user.0, room.0, number(seq), PAGE], |row| {
        let room = RoomId(row.get("room")?);
        let (event, _) = event_row::restore(conn, room, row)?;
        Ok((room, room_name(conn, room)?, event))
    })
}
