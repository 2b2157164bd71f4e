//! Writes a profile anew from what of it shapes colours.
//!
//! Its texts name people, programs and devices, its header a date and a maker. What readers ask for
//! is there in words that say nothing.

use super::tags::{self, Tag};

/// Where the table of tags begins; before it is the header.
const TABLE: usize = 128;
/// A date that says nothing: the first of January 2000. Some readers fail at no date.
const DATE: [u8; 6] = [0x07, 0xD0, 0, 1, 0, 1];
/// What the texts say.
const TEXT: &[u8] = b"ICC";

/// What of a profile is kept, or nothing if it is malformed or shapes no colours.
///
/// What goes is not told: nearly every profile has the same few words of its maker, and they would
/// drown what a person left in the file.
pub fn rebuilt(profile: &[u8]) -> Option<Vec<u8>> {
    let header = header(profile)?;
    let modern = header[8] >= 4;
    let mut new = Tags::default();
    let desc = new.data(if modern { words() } else { description() });
    new.names.push((*b"desc", desc));
    let cprt = if modern { desc } else { new.data(copyright()) };
    new.names.push((*b"cprt", cprt));
    // Which data of the profile became which of the new one: tags that share it still do.
    let mut shared: Vec<(&[u8], usize)> = Vec::new();
    let mut room = profile.len();
    for Tag { name, data } in tags::read(profile)? {
        let known = shared.iter().find(|(of, _)| std::ptr::eq(*of, data)).map(|(_, at)| *at);
        let Some(plain) = tags::length(name, data) else { continue };
        let at = match known {
            Some(at) => at,
            None => {
                // Tags that overlap could make much of little.
                room = room.checked_sub(plain)?;
                let at = new.data(tags::plain(data, plain)?);
                shared.push((data, at));
                at
            }
        };
        new.names.push((name, at));
    }
    if shared.is_empty() { None } else { new.written(header) }
}

/// The header without what tells where the profile came from.
fn header(profile: &[u8]) -> Option<[u8; TABLE]> {
    let old: [u8; TABLE] = profile.get(..TABLE)?.try_into().ok()?;
    // Profiles of links between devices and of named colours belong in no picture.
    if !matches!(&old[12..16], b"scnr" | b"mntr" | b"prtr" | b"spac") {
        return None;
    }
    let mut new = [0; TABLE];
    // Version, class, colours; the signature; whether it is embedded; paper or film; the intent
    // and the light.
    for part in [8..24, 36..40, 47..48, 63..80] {
        new[part.clone()].copy_from_slice(&old[part]);
    }
    new[24..30].copy_from_slice(&DATE);
    Some(new)
}

/// A text of version 4: one, in English, two bytes a letter.
fn words() -> Vec<u8> {
    let mut data = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS".to_vec();
    data.extend([0, 0, 0, 2 * TEXT.len() as u8, 0, 0, 0, 28]);
    data.extend(TEXT.iter().flat_map(|letter| [0, *letter]));
    data
}

/// A description of version 2: plain, and empty in its two other scripts.
fn description() -> Vec<u8> {
    let mut data = b"desc\0\0\0\0".to_vec();
    data.extend([0, 0, 0, TEXT.len() as u8 + 1]);
    data.extend(TEXT);
    data.resize(data.len() + 1 + 8 + 3 + 67, 0);
    data
}

/// A text of version 2.
fn copyright() -> Vec<u8> {
    [b"text\0\0\0\0", TEXT, b"\0"].concat()
}

/// The tags of a new profile.
#[derive(Default)]
struct Tags {
    /// Their data, one behind the other, and where each begins and how long it is.
    body: Vec<u8>,
    places: Vec<(usize, usize)>,
    /// Their names, and which data is theirs.
    names: Vec<([u8; 4], usize)>,
}

impl Tags {
    /// Adds data; says which it is.
    fn data(&mut self, data: Vec<u8>) -> usize {
        self.places.push((self.body.len(), data.len()));
        self.body.extend(data);
        self.body.resize(self.body.len().next_multiple_of(4), 0);
        self.places.len() - 1
    }

    /// The whole profile.
    fn written(self, mut header: [u8; TABLE]) -> Option<Vec<u8>> {
        let start = TABLE + 4 + 12 * self.names.len();
        let mut table = u32::try_from(self.names.len()).ok()?.to_be_bytes().to_vec();
        for (name, which) in &self.names {
            let (at, length) = self.places.get(*which)?;
            table.extend_from_slice(name);
            table.extend(u32::try_from(start + at).ok()?.to_be_bytes());
            table.extend(u32::try_from(*length).ok()?.to_be_bytes());
        }
        let size = u32::try_from(start + self.body.len()).ok()?;
        header[..4].copy_from_slice(&size.to_be_bytes());
        Some([&header[..], &table, &self.body].concat())
    }
}
