//! Walks over the chunks of a WebP and keeps what shapes the pixels.

use crate::uploads::bounds::{Bounds, Tally};
use crate::uploads::orientation::Orientation;
use crate::uploads::plain::Plain;
use crate::uploads::removed::{Found, Removed};
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;
use crate::uploads::{exif, icc, packets};

use super::Webp;
use super::frames::{Coding, Frame};

const ANIMATION: u8 = 0x02;
const ALPHA: u8 = 0x10;
const PROFILE: u8 = 0x20;

/// A chunk: its name and its data.
struct Chunk<'a> {
    name: [u8; 4],
    data: &'a [u8],
}

/// Reads all chunks of a file.
pub(super) fn read<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Webp<'a>, Unfit> {
    let mut take = Take::new(file);
    take.bytes(4)?;
    let size = u32::from_le_bytes(take.array()?) as usize;
    let mut inside = Take::new(take.bytes(size)?);
    inside.bytes(4)?;
    let mut walk = Walk {
        bounds,
        flags: None,
        canvas: (0, 0),
        tally: Tally::default(),
        frames: Vec::new(),
        alpha: None,
        animation: None,
        body: Plain::default(),
        profile: None,
        orientation: None,
        found: Found::new(),
    };
    while !inside.rest().is_empty() {
        walk.chunk(&next(&mut inside)?)?;
    }
    if !take.rest().is_empty() {
        walk.found.insert(Removed::Appended);
    }
    walk.finish()
}

fn next<'a>(take: &mut Take<'a>) -> Result<Chunk<'a>, Unfit> {
    let name = take.array()?;
    let size = u32::from_le_bytes(take.array()?) as usize;
    let data = take.bytes(size)?;
    if size % 2 == 1 {
        // Some writers forget the last byte of padding.
        take.bytes(1.min(take.rest().len()))?;
    }
    Ok(Chunk { name, data })
}

/// A chunk of our own; its padding is zero.
fn written(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let data = parts.concat();
    let length = u32::try_from(data.len()).unwrap_or(0).to_le_bytes();
    let padding = if data.len() % 2 == 1 { &[0][..] } else { &[] };
    [&name[..], &length, &data, padding].concat()
}

/// A whole file of these chunks.
pub(super) fn riff(chunks: &[u8]) -> Vec<u8> {
    written(*b"RIFF", &[b"WEBP", chunks])
}

/// The chunk of an extended file's canvas.
pub(super) fn canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let [width, height] = [width, height].map(|side| side.saturating_sub(1).to_le_bytes());
    written(*b"VP8X", &[&[flags, 0, 0, 0], &width[..3], &height[..3]])
}

/// The chunk of a lossy or lossless picture.
pub(super) fn coded(coding: Coding, data: &[u8]) -> Vec<u8> {
    written(coding.name(), &[data])
}

fn three(bytes: [u8; 3]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

struct Walk<'a, 'b> {
    bounds: &'b Bounds,
    /// Of an extended file.
    flags: Option<u8>,
    canvas: (u32, u32),
    tally: Tally,
    frames: Vec<Frame<'a>>,
    alpha: Option<&'a [u8]>,
    animation: Option<&'a [u8]>,
    body: Plain<'a>,
    profile: Option<&'a [u8]>,
    orientation: Option<Orientation>,
    found: Found,
}

impl<'a> Walk<'a, '_> {
    fn chunk(&mut self, chunk: &Chunk<'a>) -> Result<(), Unfit> {
        let animated = self.flags.is_some_and(|flags| flags & ANIMATION != 0);
        let still = self.frames.is_empty() && !animated;
        match &chunk.name {
            b"VP8X" if self.flags.is_none() && self.frames.is_empty() => {
                self.extended(chunk.data)?
            }
            b"ALPH" if still && self.flags.is_some() && self.alpha.is_none() => {
                self.alpha = Some(chunk.data);
                self.body.keep(written(chunk.name, &[chunk.data]));
            }
            b"VP8 " | b"VP8L" if still => {
                let coding = Coding::of(chunk.name);
                let frame = Frame::still(coding, chunk.data, self.alpha)?;
                self.still(frame)?;
                self.body.keep(coded(coding, chunk.data));
            }
            b"ANIM" if animated && self.animation.is_none() && chunk.data.len() == 6 => {
                self.animation = Some(chunk.data);
                self.body.keep(written(chunk.name, &[chunk.data]));
            }
            b"ANMF" if animated && self.animation.is_some() => self.frame(chunk.data)?,
            b"ICCP" if self.profile.is_none() && icc::is_profile(chunk.data) => {
                self.profile = Some(chunk.data);
            }
            _ => self.drop(chunk),
        }
        Ok(())
    }

    fn extended(&mut self, data: &[u8]) -> Result<(), Unfit> {
        let mut take = Take::new(data);
        let [flags, _, _, _] = take.array()?;
        let (width, height) = (three(take.array()?) + 1, three(take.array()?) + 1);
        self.bounds.size(width, height)?;
        self.canvas = (width, height);
        self.flags = Some(flags);
        Ok(())
    }

    fn still(&mut self, frame: Frame<'a>) -> Result<(), Unfit> {
        self.bounds.size(frame.width, frame.height)?;
        self.bounds.frame(&mut self.tally, frame.width, frame.height)?;
        if self.flags.is_none() {
            self.canvas = (frame.width, frame.height);
        } else if self.canvas != (frame.width, frame.height) {
            return Err(Unfit::broken("its picture has another size than its canvas"));
        }
        self.frames.push(frame);
        Ok(())
    }

    /// One frame of an animation: sixteen bytes of place and timing, then chunks.
    fn frame(&mut self, data: &'a [u8]) -> Result<(), Unfit> {
        let mut take = Take::new(data);
        let head = take.bytes(16)?;
        let mut places = Take::new(head);
        let (left, top) = (three(places.array()?) * 2, three(places.array()?) * 2);
        let (width, height) = (three(places.array()?) + 1, three(places.array()?) + 1);
        self.bounds.size(width, height)?;
        self.bounds.frame(&mut self.tally, width, height)?;
        if left + width > self.canvas.0 || top + height > self.canvas.1 {
            return Err(Unfit::broken("a frame does not lie on its canvas"));
        }
        let (mut alpha, mut frame, mut kept) = (None, None, Vec::new());
        while !take.rest().is_empty() {
            let chunk = next(&mut take)?;
            match &chunk.name {
                b"ALPH" if alpha.is_none() && frame.is_none() => alpha = Some(chunk.data),
                b"VP8 " | b"VP8L" if frame.is_none() => {
                    frame = Some(Frame::still(Coding::of(chunk.name), chunk.data, alpha)?);
                }
                _ => {
                    self.found.insert(Removed::Other);
                    continue;
                }
            }
            kept.extend(written(chunk.name, &[chunk.data]));
        }
        let frame = frame.ok_or_else(|| Unfit::broken("a frame has no pixels"))?;
        if (frame.width, frame.height) != (width, height) {
            return Err(Unfit::broken("a frame has another size than it says"));
        }
        self.frames.push(frame.at(left, top));
        self.body.keep(written(*b"ANMF", &[head, &kept]));
        Ok(())
    }

    fn drop(&mut self, chunk: &Chunk<'_>) {
        let found = &mut self.found;
        match &chunk.name {
            b"EXIF" => {
                // Some writers put the name of JPEG's segment before it.
                let data = chunk.data.strip_prefix(b"Exif\0\0").unwrap_or(chunk.data);
                let orientation = exif::read(data, found);
                self.orientation.get_or_insert(orientation);
            }
            b"XMP " => packets::xmp(chunk.data, found),
            _ => {
                found.insert(Removed::Other);
            }
        }
    }

    fn finish(self) -> Result<Webp<'a>, Unfit> {
        if self.frames.is_empty() {
            return Err(Unfit::broken("it has no pixels"));
        }
        let (width, height) = self.canvas;
        let mut chunks = Plain::default();
        if let Some(flags) = self.flags {
            let profile = if self.profile.is_some() { PROFILE } else { 0 };
            // Some writers promise transparency that there is not; some readers believe them.
            let animated = flags & ANIMATION != 0;
            let alpha = animated || self.frames.iter().any(Frame::may_be_see_through);
            let kept = if alpha { ANIMATION | ALPHA } else { ANIMATION };
            chunks.keep(canvas(flags & kept | profile, width, height));
        }
        if let Some(profile) = self.profile.filter(|_| self.flags.is_some()) {
            chunks.keep(written(*b"ICCP", &[profile]));
        }
        chunks.keep(self.body.joined());
        let mut plain = Plain::default();
        plain.keep(riff(&chunks.joined()));
        // Frames of an animation cannot be turned without moving them; nobody writes such a file,
        // and what shows animations does not turn them.
        let animated = self.animation.is_some();
        let orientation = self.orientation.filter(|_| !animated).unwrap_or_default();
        Ok(Webp {
            width,
            height,
            frames: self.frames,
            orientation,
            profile: self.profile,
            plain,
            found: self.found,
        })
    }
}
