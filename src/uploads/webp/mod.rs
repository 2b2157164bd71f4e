//! WebP: chunks are kept or dropped whole; only what lies on its side is encoded anew.
//!
//! [`chunks`] says what is kept, [`codes`] what a lossless picture takes, [`frames`] decodes one frame
//! after another, [`turned`] turns.

mod chunks;
mod codes;
mod frames;
mod turned;

use super::bounds::Bounds;
use super::orientation::Orientation;
use super::plain::Plain;
use super::prepare::{Developed, Negative};
use super::removed::Found;
use super::thumb::{Sketch, Space};
use super::unfit::Unfit;
use frames::{Frame, Pixels};

/// Memory for what is small: tables, rows, the thumbnail.
const SMALL_THINGS: u64 = 16 << 20;

/// A WebP file whose chunks were read.
pub(super) struct Webp<'a> {
    width: u32,
    height: u32,
    frames: Vec<Frame<'a>>,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
    plain: Plain<'a>,
    found: Found,
}

/// Reads a file's structure.
pub(super) fn open<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Webp<'a>, Unfit> {
    chunks::read(file, bounds)
}

impl Negative for Webp<'_> {
    fn memory(&self) -> u64 {
        let decoding = self.frames.iter().map(Frame::memory).max().unwrap_or(0);
        let pixels = u64::from(self.width) * u64::from(self.height);
        let turning = match self.orientation {
            Orientation::Upright => 0,
            // The pixels both ways round; then the encoder's copy and what it writes.
            _ => 12 * pixels,
        };
        // Each frame is copied once for the decoder.
        decoding.max(turning) + 2 * self.plain.len() as u64 + SMALL_THINGS
    }

    fn name(&self) -> &'static str {
        match self.orientation {
            Orientation::Upright => "A WebP",
            _ => "A WebP that has to be turned",
        }
    }

    fn develop(self: Box<Self>) -> Result<Developed, Unfit> {
        let (first, others) = self.frames.split_first().ok_or_else(Unfit::truncated)?;
        let pixels = first.decode()?;
        let thumb = self.sketch(first, &pixels)?;
        let picture = if self.orientation == Orientation::Upright {
            drop(pixels);
            for frame in others {
                frame.decode()?;
            }
            self.plain.joined()
        } else {
            turned::encode(pixels, first, self.orientation, self.profile.as_deref())?
        };
        let size = self.orientation.size(self.width as usize, self.height as usize);
        let [width, height] = [size.0, size.1].map(|side| u32::try_from(side).unwrap_or(0));
        Ok(Developed { size: (width, height), picture, thumb, found: self.found })
    }
}

impl Webp<'_> {
    /// The thumbnail of the first frame, where it lies on the canvas.
    fn sketch(&self, frame: &Frame<'_>, pixels: &Pixels) -> Result<super::thumb::Thumb, Unfit> {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut sketch = Sketch::new(width, height, Space::RgbAlpha, self.orientation);
        if frame.is_lossy() {
            sketch = sketch.coarse();
        }
        let mut row = vec![0; width * 4];
        for y in 0..height {
            row.fill(0);
            if let Some(y) =
                y.checked_sub(frame.top as usize).filter(|y| *y < frame.height as usize)
            {
                let from = (frame.left as usize * 4).min(row.len());
                pixels.row(y, &mut row[from..]);
            }
            sketch.push(&row);
        }
        sketch.finish(self.profile.as_deref())
    }
}
