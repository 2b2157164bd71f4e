//! Sessions that can be resumed after a restart, as rows.

use rusqlite::{Connection, Row, params};

use super::rows::{RoomId, all, nick};
use crate::model::{LoginId, Nick, SessionId, TokenHash, UserId};

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

impl SessionRow {
    /// Every session, by ascending id; nobody comes back with a login that has ended.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT * FROM sessions
                   WHERE login IS NULL OR login IN (SELECT id FROM logins) ORDER BY id";
        all(conn, sql, (), Self::load)
    }

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

fn list(rooms: &[RoomId]) -> String {
    let ids: Vec<String> = rooms.iter().map(|room| room.0.to_string()).collect();
    format!("[{}]", ids.join(","))
}

fn listed(json: &str) -> Vec<RoomId> {
    let ids: Vec<i64> = serde_json::from_str(json).unwrap_or_default();
    ids.into_iter().map(RoomId).collect()
}
