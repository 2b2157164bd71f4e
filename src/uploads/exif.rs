//! Reads EXIF as far as it must be known: how the picture lies, and what goes with it.
//!
//! Everything else of it is dropped unread. Nothing here can fail: what cannot be read is dropped
//! all the same, and is called something else.

use super::orientation::Orientation;
use super::removed::{Found, Removed};

/// More entries than any camera writes in one directory.
const MAX_ENTRIES: usize = 512;

const ORIENTATION: u16 = 0x0112;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;

/// Notes what is in EXIF data (a TIFF file) and says how the picture lies.
pub(super) fn read(data: &[u8], found: &mut Found) -> Orientation {
    let (mut kinds, mut orientation) = (Found::new(), None);
    let read = walk(data, &mut kinds, &mut orientation);
    if read.is_none() || (kinds.is_empty() && orientation.is_none()) {
        kinds.insert(Removed::Other);
    }
    found.extend(kinds);
    Orientation::of_exif(orientation.unwrap_or(1))
}

fn walk(data: &[u8], found: &mut Found, orientation: &mut Option<u16>) -> Option<()> {
    let tiff = Tiff::new(data)?;
    let main = tiff.directory(tiff.long(4)?)?;
    for entry in main.entries() {
        match entry.tag {
            ORIENTATION => *orientation = Some(tiff.short(entry.at + 8)?),
            EXIF_DIRECTORY => note_all(&tiff, entry.at, found),
            GPS_DIRECTORY => {
                let gps = tiff.long(entry.at + 8).and_then(|at| tiff.directory(at));
                // Tag 0 is the version of the directory; some write it and nothing else.
                if gps.is_some_and(|gps| gps.entries().any(|entry| entry.tag != 0)) {
                    found.insert(Removed::Location);
                }
            }
            tag => found.extend(meaning(tag)),
        }
    }
    let next = tiff.long(main.end).unwrap_or(0);
    if next != 0 && tiff.directory(next).is_some_and(|second| second.count > 0) {
        found.insert(Removed::Thumbnail);
    }
    Some(())
}

fn note_all(tiff: &Tiff<'_>, entry: usize, found: &mut Found) {
    let directory = tiff.long(entry + 8).and_then(|at| tiff.directory(at));
    if let Some(directory) = directory {
        found.extend(directory.entries().filter_map(|entry| meaning(entry.tag)));
    }
}

/// What a tag of the main or the EXIF directory tells about; `None` for what only shapes pixels.
fn meaning(tag: u16) -> Option<Removed> {
    match tag {
        // ImageDescription, DocumentName, UserComment, XPTitle, XPComment, XPKeywords, XPSubject.
        0x010E | 0x010D | 0x9286 | 0x9C9B | 0x9C9C | 0x9C9E | 0x9C9F | 0xA420 => {
            Some(Removed::Comment)
        }
        // Make, Model, exposure, lens, serial numbers, the maker's notes.
        0x010F | 0x0110 | 0x829A | 0x829D | 0x8822..=0x8833 | 0x9201..=0x920A | 0x927C => {
            Some(Removed::Camera)
        }
        0xA20E..=0xA217 | 0xA300..=0xA301 | 0xA401..=0xA40C | 0xA431..=0xA435 => {
            Some(Removed::Camera)
        }
        0x0131 | 0x000B | 0x013C => Some(Removed::Software),
        // DateTime, its originals, offsets and fractions.
        0x0132 | 0x9003 | 0x9004 | 0x9010..=0x9012 | 0x9290..=0x9292 => Some(Removed::Time),
        // Artist, Copyright, XPAuthor, CameraOwnerName.
        0x013B | 0x8298 | 0x9C9D | 0xA430 => Some(Removed::Author),
        // IPTC, Photoshop, XMP inside of EXIF, and the print matching of some makers.
        0x83BB | 0x8649 | 0x02BC | 0xC4A5 => Some(Removed::Other),
        _ => None,
    }
}

/// The bytes of a TIFF file.
struct Tiff<'a> {
    data: &'a [u8],
    big: bool,
}

/// One directory: where its first entry is, how many there are, where its next pointer is.
struct Directory<'a, 'b> {
    tiff: &'b Tiff<'a>,
    first: usize,
    count: usize,
    end: usize,
}

struct Entry {
    tag: u16,
    at: usize,
}

impl<'a> Tiff<'a> {
    fn new(data: &'a [u8]) -> Option<Self> {
        let big = match data.get(..4)? {
            b"MM\0\x2A" => true,
            b"II\x2A\0" => false,
            _ => return None,
        };
        Some(Self { data, big })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.data.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.data.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let long = if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        usize::try_from(long).ok()
    }

    fn directory(&self, at: usize) -> Option<Directory<'a, '_>> {
        let count = usize::from(self.short(at)?);
        let first = at.checked_add(2)?;
        Some(Directory { tiff: self, first, count, end: first.checked_add(count * 12)? })
    }
}

impl Directory<'_, '_> {
    fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.count.min(MAX_ENTRIES)).map_while(|index| {
            let at = self.first + index * 12;
            Some(Entry { tag: self.tiff.short(at)?, at })
        })
    }
}
