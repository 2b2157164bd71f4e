//! Other packets of words: XMP, IPTC, PNG's text. They are dropped whole; here is what was in them.

use super::removed::{Found, Removed};

/// As much of a packet as is looked at.
const LOOKED_AT: usize = 256 << 10;

/// Names in XMP, and what they tell about.
const XMP_NAMES: &[(&[u8], Removed)] = &[
    (b"exif:GPS", Removed::Location),
    (b"Iptc4xmpCore:Location", Removed::Location),
    (b"Iptc4xmpExt:Location", Removed::Location),
    (b"photoshop:City", Removed::Location),
    (b"photoshop:Country", Removed::Location),
    (b"tiff:Make", Removed::Camera),
    (b"tiff:Model", Removed::Camera),
    (b"aux:", Removed::Camera),
    (b"exifEX:", Removed::Camera),
    (b"exif:DateTime", Removed::Time),
    (b"xmp:CreateDate", Removed::Time),
    (b"xmp:ModifyDate", Removed::Time),
    (b"photoshop:DateCreated", Removed::Time),
    (b"dc:creator", Removed::Author),
    (b"dc:rights", Removed::Author),
    (b"xmpRights:", Removed::Author),
    (b"photoshop:Credit", Removed::Author),
    (b"tiff:Artist", Removed::Author),
    (b"CreatorTool", Removed::Software),
    (b"xmpMM:History", Removed::Software),
    (b"tiff:Software", Removed::Software),
    (b"dc:description", Removed::Comment),
    (b"dc:title", Removed::Comment),
    (b"dc:subject", Removed::Comment),
    (b"exif:UserComment", Removed::Comment),
    (b"xmp:Thumbnails", Removed::Thumbnail),
    (b"GImage:", Removed::Thumbnail),
    (b"Container:Directory", Removed::Thumbnail),
];

/// Notes what an XMP packet tells about.
pub(super) fn xmp(packet: &[u8], found: &mut Found) {
    let packet = packet.get(..LOOKED_AT).unwrap_or(packet);
    let has = |name: &[u8]| packet.windows(name.len()).any(|part| part == name);
    let kinds = XMP_NAMES.iter().filter(|(name, _)| has(name)).map(|(_, kind)| *kind);
    note(kinds.collect(), found);
}

/// Notes what a packet has; what is in none of the lists is something else.
fn note(kinds: Found, found: &mut Found) {
    if kinds.is_empty() {
        found.insert(Removed::Other);
    }
    found.extend(kinds);
}

/// Notes what Photoshop's resources, with IPTC among them, tell about.
pub(super) fn iptc(packet: &[u8], found: &mut Found) {
    let packet = packet.get(..LOOKED_AT).unwrap_or(packet);
    let mut kinds = Found::new();
    for part in packet.windows(3) {
        // Record 2 of IPTC: 0x1C, 2, the dataset.
        if let [0x1C, 2, dataset] = part {
            kinds.extend(dataset_meaning(*dataset));
        }
    }
    // Photoshop's two kinds of thumbnail.
    let thumbnails = [&b"8BIM\x04\x09"[..], b"8BIM\x04\x0C"];
    if packet.windows(6).any(|part| thumbnails.contains(&part)) {
        kinds.insert(Removed::Thumbnail);
    }
    note(kinds, found);
}

fn dataset_meaning(dataset: u8) -> Option<Removed> {
    match dataset {
        5 | 25 | 40 | 105 | 120 => Some(Removed::Comment),
        30..=63 => Some(Removed::Time),
        65 | 70 => Some(Removed::Software),
        80 | 85 | 110 | 115 | 116 | 118 | 122 => Some(Removed::Author),
        26 | 27 | 90 | 92 | 95 | 100 | 101 => Some(Removed::Location),
        _ => None,
    }
}

/// Notes what one of PNG's text chunks tells about, by its keyword.
pub(super) fn png_text(data: &[u8], found: &mut Found) {
    let keyword = data.split(|byte| *byte == 0).next().unwrap_or_default();
    let kind = match keyword {
        b"Author" | b"Copyright" | b"Artist" => Removed::Author,
        b"Creation Time" | b"date:create" | b"date:modify" => Removed::Time,
        b"Software" => Removed::Software,
        b"Source" => Removed::Camera,
        b"XML:com.adobe.xmp" => return xmp(data, found),
        _ if keyword.starts_with(b"Raw profile type") => Removed::Other,
        _ => Removed::Comment,
    };
    found.insert(kind);
}
