//! Walks over the chunks of a PNG and keeps what shapes the pixels.
//!
//! Every checksum is checked. Text is never inflated, a colour profile only up to its bound.

use std::borrow::Cow;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::uploads::bounds::{Bounds, Tally};
use crate::uploads::plain::Plain;
use crate::uploads::removed::{Found, Removed};
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;
use crate::uploads::{exif, icc, packets};

use super::header::Header;
use super::idat::Packed;
use super::{Orientation, Png};

/// The most chunks. Encoders write pixels in some thousands of bytes each.
const MAX_CHUNKS: usize = 65_536;

/// A kept profile's name; what it had may be anything.
const PROFILE_NAME: &[u8] = b"icc\0\0";

/// A chunk: its name, its data, and all of it as it is in the file.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub name: [u8; 4],
    pub data: &'a [u8],
    pub whole: &'a [u8],
}

/// Reads all chunks of a file.
pub(super) fn read<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Png<'a>, Unfit> {
    let mut take = Take::new(file);
    let signature = take.bytes(8)?;
    let first = next(&mut take)?;
    if &first.name != b"IHDR" {
        return Err(Unfit::broken("it does not begin with its header"));
    }
    let header = Header::read(first.data, bounds)?;
    let expected = header.filtered(header.width, header.height);
    let mut png = Png {
        header,
        tally: Tally::default(),
        animation: 0,
        orientation: Orientation::default(),
        profile: None,
        packed_profile: None,
        colours: Vec::new(),
        before: Plain::default(),
        pixels: Packed { parts: Vec::new(), expected },
        behind: Plain::default(),
        frames: Vec::new(),
        found: Found::new(),
    };
    png.before.keep(signature);
    png.before.keep(first.whole);
    let mut walk =
        Walk { png, seen: Vec::new(), chunks: 0, frames: 0, pixels: Pixels::Coming, bounds };
    loop {
        let chunk = next(&mut take)?;
        walk.count()?;
        walk.chunk(chunk)?;
        if &chunk.name == b"IEND" {
            break;
        }
    }
    if !take.rest().is_empty() {
        walk.png.found.insert(Removed::Appended);
    }
    walk.finish()
}

fn next<'a>(take: &mut Take<'a>) -> Result<Chunk<'a>, Unfit> {
    let start = take.at();
    let length = u32::from_be_bytes(take.array()?);
    let name = take.array()?;
    let data = take.bytes(usize::try_from(length).map_err(|_| Unfit::truncated())?)?;
    let checked = take.since(start + 4);
    let sum = u32::from_be_bytes(take.array()?);
    if crc32fast::hash(checked) != sum {
        return Err(Unfit::broken("a checksum is wrong"));
    }
    Ok(Chunk { name, data, whole: take.since(start) })
}

/// Where the walk is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pixels {
    Coming,
    Here,
    Over,
}

struct Walk<'a, 'b> {
    png: Png<'a>,
    chunks: usize,
    /// Chunks that come once only.
    seen: Vec<[u8; 4]>,
    frames: u32,
    pixels: Pixels,
    bounds: &'b Bounds,
}

impl<'a> Walk<'a, '_> {
    fn count(&mut self) -> Result<(), Unfit> {
        self.chunks += 1;
        if self.chunks > MAX_CHUNKS {
            return Err(Unfit::broken(format!("it has more than {MAX_CHUNKS} parts")));
        }
        Ok(())
    }

    fn keep(&mut self, piece: impl Into<Cow<'a, [u8]>>) {
        match self.pixels {
            Pixels::Coming => self.png.before.keep(piece),
            Pixels::Here | Pixels::Over => self.png.behind.keep(piece),
        }
    }

    fn chunk(&mut self, chunk: Chunk<'a>) -> Result<(), Unfit> {
        if self.pixels == Pixels::Here && &chunk.name != b"IDAT" {
            self.pixels = Pixels::Over;
        }
        match &chunk.name {
            b"IHDR" => return Err(Unfit::broken("it has two headers")),
            b"IEND" if !chunk.data.is_empty() => return Err(Unfit::broken("its end is not empty")),
            b"IEND" | b"PLTE" => self.keep(chunk.whole),
            b"IDAT" if self.pixels == Pixels::Over => {
                self.png.found.insert(Removed::Appended);
            }
            b"IDAT" => {
                self.pixels = Pixels::Here;
                if !chunk.data.is_empty() {
                    self.png.pixels.parts.push(chunk.data);
                }
            }
            b"acTL"
                if self.pixels == Pixels::Coming
                    && chunk.data.len() == 8
                    && self.first(chunk.name) =>
            {
                let count = [chunk.data[0], chunk.data[1], chunk.data[2], chunk.data[3]];
                self.png.animation = u32::from_be_bytes(count);
                self.keep(chunk.whole);
            }
            b"fcTL" if self.png.animation > 0 => self.frame(chunk)?,
            b"fdAT" if self.png.animation > 0 => self.frame_data(chunk)?,
            b"iCCP" if self.pixels == Pixels::Coming && self.first(chunk.name) => {
                self.profile(chunk)
            }
            _ if self.is_plain(&chunk) => {
                if matches!(&chunk.name, b"gAMA" | b"cHRM" | b"sRGB" | b"cICP") {
                    self.png.colours.push(chunk);
                }
                self.keep(chunk.whole);
            }
            _ => self.drop(&chunk)?,
        }
        Ok(())
    }

    fn first(&mut self, name: [u8; 4]) -> bool {
        let first = !self.seen.contains(&name);
        self.seen.push(name);
        first
    }

    /// Whether a chunk shapes the pixels, has the size of such a chunk, and stands in its place.
    fn is_plain(&mut self, chunk: &Chunk<'_>) -> bool {
        let sizes = match &chunk.name {
            b"tRNS" => 1..=256,
            b"gAMA" => 4..=4,
            b"cHRM" => 32..=32,
            b"sRGB" => 1..=1,
            b"cICP" => 4..=4,
            b"mDCV" => 24..=24,
            b"cLLI" => 8..=8,
            b"sBIT" => 1..=4,
            b"bKGD" => 1..=6,
            _ => return false,
        };
        sizes.contains(&chunk.data.len()) && self.pixels == Pixels::Coming && self.first(chunk.name)
    }

    fn frame(&mut self, chunk: Chunk<'a>) -> Result<(), Unfit> {
        let mut take = Take::new(chunk.data);
        take.bytes(4)?;
        let width = u32::from_be_bytes(take.array()?);
        let height = u32::from_be_bytes(take.array()?);
        self.bounds.size(width, height)?;
        self.bounds.frame(&mut self.png.tally, width, height)?;
        self.frames += 1;
        if self.pixels != Pixels::Coming {
            let expected = self.png.header.filtered(width, height);
            self.png.frames.push(Packed { parts: Vec::new(), expected });
        }
        self.keep(chunk.whole);
        Ok(())
    }

    fn frame_data(&mut self, chunk: Chunk<'a>) -> Result<(), Unfit> {
        let (Some(frame), Some(data)) = (self.png.frames.last_mut(), chunk.data.get(4..)) else {
            return Err(Unfit::broken("it has pixels that belong to no frame"));
        };
        frame.parts.push(data);
        self.keep(chunk.whole);
        Ok(())
    }

    /// Keeps a profile that is one, under a name that says nothing.
    fn profile(&mut self, chunk: Chunk<'a>) {
        let profile = chunk.data.iter().position(|byte| *byte == 0).and_then(|end| {
            let packed = chunk.data.get(end + 2..)?;
            decompress_to_vec_zlib_with_limit(packed, icc::MAX_BYTES).ok()
        });
        let found = &mut self.png.found;
        let Some(profile) = icc::kept(&profile.unwrap_or_default(), found) else { return };
        let data = [PROFILE_NAME, &compress_to_vec_zlib(&profile, 6)].concat();
        self.keep(written(*b"iCCP", &data));
        self.png.packed_profile = Some(data);
        self.png.profile = Some(profile);
    }

    fn drop(&mut self, chunk: &Chunk<'_>) -> Result<(), Unfit> {
        let found = &mut self.png.found;
        match &chunk.name {
            b"eXIf" => self.png.orientation = exif::read(chunk.data, found),
            b"tEXt" | b"zTXt" | b"iTXt" => packets::png_text(chunk.data, found),
            // Dots per inch, a histogram, a smaller palette to suggest: they tell nothing.
            b"pHYs" | b"hIST" | b"sPLT" => {}
            b"tIME" => {
                found.insert(Removed::Time);
            }
            // Without a control chunk these are no animation, and nobody shows them.
            b"fcTL" | b"fdAT" => {
                found.insert(Removed::Thumbnail);
            }
            name if name[0].is_ascii_uppercase() => {
                return Err(Unfit::broken("it has a part that no reader of PNG knows"));
            }
            _ => {
                found.insert(Removed::Other);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Png<'a>, Unfit> {
        if self.pixels == Pixels::Coming {
            return Err(Unfit::broken("it has no pixels"));
        }
        if self.frames != self.png.animation {
            return Err(Unfit::broken("it has another number of frames than it says"));
        }
        if self.frames > 0 {
            // Turning each frame would have to move it too; nobody writes such a file, and what
            // shows animations does not turn them.
            self.png.orientation = Orientation::Upright;
        }
        Ok(self.png)
    }
}

/// A chunk of our own.
pub(super) fn written(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(0).to_be_bytes();
    let mut chunk = [&length[..], &name, data].concat();
    let sum = crc32fast::hash(&chunk[4..]);
    chunk.extend_from_slice(&sum.to_be_bytes());
    chunk
}
