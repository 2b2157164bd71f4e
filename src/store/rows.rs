//! What the server starts from, and what all rows have in common.
//!
//! Invariant: a row is never lost because a rule became stricter: stored names come back as they
//! were stored.

use rusqlite::{Connection, Params, Row};

use super::belonging::{ReadRow, RoomRoleRow};
use super::images::{self, ImageRow};
use super::peace::{InviteRow, ReportRow, SanctionRow};
use super::people::{self, AccountRow, LoginRow};
use super::rooms::RoomRow;
use super::sessions::SessionRow;
use crate::model::{ImageId, Nick, Timestamp, TokenHash, UserId};

/// A room's number in the store: chosen by the caller, below every later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub i64);

/// All that the server starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// Every room, by ascending id.
    pub rooms: Vec<RoomRow>,
    /// Every session.
    pub sessions: Vec<SessionRow>,
    /// Every picture that is there, oldest first.
    pub images: Vec<ImageRow>,
    /// Pictures that were there, oldest first; the newest 100,000 of them.
    pub gone: Vec<(ImageId, RoomId)>,
    /// Every account, also those whose names are in quarantine.
    pub accounts: Vec<AccountRow>,
    /// Every login.
    pub logins: Vec<LoginRow>,
    /// Every known device, with its account and when it was last seen.
    pub devices: Vec<(UserId, TokenHash, Timestamp)>,
    /// What people are in rooms.
    pub room_roles: Vec<RoomRoleRow>,
    /// How far accounts have read.
    pub reads: Vec<ReadRow>,
    /// Every mute and ban.
    pub sanctions: Vec<SanctionRow>,
    /// Every invitation, also those that ended a while ago.
    pub invites: Vec<InviteRow>,
    /// Every report that has not been dealt with.
    pub reports: Vec<ReportRow>,
}

impl Boot {
    pub(super) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            rooms: RoomRow::every(conn)?,
            sessions: SessionRow::every(conn)?,
            images: images::present(conn)?,
            gone: images::gone(conn)?,
            accounts: AccountRow::every(conn)?,
            logins: LoginRow::every(conn)?,
            devices: people::devices(conn)?,
            room_roles: RoomRoleRow::every(conn)?,
            reads: ReadRow::every(conn)?,
            sanctions: SanctionRow::every(conn)?,
            invites: InviteRow::every(conn)?,
            reports: ReportRow::every(conn)?,
        })
    }
}

/// All rows of an answer.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    load: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare_cached(sql)?.query_map(params, load)?.collect()
}

/// A stored name; one that was overwritten is nobody's any more.
pub(super) fn nick(row: &Row<'_>, column: &str) -> rusqlite::Result<Nick> {
    let text = row.get_ref(column)?.as_str();
    Ok(text.map_or_else(|_| Nick::deleted(), |name| Nick::stored(name.to_owned())))
}

/// A number for SQLite, whose integers end at 2^63 - 1; no log gets there.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored number; it was never negative.
pub(super) fn place(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
