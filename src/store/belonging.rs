//! What accounts are in rooms, and how far they have read there, as rows.
//!
//! Invariant: nothing outlives its room, so a room that gets a number again begins with nobody.

use rusqlite::{Connection, Row, params};

use super::RoomId;
use super::rows::{all, number, place};
use crate::model::{RoomRole, UserId};

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomRoleRow {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// What they are.
    pub role: RoomRole,
}

/// How far an account has read a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRow {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub room: RoomId,
    /// The last event that they have read.
    pub seq: u64,
}

impl RoomRoleRow {
    /// Every role in a room that there is.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM room_roles WHERE room IN (SELECT id FROM rooms)";
        all(conn, sql, (), Self::load)
    }

    pub(super) fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let role = row.get_ref("role")?.as_str()?.parse();
        Ok(Self {
            room: RoomId(row.get("room")?),
            user: UserId(row.get("user")?),
            role: role.unwrap_or(RoomRole::Member),
        })
    }
}

/// Says what somebody is in a room.
pub(super) fn set_role(
    conn: &Connection,
    room: RoomId,
    user: UserId,
    role: Option<RoomRole>,
) -> rusqlite::Result<()> {
    let Some(role) = role else {
        let sql = "DELETE FROM room_roles WHERE room = ?1 AND user = ?2";
        return conn.prepare_cached(sql)?.execute([room.0, user.0]).map(drop);
    };
    let sql = "INSERT OR REPLACE INTO room_roles (room, user, role) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![room.0, user.0, role.name()]).map(drop)
}

impl ReadRow {
    /// Every mark in a room that there is.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM reads WHERE room IN (SELECT id FROM rooms)";
        all(conn, sql, (), Self::load)
    }

    pub(super) fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let seq = place(row.get("seq")?);
        Ok(Self { user: UserId(row.get("user")?), room: RoomId(row.get("room")?), seq })
    }

    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO reads (user, room, seq) VALUES (?1, ?2, ?3)";
        let values = [self.user.0, self.room.0, number(self.seq)];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Forgets all that is said of a room but its log.
pub(super) fn forget_room(conn: &Connection, room: RoomId) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM room_roles WHERE room = ?1",
        "DELETE FROM reads WHERE room = ?1",
        "DELETE FROM sanctions WHERE room = ?1",
        "DELETE FROM invites WHERE room = ?1",
        "DELETE FROM reports WHERE room = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([room.0])?;
    }
    Ok(())
}
