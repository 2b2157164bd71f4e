//! Who did what, as rows: appended at the end, read from the end, forgotten from the beginning.

use rusqlite::{Connection, Row, params};

use super::rows::{all, number};
use super::{Append, RoomId};
use crate::model::{Nick, Timestamp, UserId};

/// So many rows are kept at most.
const KEPT: i64 = 1_000_000;
/// So many go at once; the others the next time.
const AT_ONCE: i64 = 20_000;

/// What somebody did, for those who run the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, ascending; given by the store, 0 on the way there.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who; none for the operator at the command line and for the server itself.
    pub actor: Option<UserId>,
    /// Their name then.
    pub actor_nick: String,
    /// What: one of a fixed set of words.
    pub action: String,
    /// Where, if it is about a room: its number,
    pub room: Option<RoomId>,
    /// and its name.
    pub room_name: Option<String>,
    /// To whom, if it is about somebody: the identity,
    pub target: Option<UserId>,
    /// and the name.
    pub target_nick: Option<String>,
    /// What else is to know, as a JSON object: reason, until, role; never a text of a message.
    pub detail: String,
}

impl AuditRow {
    /// That the author of `append` deleted the message at `seq`, which somebody else wrote.
    pub fn deletion(
        append: &Append,
        room_name: Option<String>,
        (user, nick): (UserId, &Nick),
        seq: u64,
    ) -> Self {
        Self {
            id: 0,
            at: append.at,
            actor: Some(append.author.user),
            actor_nick: append.author.nick.as_str().to_owned(),
            action: "delete".to_owned(),
            room: Some(append.room),
            room_name,
            target: Some(user),
            target_nick: Some(nick.as_str().to_owned()),
            detail: format!(r#"{{"seq":{seq}}}"#),
        }
    }

    pub(super) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO audit (at, actor, actor_nick, action, room, room_name, target,
                       target_nick, detail)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = params![
            self.at.0,
            self.actor.map(|user| user.0),
            self.actor_nick,
            self.action,
            self.room.map(|room| room.0),
            self.room_name,
            self.target.map(|user| user.0),
            self.target_nick,
            self.detail,
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }

    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: Timestamp(row.get("at")?),
            actor: row.get::<_, Option<i64>>("actor")?.map(UserId),
            actor_nick: row.get("actor_nick")?,
            action: row.get("action")?,
            room: row.get::<_, Option<i64>>("room")?.map(RoomId),
            room_name: row.get("room_name")?,
            target: row.get::<_, Option<i64>>("target")?.map(UserId),
            target_nick: row.get("target_nick")?,
            detail: row.get("detail")?,
        })
    }
}

/// The newest `limit` rows before the one with the number `before`, newest first.
pub(super) fn newest(
    conn: &Connection,
    before: Option<i64>,
    limit: usize,
) -> rusqlite::Result<Vec<AuditRow>> {
    let sql = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    let before = before.unwrap_or(i64::MAX);
    all(conn, sql, [before, number(limit as u64)], AuditRow::load)
}

/// At most `limit` rows after the one with the number `after` that are by or about somebody,
/// oldest first.
pub(super) fn about(
    conn: &Connection,
    user: UserId,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<AuditRow>> {
    let sql = "SELECT * FROM audit WHERE id > ?1 AND (actor = ?2 OR target = ?2)
               ORDER BY id LIMIT ?3";
    all(conn, sql, [after, user.0, limit], AuditRow::load)
}

/// Forgets rows from the oldest to the first of `before` or later, and all but the newest
/// [`KEPT`]; at most [`AT_ONCE`].
pub(super) fn forget(conn: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT (SELECT min(id) FROM audit), (SELECT max(id) FROM audit),
                   (SELECT min(id) FROM audit WHERE at >= ?1)";
    let ends = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (first, last, young): (Option<i64>, Option<i64>, Option<i64>) =
        conn.prepare_cached(sql)?.query_row([before.0], ends)?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(()) };
    let stays = young.unwrap_or(last + 1).max(last + 1 - KEPT).min(first + AT_ONCE);
    conn.prepare_cached("DELETE FROM audit WHERE id < ?1")?.execute([stays]).map(drop)
}
