//! Rooms of the durable kind, as rows: who they are, what they are about, their rules.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StringDeserializer;

use super::rows::{RoomId, all, number, place};
use crate::model::{Epoch, RoomName, RoomSettings, Timestamp, Topic, Visibility};

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

impl RoomRow {
    /// Every room, by ascending id.
    pub(super) fn every(conn: &Connection) -> rusqlite::Result<Vec<Self>> {
        let sql = "SELECT *,
                 max(seq, coalesce((SELECT max(seq) FROM events WHERE room = rooms.id AND kept), 0))
                     AS head,
                 (SELECT min(seq) FROM events WHERE room = rooms.id AND kept) AS first
             FROM rooms ORDER BY id";
        all(conn, sql, (), Self::load)
    }

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

/// The name of a room.
pub(super) fn room_name(conn: &Connection, room: RoomId) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT name FROM rooms WHERE id = ?1";
    conn.prepare_cached(sql)?.query_row([room.0], |row| row.get(0)).optional()
}

/// A topic as the column holds it: none for the empty one.
pub(super) fn shown(topic: &Topic) -> Option<&str> {
    Some(topic.as_str()).filter(|text| !text.is_empty())
}

/// Any stored text is a topic, whatever the rules are by now.
fn topic(text: String) -> Option<Topic> {
    let text: StringDeserializer<serde::de::value::Error> = text.into_deserializer();
    Topic::deserialize(text).ok()
}
