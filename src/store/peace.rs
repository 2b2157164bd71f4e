//! What keeps the peace, as rows: mutes and bans, invitations, reports.
//!
//! When one of them ends is decided above, except that nothing outlives its room (`belonging`).

use std::str::FromStr;

use rusqlite::{Connection, Row, params};

use super::RoomId;
use super::rows::{all, nick, number, place};
use crate::model::{Nick, Reason, Timestamp, TokenHash, UserId};

/// What a sanction forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SanctionKind {
    /// To speak.
    Mute,
    /// To be there.
    Ban,
}

impl SanctionKind {
    /// The word in the store and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }
}

impl FromStr for SanctionKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Mute, Self::Ban].into_iter().find(|kind| kind.name() == text).ok_or(())
    }
}

/// A mute or a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SanctionRow {
    /// Its number: random, positive.
    pub id: i64,
    /// Where; everywhere if it says nothing.
    pub room: Option<RoomId>,
    /// What it forbids.
    pub kind: SanctionKind,
    /// The identity that it is about, an account's or a guest's.
    pub user: Option<UserId>,
    /// The folded key of a guest's name that it is about, too.
    pub name_key: Option<String>,
    /// The fingerprint of the address that guests come from that it is about, too.
    pub address: Option<[u8; 32]>,
    /// The name that it was pronounced for.
    pub nick: Nick,
    /// Until when; until it is lifted if it says nothing.
    pub until: Option<Timestamp>,
    /// Who pronounced it.
    pub by: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

impl SanctionRow {
    /// Every mute and ban, oldest first.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM sanctions
                   WHERE room IS NULL OR room IN (SELECT id FROM rooms) ORDER BY at, id";
        all(conn, sql, (), Self::load)
    }

    pub(super) fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind = row.get_ref("kind")?.as_str()?.parse();
        Ok(Self {
            id: row.get("id")?,
            room: row.get::<_, Option<i64>>("room")?.map(RoomId),
            // A word of another version forbids less rather than more.
            kind: kind.unwrap_or(SanctionKind::Mute),
            user: row.get::<_, Option<i64>>("user")?.map(UserId),
            name_key: row.get("name_key")?,
            address: row.get("address")?,
            nick: nick(row, "nick")?,
            until: row.get::<_, Option<i64>>("until")?.map(Timestamp),
            by: nick(row, "by_nick")?,
            reason: Reason::stored(row.get("reason")?),
            at: Timestamp(row.get("at")?),
        })
    }

    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO sanctions (id, room, kind, user, name_key, address, nick,
                       until, by_nick, reason, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let values = params![
            self.id,
            self.room.map(|room| room.0),
            self.kind.name(),
            self.user.map(|user| user.0),
            self.name_key,
            self.address,
            self.nick.as_str(),
            self.until.map(|until| until.0),
            self.by.as_str(),
            self.reason.as_str(),
            self.at.0,
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Lifts a mute or a ban.
pub(super) fn end_sanction(conn: &Connection, id: i64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM sanctions WHERE id = ?1")?.execute([id]).map(drop)
}

/// An invitation: into a private room, or to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteRow {
    /// The hash of its secret.
    pub secret: TokenHash,
    /// The room that it leads into; none: it lets register.
    pub room: Option<RoomId>,
    /// Who made it.
    pub by: UserId,
    /// How often it still works.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl InviteRow {
    /// Every invitation, oldest first.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM invites
                   WHERE room IS NULL OR room IN (SELECT id FROM rooms) ORDER BY created_at, secret";
        all(conn, sql, (), Self::load)
    }

    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            secret: TokenHash(row.get("secret")?),
            room: row.get::<_, Option<i64>>("room")?.map(RoomId),
            by: UserId(row.get("by_user")?),
            uses_left: row.get("uses_left")?,
            created_at: Timestamp(row.get("created_at")?),
            expires_at: Timestamp(row.get("expires_at")?),
        })
    }

    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO invites
                       (secret, room, by_user, uses_left, created_at, expires_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![
            self.secret.0,
            self.room.map(|room| room.0),
            self.by.0,
            self.uses_left,
            self.created_at.0,
            self.expires_at.0,
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Forgets invitations that ended before `before`.
pub(super) fn forget_invites(conn: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM invites WHERE expires_at < ?1")?.execute([before.0]).map(drop)
}

/// A report of a message that has not been dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The message's room.
    pub room: RoomId,
    /// Its place.
    pub seq: u64,
    /// Who reported it.
    pub user: UserId,
    /// Their name.
    pub nick: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

impl ReportRow {
    /// Every report, oldest first.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM reports WHERE room IN (SELECT id FROM rooms)
                   ORDER BY at, room, seq, user";
        all(conn, sql, (), Self::load)
    }

    pub(super) fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            room: RoomId(row.get("room")?),
            seq: place(row.get("seq")?),
            user: UserId(row.get("user")?),
            nick: nick(row, "nick")?,
            reason: Reason::stored(row.get("reason")?),
            at: Timestamp(row.get("at")?),
        })
    }

    /// Writes it, unless the same person has reported the message.
    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO reports (room, seq, user, nick, reason, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let (nick, reason) = (self.nick.as_str(), self.reason.as_str());
        let values = params![self.room.0, number(self.seq), self.user.0, nick, reason, self.at.0];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Removes the reports of a message.
pub(super) fn end_reports(conn: &Connection, room: RoomId, seq: u64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM reports WHERE room = ?1 AND seq = ?2";
    conn.prepare_cached(sql)?.execute([room.0, number(seq)]).map(drop)
}
