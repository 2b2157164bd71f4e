//! Walks over the segments of a JPEG and keeps what shapes the pixels.
//!
//! Kept: tables, the frame, scans byte for byte, JFIF's header without its thumbnail, Adobe's word
//! on colours, and a colour profile. Everything else is dropped, and so is what lies between
//! segments or behind the end.

use crate::uploads::bounds::Bounds;
use crate::uploads::plain::Plain;
use crate::uploads::removed::{Found, Removed};
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;
use crate::uploads::{exif, icc, packets};

use super::frame::Frame;
use super::scan::Scan;
use super::tables::Tables;
use super::{Jpeg, Orientation};

/// The most scans. Encoders write about ten; thousands are an attack on the decoder's time.
pub(super) const MAX_SCANS: usize = 100;

/// The most pixels that all scans go over: forty times over the largest picture.
const MAX_SCANNED: u64 = 1_600_000_000;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;

/// Reads all segments of a file.
pub(super) fn read<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Jpeg<'a>, Unfit> {
    let mut walk = Walk::default();
    let mut take = Take::new(file);
    take.bytes(2)?;
    loop {
        let marker = walk.next_marker(&mut take)?;
        match marker {
            EOI => break,
            SOI => return Err(Unfit::broken("a second picture begins inside")),
            // Restarts outside of a scan and the temporary marker: alone, without a length.
            0x01 | 0xD0..=0xD7 => {}
            _ => walk.segment(marker, &mut take, bounds)?,
        }
    }
    if !take.rest().is_empty() {
        walk.found.insert(Removed::Appended);
    }
    walk.finish()
}

#[derive(Default)]
struct Walk<'a> {
    frame: Option<Frame>,
    scans: usize,
    partial_scans: bool,
    scan: Option<Scan<'a>>,
    tables: Tables,
    orientation: Option<Orientation>,
    jfif: Option<Vec<u8>>,
    adobe: Option<&'a [u8]>,
    profile: Vec<(u8, u8, &'a [u8])>,
    body: Plain<'a>,
    found: Found,
}

impl<'a> Walk<'a> {
    /// The next marker. What lies before it belongs to nothing.
    fn next_marker(&mut self, take: &mut Take<'a>) -> Result<u8, Unfit> {
        loop {
            if take.byte()? != 0xFF {
                self.found.insert(Removed::Other);
                continue;
            }
            let mut marker = take.byte()?;
            while marker == 0xFF {
                marker = take.byte()?;
            }
            if marker != 0 {
                return Ok(marker);
            }
        }
    }

    fn segment(&mut self, marker: u8, take: &mut Take<'a>, b: &Bounds) -> Result<(), Unfit> {
        let start = take.at();
        let length = usize::from(u16::from_be_bytes(take.array()?));
        let body = length.checked_sub(2).ok_or_else(|| Unfit::broken("a segment has no size"))?;
        let body = take.bytes(body)?;
        let whole = take.since(start);
        match marker {
            0xC4 => self.tables.codes(body)?,
            0xDB => self.tables.quantisation(body)?,
            0xDD => self.tables.restart = u16::from_be_bytes(Take::new(body).array()?).into(),
            0xC0..=0xCF => {
                if self.frame.is_some() {
                    return Err(Unfit::broken("it has two frames"));
                }
                self.frame = Some(Frame::read(marker, body, b)?);
            }
            SOS => return self.scan(body, whole, take),
            0xE0..=0xEF | 0xFE => {
                self.application(marker, body);
                return Ok(());
            }
            0xDC => return Err(Unfit::unsupported("This JPEG says its height at its end only.")),
            _ => {
                self.found.insert(Removed::Other);
                return Ok(());
            }
        }
        self.keep(marker, whole);
        Ok(())
    }

    /// Keeps a segment, unless the only scan is over: then it shapes nothing.
    fn keep(&mut self, marker: u8, whole: &'a [u8]) {
        if self.scan.is_none() {
            self.body.keep(vec![0xFF, marker]);
            self.body.keep(whole);
        }
    }

    /// Whether the pixels are YCbCr or grey, as libjpeg decides it.
    fn usual_colours(&self, frame: &Frame) -> bool {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match (ids.len(), self.adobe.and_then(|adobe| adobe.last())) {
            (1, _) => true,
            (3, _) if self.jfif.is_some() => true,
            (3, Some(transform)) => *transform != 0,
            (3, None) => ids != *b"RGB" && ids != *b"rgb",
            _ => false,
        }
    }

    /// Goes to the end of a scan's coded data. What of it belongs to a picture of one scan is found
    /// out when that is read.
    fn scan(&mut self, header: &[u8], whole: &'a [u8], take: &mut Take<'a>) -> Result<(), Unfit> {
        let Some(frame) = &self.frame else {
            return Err(Unfit::broken("a scan comes before the frame"));
        };
        self.scans += 1;
        if self.scans > MAX_SCANS || self.scans as u64 * frame.pixels() > MAX_SCANNED {
            return Err(Unfit::broken("it goes over its pixels too often"));
        }
        let count = header.first().copied().unwrap_or(0);
        self.partial_scans |= usize::from(count) < frame.components.len();
        let data = take.rest();
        let end = data
            .windows(2)
            .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF | 0xD0..=0xD7));
        let data = take.bytes(end.ok_or_else(Unfit::truncated)?)?;
        let scan = Scan::open(header, data, frame, &self.tables)?;
        self.keep(SOS, whole);
        match scan.filter(|_| self.scans == 1) {
            Some(scan) => self.scan = Some(scan),
            None if self.scan.is_none() => self.body.keep(data),
            None => return Err(Unfit::broken("it goes on behind its last pixel")),
        }
        Ok(())
    }

    fn application(&mut self, marker: u8, body: &'a [u8]) {
        let found = &mut self.found;
        match marker {
            0xE0 if body.starts_with(b"JFIF\0") && body.len() >= 14 => {
                if body.len() > 14 {
                    found.insert(Removed::Thumbnail);
                }
                let mut header = body[..14].to_vec();
                header[12..].fill(0);
                self.jfif.get_or_insert(header);
            }
            0xE0 if body.starts_with(b"JFXX\0") => {
                found.insert(Removed::Thumbnail);
            }
            0xE1 if body.starts_with(b"Exif\0") => {
                let orientation = exif::read(body.get(6..).unwrap_or_default(), found);
                self.orientation.get_or_insert(orientation);
            }
            0xE1 if body.starts_with(b"http://ns.adobe.com/x") => packets::xmp(body, found),
            0xE2 if body.starts_with(b"ICC_PROFILE\0") && body.len() >= 14 => {
                self.profile.push((body[12], body[13], &body[14..]));
            }
            0xE2 if body.starts_with(b"MPF\0") => {
                found.insert(Removed::Thumbnail);
            }
            0xED => packets::iptc(body, found),
            0xEE if body.starts_with(b"Adobe") && body.len() >= 12 => {
                self.adobe.get_or_insert(&body[..12]);
            }
            0xFE => {
                found.insert(Removed::Comment);
            }
            _ => {
                found.insert(Removed::Other);
            }
        }
    }

    fn finish(mut self) -> Result<Jpeg<'a>, Unfit> {
        if self.scans == 0 {
            return Err(Unfit::broken("it has no pixels"));
        }
        let profile = self.joined_profile();
        let frame = self.frame.take().ok_or_else(Unfit::truncated)?;
        let usual = self.usual_colours(&frame);
        let mut lead = Plain::default();
        lead.keep(&[0xFF, SOI][..]);
        if let Some(jfif) = self.jfif {
            lead.keep(segment_of(0xE0, &[&jfif]));
        }
        if let Some(adobe) = self.adobe {
            lead.keep(segment_of(0xEE, &[adobe]));
        }
        keep_profile(&mut lead, profile.as_deref().unwrap_or_default());
        Ok(Jpeg {
            frame,
            usual,
            partial_scans: self.partial_scans,
            single_scan: self.scan.is_some(),
            scan: self.scan,
            tables: self.tables,
            orientation: self.orientation.unwrap_or_default(),
            profile,
            lead,
            body: self.body,
            found: self.found,
        })
    }

    /// The colour profile, if its parts are all there and make one.
    fn joined_profile(&mut self) -> Option<Vec<u8>> {
        if self.profile.is_empty() {
            return None;
        }
        self.profile.sort_by_key(|(place, ..)| *place);
        let count = self.profile.len();
        let whole = (1..)
            .zip(&self.profile)
            .all(|(place, (at, of, _))| usize::from(*at) == place && usize::from(*of) == count);
        let joined: Vec<u8> = self.profile.iter().flat_map(|(.., part)| *part).copied().collect();
        icc::kept(if whole { &joined } else { &[] }, &mut self.found)
    }
}

fn keep_profile(plain: &mut Plain<'_>, profile: &[u8]) {
    // 65,535 less the length, the name and the two numbers.
    let parts = profile.chunks(65_519);
    let count = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    for (place, part) in (1u8..).zip(parts) {
        plain.keep(segment_of(0xE2, &[b"ICC_PROFILE\0", &[place, count], part]));
    }
}

fn segment_of(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    [&[0xFF, marker][..], &length, &parts.concat()].concat()
}
