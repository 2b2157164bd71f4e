//! `parlor images`: which pictures there are, and whether the disk holds just these.
//!
//! It reads beside a server that runs, and after one that was killed; it changes nothing.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::model::{ImageId, Timestamp};
use crate::store::{self, ImageRow, StoreError};
use crate::uploads::{Gallery, Stock};

/// A picture of the table.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: ImageId,
    /// Its room; none for one whose log lives in memory only.
    pub room: Option<String>,
    /// The message that shows it; none before it is sent.
    pub seq: Option<u64>,
    /// Its media type.
    pub r#type: &'static str,
    /// Bytes of its file.
    pub bytes: u64,
    /// Bytes of its thumbnail's file.
    pub thumb_bytes: u64,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// When its life ends.
    pub expires_at: Timestamp,
    /// Whether its files are there, whole.
    pub whole: bool,
}

/// Table and disk side by side.
#[derive(Debug, Serialize)]
pub struct Inventory {
    /// Every picture of the table, oldest first.
    pub pictures: Vec<Entry>,
    /// Bytes by the table.
    pub bytes_in_table: u64,
    /// Bytes of all files of pictures.
    pub bytes_on_disk: u64,
    /// Files that belong to no picture.
    pub orphans: usize,
    /// Uploads that have not ended.
    pub drafts: usize,
    #[serde(skip)]
    now: Timestamp,
}

impl Inventory {
    /// Takes stock of what lies under `data`.
    ///
    /// # Errors
    /// When database or directory cannot be read.
    pub fn take(data: &Path, now: Timestamp) -> io::Result<Self> {
        let (db, uploads) = (data.join("parlor.db"), data.join("uploads"));
        if !db.exists() && !uploads.exists() {
            let message = format!("{} holds neither parlor.db nor uploads/", data.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        let rows = if db.exists() { store::pictures(&db).map_err(unreadable)? } else { Vec::new() };
        let stock = if uploads.exists() {
            Gallery::open(uploads, false)?.stock()?
        } else {
            Stock::default()
        };
        Ok(Self::compare(rows, &stock, now))
    }

    fn compare(rows: Vec<(ImageRow, Option<String>)>, stock: &Stock, now: Timestamp) -> Self {
        let entry = |(row, room): (ImageRow, Option<String>)| {
            let sizes = (Some(row.bytes), Some(row.thumb_bytes));
            Entry {
                whole: stock.pictures.get(&row.id) == Some(&sizes),
                id: row.id,
                room,
                seq: row.seq,
                r#type: row.kind.media_type(),
                bytes: row.bytes,
                thumb_bytes: row.thumb_bytes,
                created_at: row.created_at,
                expires_at: row.expires_at,
            }
        };
        let pictures: Vec<Entry> = rows.into_iter().map(entry).collect();
        let files = |(picture, thumb): &(Option<u64>, Option<u64>)| [*picture, *thumb];
        let known: std::collections::HashSet<ImageId> =
            pictures.iter().map(|picture| picture.id).collect();
        let strangers = stock.pictures.iter().filter(|(id, _)| !known.contains(id));
        Self {
            bytes_in_table: pictures.iter().map(|entry| entry.bytes + entry.thumb_bytes).sum(),
            bytes_on_disk: stock.pictures.values().flat_map(files).flatten().sum(),
            orphans: strangers.flat_map(|(_, sizes)| files(sizes)).flatten().count(),
            drafts: stock.drafts.len(),
            pictures,
            now,
        }
    }

    /// Whether every picture has its files and every file its picture.
    pub fn agrees(&self) -> bool {
        self.bytes_in_table == self.bytes_on_disk
            && self.orphans == 0
            && self.pictures.iter().all(|picture| picture.whole)
    }
}

fn unreadable(error: StoreError) -> io::Error {
    io::Error::other(error.to_string())
}

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pictures.is_empty() {
            let (id, room) = ("ID", "ROOM");
            writeln!(
                f,
                "{id:32}  {room:16}  {:>10}  {:>9}  {:>9}  SHOWN BY",
                "BYTES", "AGE", "ENDS IN"
            )?;
        }
        for picture in &self.pictures {
            let shown = match (picture.seq, &picture.room) {
                _ if !picture.whole => "nobody: its files are missing or damaged".to_owned(),
                (Some(seq), _) => format!("message {seq}"),
                (None, Some(_)) => "nobody yet".to_owned(),
                (None, None) => "only its room knows".to_owned(),
            };
            let bytes = picture.bytes + picture.thumb_bytes;
            let age = span(self.now.since(picture.created_at));
            let left = span(picture.expires_at.since(self.now));
            let room = picture.room.as_deref().unwrap_or("(in memory)");
            writeln!(
                f,
                "{:32}  {room:16}  {bytes:>10}  {age:>9}  {left:>9}  {shown}",
                picture.id.to_string()
            )?;
        }
        let mut rest = String::new();
        if self.orphans > 0 {
            let files = counted(self.orphans, "file");
            write!(rest, "; {files} without a picture, to go at the next start")?;
        }
        if self.drafts > 0 {
            write!(rest, "; {} under way or broken off", counted(self.drafts, "upload"))?;
        }
        let verdict = if self.agrees() { "they agree" } else { "they DIFFER" };
        writeln!(
            f,
            "{}: {} bytes in the table, {} bytes on disk: {verdict}{rest}.",
            counted(self.pictures.len(), "picture"),
            self.bytes_in_table,
            self.bytes_on_disk,
        )
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A span of time in its largest unit, rounded down.
fn span(millis: u64) -> String {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)];
    let unit = units.iter().find(|(_, size)| millis >= *size);
    unit.map_or_else(
        || format!("{} s", millis / 1000),
        |(name, size)| format!("{} {name}", millis / size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_gallery_agrees_with_itself_and_another_directory_is_none() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Inventory::take(directory.path(), Timestamp(0)).is_err());
        Gallery::open(directory.path().join("uploads"), false).unwrap();
        let inventory = Inventory::take(directory.path(), Timestamp(0)).unwrap();
        assert!(inventory.agrees());
        let said = "0 pictures: 0 bytes in the table, 0 bytes on disk: they agree.\n";
        assert_eq!(inventory.to_string(), said);
    }

    #[test]
    fn a_file_without_a_row_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let gallery = Gallery::open(directory.path().join("uploads"), false).unwrap();
        gallery.place(ImageId(1), b"picture", b"thumb").unwrap().keep();
        let inventory = Inventory::take(directory.path(), Timestamp(0)).unwrap();
        assert!(!inventory.agrees());
        assert!(inventory.to_string().contains("2 files without a picture"), "{inventory}");
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        let spans = [999, 59_999, 60_000, 7_200_000, 172_800_000].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min", "2 h", "2 d"]);
    }
}
