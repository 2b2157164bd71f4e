//! What the server starts from: rooms and sessions, and how they are written and read back.
//!
//! Invariant: a row is never lost because a rule became stricter: stored names come back as they
//! were stored.

use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StringDeserializer;

use super::images::{self, ImageRow};
use super::peace::{InviteRow, ReadRow, ReportRow, RoomRoleRow, SanctionRow};
use super::people::{AccountRow, LoginRow};
use crate::model::{
    Epoch, ImageId, LoginId, Nick, RoomName, RoomSettings, SessionId, Timestamp, TokenHash, Topic,
    UserId,
};

/// A room's number in the store: chosen by the caller, below every later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub i64);

/// A room of the durable kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    /// Its number.
    pub id: RoomId,
    /// Its name as its creator spelled it.
    pub name: RoomName,
    /// The life of its log.
    pub epoch: Epoch,
    /// The newest event's place; 0 before the first.
    pub seq: u64,
    /// The oldest event that is kept; `seq` + 1 if none is. Not written: the log says it.
    pub first_seq: u64,
    /// What it is about, if anything.
    pub topic: Option<Topic>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its rules.
    pub settings: RoomSettings,
}

/// A session that can be resumed after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number.
    pub id: SessionId,
    /// The hash of its resume token.
    pub token: TokenHash,
    /// Whose it is.
    pub user: UserId,
    /// The name that it holds.
    pub nick: Nick,
    /// Whether that name is a guest's.
    pub guest: bool,
    /// The hash of the address that it came from.
    pub address_hash: [u8; 32],
    /// The rooms whose places it holds.
    pub rooms: Vec<RoomId>,
    /// The login that it came with; none for a guest.
    pub login: Option<LoginId>,
}

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
    pub gone: Vec<ImageId>,
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
        let mut rooms = conn.prepare(
            "SELECT id, name, epoch, topic, created_at,
                 max(seq, coalesce((SELECT max(seq) FROM events WHERE room = rooms.id AND kept), 0))
                     AS head,
                 (SELECT min(seq) FROM events WHERE room = rooms.id AND kept) AS first
             FROM rooms ORDER BY id",
        )?;
        let mut sessions = conn.prepare(
            "SELECT id, token, user, nick, guest, address_hash, rooms FROM sessions ORDER BY id",
        )?;
        Ok(Self {
            rooms: rooms.query_map((), RoomRow::load)?.collect::<Result<_, _>>()?,
            sessions: sessions.query_map((), SessionRow::load)?.collect::<Result<_, _>>()?,
            images: images::present(conn)?,
            gone: images::gone(conn)?,
        })
    }
}

impl RoomRow {
    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let seq = place(row.get("head")?);
        let first: Option<i64> = row.get("first")?;
        Ok(Self {
            id: RoomId(row.get("id")?),
            name: RoomName::stored(row.get::<_, String>("name")?),
            epoch: Epoch(row.get("epoch")?),
            seq,
            first_seq: first.map_or(seq + 1, place),
            topic: row.get::<_, Option<String>>("topic")?.and_then(topic),
            created_at: Timestamp(row.get("created_at")?),
        })
    }

    pub(super) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO rooms (id, name, epoch, seq, topic, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (name, epoch, seq) = (self.name.as_str(), &self.epoch.0, number(self.seq));
        let topic = self.topic.as_ref().and_then(shown);
        let values = params![self.id.0, name, epoch, seq, topic, self.created_at.0];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

impl SessionRow {
    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: SessionId(row.get("id")?),
            token: TokenHash(row.get("token")?),
            user: UserId(row.get("user")?),
            nick: Nick::stored(row.get::<_, String>("nick")?),
            guest: row.get("guest")?,
            address_hash: row.get("address_hash")?,
            rooms: listed(row.get_ref("rooms")?.as_str()?),
        })
    }

    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO sessions
                   (id, token, user, nick, guest, address_hash, rooms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (nick, rooms) = (self.nick.as_str(), list(&self.rooms));
        let values = params![
            self.id.0,
            self.token.0,
            self.user.0,
            nick,
            self.guest,
            self.address_hash,
            rooms
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// A topic as the column holds it: none for the empty one.
pub(super) fn shown(topic: &Topic) -> Option<&str> {
    Some(topic.as_str()).filter(|text| !text.is_empty())
}

/// A number for SQLite, whose integers end at 2^63 - 1; no log gets there.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A stored number; it was never negative.
pub(super) fn place(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Any stored text is a topic, whatever the rules are by now.
fn topic(text: String) -> Option<Topic> {
    let text: StringDeserializer<serde::de::value::Error> = text.into_deserializer();
    Topic::deserialize(text).ok()
}

fn list(rooms: &[RoomId]) -> String {
    let ids: Vec<String> = rooms.iter().map(|room| room.0.to_string()).collect();
    format!("[{}]", ids.join(","))
}

fn listed(json: &str) -> Vec<RoomId> {
    let ids: Vec<i64> = serde_json::from_str(json).unwrap_or_default();
    ids.into_iter().map(RoomId).collect()
}
