//! Pictures as rows: placing one, giving it to a message, ending it, forgetting what is long gone.
//!
//! The files themselves are not here (`uploads`), nor is the decision when one goes (`chat`).
//!
//! Invariants: a picture belongs to one message at most, in the room and by the person that it was
//! uploaded for. A row never changes its size (`schema/002.sql`), and what it says of a person is
//! overwritten when the picture ends.

use rusqlite::types::{FromSql, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Refusal;
use super::rows::{RoomId, all, nick, number, place};
use crate::model::{AltText, Author, Gone, Image, ImageId, ImageKind, Life, Timestamp, UserId};

/// A row is forgotten only behind so many that are: those of neighbouring pages may be merged, and
/// what is moved leaves copies (see `compaction`).
const GUARD: i64 = 512;
/// So many pictures that are gone are known after a restart.
const KNOWN_GONE: i64 = 100_000;

const PRESENT: &str = "present";

/// A picture: what it is, whose, where and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow {
    /// Its id.
    pub id: ImageId,
    /// The room that it was uploaded for.
    pub room: RoomId,
    /// The message that shows it; none before it is sent.
    pub seq: Option<u64>,
    /// Who uploaded it.
    pub author: Author,
    /// Its format.
    pub kind: ImageKind,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Bytes of its file.
    pub bytes: u64,
    /// The thumbnail's format.
    pub thumb_kind: ImageKind,
    /// Bytes of the thumbnail's file.
    pub thumb_bytes: u64,
    /// What it shows, in words; empty once a message says it.
    pub alt: AltText,
    /// A name for who downloads it, safe on any system.
    pub name: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// When its life ends.
    pub expires_at: Timestamp,
    /// It waits for a moderator: only they and its sender see it.
    pub pending: bool,
}

impl ImageRow {
    /// The picture as a message shows it.
    pub fn image(&self) -> Image {
        let life = Life::Alive { kind: self.kind, bytes: self.bytes, expires_at: self.expires_at };
        let (width, height) = (self.width, self.height);
        let (alt, pending) = (self.alt.clone(), self.pending);
        Image { id: self.id, width, height, alt, pending, life }
    }

    /// Bytes on disk, thumbnail and all.
    pub fn weight(&self) -> u64 {
        self.bytes + self.thumb_bytes
    }

    pub(super) fn insert(&self, conn: &Connection) -> rusqlite::Result<()> {
        let sql =
            "INSERT INTO images (id, state, room, seq, user, nick, guest, kind, width, height,
                       bytes, thumb_kind, thumb_bytes, alt, name, created_at, expires_at, pending)
                   VALUES (?1, 'present', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
                       ?15, ?16, ?17)";
        let values = params![
            self.id.to_string(),
            self.room.0,
            seq_bytes(self.seq),
            self.author.user.0,
            self.author.nick.as_str(),
            self.author.guest,
            self.kind.media_type(),
            self.width,
            self.height,
            number(self.bytes),
            self.thumb_kind.media_type(),
            number(self.thumb_bytes),
            self.alt.as_str(),
            self.name,
            self.created_at.0,
            self.expires_at.0,
            self.pending,
        ];
        conn.prepare_cached(sql)?.execute(values).map(drop)
    }

    fn load(row: &Row<'_>) -> rusqlite::Result<Self> {
        let seq = u64::from_be_bytes(row.get("seq")?);
        let author = Author {
            user: UserId(row.get("user")?),
            nick: nick(row, "nick")?,
            guest: row.get("guest")?,
        };
        Ok(Self {
            id: row.get::<_, Id>("id")?.0,
            room: RoomId(row.get("room")?),
            seq: Some(seq).filter(|seq| *seq > 0),
            author,
            kind: row.get::<_, Kind>("kind")?.0,
            width: row.get("width")?,
            height: row.get("height")?,
            bytes: place(row.get("bytes")?),
            thumb_kind: row.get::<_, Kind>("thumb_kind")?.0,
            thumb_bytes: place(row.get("thumb_bytes")?),
            // Overwritten once a message says it.
            alt: AltText::stored(row.get_ref("alt")?.as_str().unwrap_or_default().to_owned()),
            name: row.get_ref("name")?.as_str().unwrap_or_default().to_owned(),
            created_at: Timestamp(row.get("created_at")?),
            expires_at: Timestamp(row.get("expires_at")?),
            pending: pending(row)?,
        })
    }
}

/// In a database that is older than this word no picture waits: who reads beside a server may meet
/// one.
fn pending(row: &Row<'_>) -> rusqlite::Result<bool> {
    match row.get("pending") {
        Err(rusqlite::Error::InvalidColumnName(_)) => Ok(false),
        known => known,
    }
}

struct Id(ImageId);

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let id = ImageId::parse(value.as_str()?);
        id.map(Self).ok_or(rusqlite::types::FromSqlError::InvalidType)
    }
}

struct Kind(ImageKind);

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let kind = value.as_str()?.parse();
        kind.map(Self).map_err(|()| rusqlite::types::FromSqlError::InvalidType)
    }
}

/// `seq` as the column holds it: eight bytes whatever the number.
fn seq_bytes(seq: Option<u64>) -> [u8; 8] {
    seq.unwrap_or(0).to_be_bytes()
}

fn state(why: Gone) -> &'static str {
    match why {
        Gone::Expired => "expired",
        Gone::Deleted => "deleted",
    }
}

/// Every picture that is there, oldest first.
pub(super) fn present(conn: &Connection) -> rusqlite::Result<Vec<ImageRow>> {
    all(conn, "SELECT * FROM images WHERE state = 'present' ORDER BY number", (), ImageRow::load)
}

/// Every picture that is there with the name of its room, oldest first.
pub(super) fn with_rooms(conn: &Connection) -> rusqlite::Result<Vec<(ImageRow, Option<String>)>> {
    let sql = "SELECT images.*, rooms.name AS room_name FROM images
               LEFT JOIN rooms ON rooms.id = room WHERE state = 'present' ORDER BY number";
    all(conn, sql, (), in_room)
}

/// The pictures of one person that are there, with the names of their rooms, oldest first.
pub(super) fn of(
    conn: &Connection,
    user: UserId,
) -> rusqlite::Result<Vec<(ImageRow, Option<String>)>> {
    let sql = "SELECT images.*, rooms.name AS room_name FROM images
               LEFT JOIN rooms ON rooms.id = room
               WHERE state = 'present' AND user = ?1 ORDER BY number";
    all(conn, sql, [user.0], in_room)
}

fn in_room(row: &Row<'_>) -> rusqlite::Result<(ImageRow, Option<String>)> {
    Ok((ImageRow::load(row)?, row.get("room_name")?))
}

/// The newest of those that are gone, with their rooms, oldest first.
pub(super) fn gone(conn: &Connection) -> rusqlite::Result<Vec<(ImageId, RoomId)>> {
    let mut rows = conn.prepare(
        "SELECT id, room FROM (SELECT number, id, room FROM images WHERE state <> 'present'
             ORDER BY number DESC LIMIT ?1) ORDER BY number",
    )?;
    let load = |row: &Row<'_>| Ok((row.get::<_, Id>(0)?.0, RoomId(row.get(1)?)));
    rows.query_map([KNOWN_GONE], load)?.collect()
}

/// The rows of pictures that `author` may put into a message in `room`, in order.
pub(super) fn claimable(
    conn: &Connection,
    room: RoomId,
    author: &Author,
    images: &[Image],
) -> rusqlite::Result<Result<Vec<i64>, Refusal>> {
    if images.is_empty() {
        // Nearly every message: not even the statement is looked up.
        return Ok(Ok(Vec::new()));
    }
    let sql = "SELECT number, state, room, user, seq FROM images WHERE id = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut numbers = Vec::with_capacity(images.len());
    for image in images {
        let found = statement.query_row([image.id.to_string()], |row| {
            let ours =
                row.get::<_, i64>("room")? == room.0 && row.get::<_, i64>("user")? == author.user.0;
            let unsent = row.get::<_, [u8; 8]>("seq")? == seq_bytes(None);
            let here = row.get_ref("state")?.as_str()? == PRESENT;
            Ok((row.get(0)?, ours, unsent, here))
        });
        match found.optional()? {
            Some((number, true, true, true)) if image.is_alive() => numbers.push(number),
            Some((_, true, true, true) | (_, true, _, false)) => {
                return Ok(Err(Refusal::ImageGone));
            }
            _ => return Ok(Err(Refusal::ImageNotFound)),
        }
    }
    Ok(Ok(numbers))
}

/// Gives pictures to the message at `seq`, which has their words from now on.
pub(super) fn claim(conn: &Connection, numbers: &[i64], seq: u64) -> rusqlite::Result<()> {
    if numbers.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE images SET seq = ?2, alt = zeroblob(octet_length(alt)) WHERE number = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    for number in numbers {
        statement.execute(params![number, seq_bytes(Some(seq))])?;
    }
    Ok(())
}

const OVERWRITE: &str = "UPDATE images SET state = ?1, nick = zeroblob(octet_length(nick)),
    alt = zeroblob(octet_length(alt)), name = zeroblob(octet_length(name))";

/// Ends a picture. Returns whether it was there.
pub(super) fn end(conn: &Connection, id: ImageId, why: Gone) -> rusqlite::Result<bool> {
    let sql = format!("{OVERWRITE} WHERE id = ?2 AND state = 'present'");
    let ended = conn.prepare_cached(&sql)?.execute(params![state(why), id.to_string()])?;
    Ok(ended > 0)
}

/// A picture need not wait any more. Returns whether it did, and the message that shows it, if any.
pub(super) fn approve(conn: &Connection, id: ImageId) -> rusqlite::Result<Option<Option<u64>>> {
    let sql = "UPDATE images SET pending = 0
               WHERE id = ?1 AND state = 'present' AND pending RETURNING seq";
    let shown_by = |row: &Row<'_>| Ok(u64::from_be_bytes(row.get(0)?));
    let seq = conn.prepare_cached(sql)?.query_row([id.to_string()], shown_by).optional()?;
    Ok(seq.map(|seq| Some(seq).filter(|seq| *seq > 0)))
}

/// Ends all pictures of a message that was deleted.
pub(super) fn end_all(conn: &Connection, room: RoomId, seq: u64) -> rusqlite::Result<()> {
    let sql = format!("{OVERWRITE} WHERE room = ?2 AND seq = ?3 AND state = 'present'");
    let values = params![state(Gone::Deleted), room.0, seq_bytes(Some(seq))];
    conn.prepare_cached(&sql)?.execute(values).map(drop)
}

/// Forgets pictures that are gone and were uploaded before `before`, from the oldest to the first
/// that stays.
pub(super) fn forget(conn: &Connection, before: Timestamp) -> rusqlite::Result<()> {
    let sql = "SELECT coalesce(
                   (SELECT min(number) FROM images WHERE state = 'present' OR created_at >= ?1),
                   (SELECT max(number) + 1 FROM images))";
    let stays: Option<i64> = conn.prepare_cached(sql)?.query_row([before.0], |row| row.get(0))?;
    let Some(stays) = stays else { return Ok(()) };
    let sql = "DELETE FROM images WHERE number < ?1";
    conn.prepare_cached(sql)?.execute([stays - GUARD]).map(drop)
}
