//! GIF: blocks are kept or dropped whole, never encoded anew. It knows no orientation.
//!
//! [`blocks`] says what is kept, [`data`] where a frame's data ends.

mod blocks;
mod data;

use std::num::NonZeroU64;

use ::gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, Frame, MemoryLimit};

use super::bounds::{Bounds, Tally};
use super::orientation::Orientation;
use super::prepare::{Developed, Negative};
use super::removed::Found;
use super::thumb::{Sketch, Space};
use super::unfit::Unfit;
use data::Data;

/// Memory for what is small: tables, rows, the thumbnail.
const SMALL_THINGS: u64 = 12 << 20;

/// A GIF file whose blocks were read.
pub(super) struct Gif<'a> {
    width: u16,
    height: u16,
    /// The pixels of the largest frame.
    largest: u64,
    tally: Tally,
    parts: Vec<Part<'a>>,
    found: Found,
}

/// What of the file is kept, in order.
enum Part<'a> {
    Kept(&'a [u8]),
    Data(Data<'a>),
}

/// Reads a file's structure.
pub(super) fn open<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Gif<'a>, Unfit> {
    blocks::read(file, bounds)
}

impl Gif<'_> {
    fn len(&self) -> usize {
        let len = |part: &Part<'_>| match part {
            Part::Kept(piece) => piece.len(),
            Part::Data(data) => data.blocks.len(),
        };
        self.parts.iter().map(len).sum()
    }

    /// The file without what its frames do not need.
    fn plain(&mut self) -> Vec<u8> {
        let mut plain = Vec::with_capacity(self.len());
        for part in &self.parts {
            match part {
                Part::Kept(piece) => plain.extend_from_slice(piece),
                Part::Data(data) => data.write(&mut plain, &mut self.found),
            }
        }
        plain
    }
}

impl Negative for Gif<'_> {
    fn memory(&self) -> u64 {
        let file = self.len() as u64;
        // A frame's data is gathered before its pixels are decoded.
        self.largest.max(file) + file + SMALL_THINGS
    }

    fn name(&self) -> &'static str {
        "A GIF"
    }

    fn develop(mut self: Box<Self>) -> Result<Developed, Unfit> {
        let plain = self.plain();
        let size = (self.width, self.height);
        let mut thumb = None;
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.set_memory_limit(
            NonZeroU64::new(self.largest).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes),
        );
        let mut decoder = options.read_info(&plain[..]).map_err(broken)?;
        let mut indices = Vec::new();
        while decoder.next_frame_info().map_err(broken)?.is_some() {
            indices.resize(decoder.buffer_size(), 0);
            decoder.read_into_buffer(&mut indices).map_err(broken)?;
            if thumb.is_none() {
                thumb = Some(sketch(&decoder, &indices, size)?);
            }
        }
        let thumb = thumb.ok_or_else(|| Unfit::broken("it has no frame"))?;
        Ok(Developed {
            size: (size.0.into(), size.1.into()),
            picture: plain,
            thumb,
            found: self.found,
        })
    }
}

/// The thumbnail of the first frame, where it lies on the canvas.
fn sketch(
    decoder: &Decoder<&[u8]>,
    indices: &[u8],
    (width, height): (u16, u16),
) -> Result<super::thumb::Thumb, Unfit> {
    let frame = decoder.current_frame_info().ok_or_else(Unfit::truncated)?;
    let palette = frame.palette.as_deref().or(decoder.global_palette()).unwrap_or_default();
    let (width, height) = (usize::from(width), usize::from(height));
    let mut sketch = Sketch::new(width, height, Space::RgbAlpha, Orientation::Upright);
    let mut row = vec![0; width * 4];
    let (top, frame_width) = (usize::from(frame.top), usize::from(frame.width));
    for y in 0..height {
        row.fill(0);
        let line = y.checked_sub(top).and_then(|y| indices.chunks_exact(frame_width.max(1)).nth(y));
        if let Some(line) = line {
            paint(&mut row, line, frame, palette);
        }
        sketch.push(&row);
    }
    sketch.finish(None)
}

fn paint(row: &mut [u8], line: &[u8], frame: &Frame<'_>, palette: &[u8]) {
    let pixels = row.chunks_exact_mut(4).skip(frame.left.into());
    for (pixel, index) in pixels.zip(line) {
        let at = usize::from(*index) * 3;
        if frame.transparent != Some(*index)
            && let Some(colour) = palette.get(at..at + 3)
        {
            pixel[..3].copy_from_slice(colour);
            pixel[3] = 255;
        }
    }
}

fn broken(error: DecodingError) -> Unfit {
    log::debug!("a GIF is broken: {error}");
    Unfit::broken("its pixels cannot be decoded")
}
