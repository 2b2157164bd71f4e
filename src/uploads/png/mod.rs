//! PNG and APNG: chunks are kept or dropped whole, the pixels become one chunk; only what lies on its
//! side is encoded anew.
//!
//! [`chunks`] says what is kept, [`idat`] cuts what is behind the pixels, whose end [`stream`] finds;
//! [`rows`] decodes row by row, [`turned`] turns.

mod chunks;
mod header;
mod idat;
mod rows;
mod stream;
mod turned;

use super::bounds::{Bounds, Tally};
use super::orientation::Orientation;
use super::plain::Plain;
use super::prepare::{Developed, Negative};
use super::removed::Found;
use super::thumb::Sketch;
use super::unfit::Unfit;
use header::Header;
use idat::Packed;

/// Memory for what is small: the window of the decoder, rows, the thumbnail.
const SMALL_THINGS: u64 = 12 << 20;

/// The most memory for the pixels of a picture that is turned with 16 bits.
const DEEP_BYTES: u64 = 160 << 20;

/// A PNG file whose chunks were read.
pub(super) struct Png<'a> {
    header: Header,
    tally: Tally,
    /// Frames that the decoder will meet; 0 for a still picture.
    animation: u32,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
    /// The same as the data of its chunk.
    packed_profile: Option<Vec<u8>>,
    /// Chunks about colours, for a picture that is encoded anew.
    colours: Vec<chunks::Chunk<'a>>,
    /// Chunks before the pixels.
    before: Plain<'a>,
    pixels: Packed<'a>,
    /// Chunks behind the pixels, those of further frames among them.
    behind: Plain<'a>,
    /// The pixels of further frames.
    frames: Vec<Packed<'a>>,
    found: Found,
}

/// Reads a file's structure.
pub(super) fn open<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Png<'a>, Unfit> {
    chunks::read(file, bounds)
}

impl Png<'_> {
    /// Bytes of a turned picture's pixel: 16 bits stay 16 bits if there is room for that.
    fn turned_pixel(&self) -> u64 {
        if self.deep_turn() { self.header.wide_pixel() } else { self.header.narrow_pixel() }
    }

    fn deep_turn(&self) -> bool {
        self.header.depth == 16 && self.header.pixels() * self.header.wide_pixel() <= DEEP_BYTES
    }

    /// The most bytes of the file that is kept.
    fn len(&self) -> usize {
        self.before.len() + self.pixels.largest() + self.behind.len()
    }

    /// The file without what is behind its pixels.
    fn plain(&mut self) -> Result<Vec<u8>, Unfit> {
        let mut plain =
            Vec::with_capacity(self.before.len() + self.pixels.len() + self.behind.len() + 12);
        self.before.write(&mut plain);
        self.pixels.write(&mut plain, &mut self.found)?;
        self.behind.write(&mut plain);
        self.frames.iter().try_for_each(Packed::check)?;
        Ok(plain)
    }
}

impl Negative for Png<'_> {
    fn memory(&self) -> u64 {
        let pixels = self.header.pixels();
        let file = self.len() as u64;
        let held = if self.orientation != Orientation::Upright {
            // The new file may become larger than the old one, and its buffer doubles as it grows.
            pixels * self.turned_pixel() + 4 * file
        } else if self.header.interlaced {
            pixels * self.header.narrow_pixel()
        } else {
            0
        };
        held + file + SMALL_THINGS
    }

    fn name(&self) -> &'static str {
        match (self.orientation, self.header.interlaced) {
            (Orientation::Upright, true) => "An interlaced PNG",
            (Orientation::Upright, false) => "A PNG",
            _ => "A PNG that has to be turned",
        }
    }

    fn develop(mut self: Box<Self>) -> Result<Developed, Unfit> {
        let plain = self.plain()?;
        let (width, height) = (self.header.width as usize, self.header.height as usize);
        let upright = self.orientation == Orientation::Upright;
        let mut reader = rows::Rows::open(&plain, !upright && self.deep_turn())?;
        let mut sketch = Sketch::new(width, height, reader.space(), self.orientation);
        let picture = if upright {
            reader.first_frame(|row| sketch.push(row))?;
            reader.other_frames()?;
            None
        } else {
            let pixels = reader.whole(&mut sketch)?;
            drop(reader);
            let colours = (&self.colours[..], self.packed_profile.as_deref());
            Some(turned::encode(&pixels, &self.header, self.orientation, colours)?)
        };
        let thumb = sketch.finish(self.profile.as_deref())?;
        let size = self.orientation.size(width, height);
        let [width, height] = [size.0, size.1].map(|side| u32::try_from(side).unwrap_or(0));
        Ok(Developed {
            size: (width, height),
            picture: picture.unwrap_or(plain),
            thumb,
            found: self.found,
        })
    }
}
