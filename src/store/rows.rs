//! What the server starts from; of it rooms and sessions, and how they are written and read back.
//!
//! Invariant: a row is never lost because a rule became stricter: stored names come back as they
//! were stored.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StringDeserializer;

use super::belonging::{ReadRow, RoomRoleRow};
use super::images::{self, ImageRow};
use super::peace::{InviteRow, ReportRow, SanctionRow};
use super::people::{self, AccountRow, LoginRow};
use crate::model::{
    Epoch, ImageId, LoginId, Nick, RoomName, RoomSettings, SessionId, Timestamp, TokenHash, Topic,
    UserId, Visibility,
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
        let rooms = "SELECT *,
                 max(seq, coalesce((SELECT max(seq) FROM events WHERE room = rooms.id AND kept), 0))
                     AS head,
                 (SELECT min(seq) FROM events WHERE room = rooms.id AND kept) AS first
             FROM rooms ORDER BY id";
        // Nobody comes back with a login that has ended.
        let sessions = "SELECT * FROM sessions
             WHERE login IS NULL OR login IN (SELECT id FROM logins) ORDER BY id";
        Ok(Self {
            rooms: all(conn, rooms, (), RoomRow::load)?,
            sessions: all(conn, sessions, (), SessionRow::load)?,
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
            settings: settings(row)?,
        })
    }

    pub(super) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO rooms (id, name, epoch, seq, topic, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (name, epoch, seq) = (self.name.as_str(), &self.epoch.0, number(self.seq));
        let topic = self.topic.as_ref().and_then(shown);
        let values = params![self.id.0, name, epoch, seq, topic, self.created_at.0];
        conn.prepare_cached(sql)?.execute(values)?;
        set_room(conn, self.id, &self.settings)
    }
}

/// Writes a room's rules.
pub(super) fn set_room(
    conn: &Connection,
    room: RoomId,
    rules: &RoomSettings,
) -> rusqlite::Result<()> {
    let sql = "UPDATE rooms SET visibility = ?2, guests = ?3, slow_s = ?4, topic_locked = ?5,
                   keep = ?6, founded = ?7 WHERE id = ?1";
    let values = params![
        room.0,
        rules.visibility.name(),
        rules.guests,
        rules.slow_s,
        rules.topic_locked,
        rules.keep.map(|keep| keep.to_string()),
        rules.founded,
    ];
    conn.prepare_cached(sql)?.execute(values).map(drop)
}

fn settings(row: &Row<'_>) -> rusqlite::Result<RoomSettings> {
    let visibility = row.get_ref("visibility")?.as_str()?.parse();
    let keep: Option<String> = row.get("keep")?;
    Ok(RoomSettings {
        // A word of another version must not open a room.
        visibility: visibility.unwrap_or(Visibility::Private),
        guests: row.get("guests")?,
        slow_s: row.get("slow_s")?,
        topic_locked: row.get("topic_locked")?,
        keep: keep.and_then(|keep| keep.parse().ok()),
        founded: row.get("founded")?,
    })
}

impl SessionRow {
    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: SessionId(row.get("id")?),
            token: TokenHash(row.get("token")?),
            user: UserId(row.get("user")?),
            nick: nick(row, "nick")?,
            guest: row.get("guest")?,
            address_hash: row.get("address_hash")?,
            rooms: listed(row.get_ref("rooms")?.as_str()?),
            login: row.get::<_, Option<i64>>("login")?.map(LoginId),
        })
    }

    pub(super) fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO sessions
                   (id, token, user, nick, guest, address_hash, rooms, login)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (nick, rooms) = (self.nick.as_str(), list(&self.rooms));
        let values = params![
            self.id.0,
            self.token.0,
            self.user.0,
            nick,
            self.guest,
            self.address_hash,
            rooms,
            self.login.map(|login| login.0),
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// Removes a session.
pub(super) fn end_session(conn: &Connection, id: SessionId) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([id.0]).map(drop)
}

/// Removes the sessions whose login has ended: nobody comes back to them.
pub(super) fn drop_orphans(conn: &Connection) -> rusqlite::Result<()> {
    let sql = "DELETE FROM sessions
               WHERE login IS NOT NULL AND login NOT IN (SELECT id FROM logins)";
    conn.execute(sql, ()).map(drop)
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

/// The name of a room.
pub(super) fn room_name(conn: &Connection, room: RoomId) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT name FROM rooms WHERE id = ?1";
    conn.prepare_cached(sql)?.query_row([room.0], |row| row.get(0)).optional()
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
