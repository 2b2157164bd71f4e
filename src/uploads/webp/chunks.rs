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

/// The most that the codes of all frames may become: it is time, not memory, that this bounds.
const MAX_CODES: u64 = 1 << 30;

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
        codes: 0,
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

/// Adds a chunk; its padding is zero.
fn keep<'a>(plain: &mut Plain<'a>, name: [u8; 4], parts: Plain<'a>) {
    let length = u32::try_from(parts.len()).unwrap_or(0);
    plain.keep([name, length.to_le_bytes()].concat());
    plain.append(parts);
    if length % 2 == 1 {
        plain.keep(&[0][..]);
    }
}

fn keep_data<'a>(plain: &mut Plain<'a>, name: [u8; 4], data: &'a [u8]) {
    let mut parts = Plain::default();
    parts.keep(data);
    keep(plain, name, parts);
}

/// A whole file of these chunks.
fn riff(chunks: Plain<'_>) -> Plain<'_> {
    let mut parts = Plain::default();
    parts.keep(&b"WEBP"[..]);
    parts.append(chunks);
    let mut file = Plain::default();
    keep(&mut file, *b"RIFF", parts);
    file
}

fn keep_canvas(plain: &mut Plain<'_>, flags: u8, width: u32, height: u32) {
    let [width, height] = [width, height].map(|side| side.saturating_sub(1).to_le_bytes());
    let mut parts = Plain::default();
    parts.keep([&[flags, 0, 0, 0], &width[..3], &height[..3]].concat());
    keep(plain, *b"VP8X", parts);
}

/// A whole file of one coded picture. A lossless one is said to have transparency, so that the
/// decoder decodes it in place.
pub(super) fn file_of(coding: Coding, (width, height): (u32, u32), data: &[u8]) -> Vec<u8> {
    let mut chunks = Plain::default();
    if coding == Coding::Lossless {
        keep_canvas(&mut chunks, ALPHA, width, height);
    }
    keep_data(&mut chunks, coding.name(), data);
    riff(chunks).joined()
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
    /// Bytes that the decoder will make of the codes of all frames.
    codes: u64,
    alpha: Option<&'a [u8]>,
    animation: Option<&'a [u8]>,
    body: Plain<'a>,
    profile: Option<Vec<u8>>,
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
                keep_data(&mut self.body, chunk.name, chunk.data);
            }
            b"VP8 " | b"VP8L" if still => {
                let coding = Coding::of(chunk.name);
                let frame = Frame::still(coding, chunk.data, self.alpha)?;
                self.still(frame)?;
                keep_data(&mut self.body, chunk.name, chunk.data);
            }
            b"ANIM" if animated && self.animation.is_none() && chunk.data.len() == 6 => {
                self.animation = Some(chunk.data);
                keep_data(&mut self.body, chunk.name, chunk.data);
            }
            b"ANMF" if animated && self.animation.is_some() => self.frame(chunk.data)?,
            b"ICCP" if self.profile.is_none() => {
                self.profile = icc::kept(chunk.data, &mut self.found);
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
        self.push(frame)
    }

    /// Takes a frame whose size is fine.
    fn push(&mut self, frame: Frame<'a>) -> Result<(), Unfit> {
        let frame = frame.weighed()?;
        self.codes += frame.codes();
        if self.codes > MAX_CODES {
            return Err(Unfit::broken("most of it is codes and not pixels"));
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
        let (mut alpha, mut frame, mut kept) = (None, None, Plain::default());
        kept.keep(head);
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
            keep_data(&mut kept, chunk.name, chunk.data);
        }
        let frame = frame.ok_or_else(|| Unfit::broken("a frame has no pixels"))?;
        if (frame.width, frame.height) != (width, height) {
            return Err(Unfit::broken("a frame has another size than it says"));
        }
        self.push(frame.at(left, top))?;
        keep(&mut self.body, *b"ANMF", kept);
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
            keep_canvas(&mut chunks, flags & kept | profile, width, height);
        }
        if let Some(profile) = self.profile.as_ref().filter(|_| self.flags.is_some()) {
            let mut parts = Plain::default();
            parts.keep(profile.clone());
            keep(&mut chunks, *b"ICCP", parts);
        }
        chunks.append(self.body);
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
            plain: riff(chunks),
            found: self.found,
        })
    }
}
