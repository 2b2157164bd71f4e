//! JPEG: segments are kept or dropped whole; only what lies on its side is encoded anew.
//!
//! [`segments`] says what is kept, [`frame`] what the frame header means, [`turned`] turns.

mod frame;
mod segments;
mod turned;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::bounds::Bounds;
use super::orientation::Orientation;
use super::plain::Plain;
use super::prepare::{Developed, Negative};
use super::removed::Found;
use super::thumb::{Sketch, Space};
use super::unfit::Unfit;
use frame::Frame;
use turned::Tables;

/// Memory for what is small: tables, rows, the thumbnail.
const SMALL_THINGS: u64 = 8 << 20;

/// A JPEG file whose segments were read.
pub(super) struct Jpeg<'a> {
    frame: Frame,
    /// A scan that does not hold all components has the decoder keep all coefficients.
    partial_scans: bool,
    tables: Tables,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
    plain: Plain<'a>,
    found: Found,
}

/// Reads a file's structure.
pub(super) fn open<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Jpeg<'a>, Unfit> {
    segments::read(file, bounds)
}

/// Decoded pixels in the order in which they are stored.
struct Pixels {
    width: usize,
    height: usize,
    space: Space,
    samples: Vec<u8>,
}

impl Negative for Jpeg<'_> {
    fn memory(&self) -> u64 {
        let coefficients = self.frame.progressive || self.partial_scans;
        let coefficients = if coefficients { self.frame.samples() * 2 } else { 0 };
        // A turned picture is about as large as it was; its buffer doubles while it grows.
        let file = self.plain.len() as u64;
        let turned = if self.orientation == Orientation::Upright { 0 } else { 3 * file };
        self.frame.pixels() * self.frame.channels() + coefficients + file + turned + SMALL_THINGS
    }

    fn name(&self) -> &'static str {
        if self.frame.progressive { "A progressive JPEG" } else { "A JPEG" }
    }

    fn found(&mut self) -> Found {
        std::mem::take(&mut self.found)
    }

    fn develop(self: Box<Self>) -> Result<Developed, Unfit> {
        let plain = self.plain.joined();
        let pixels = decode(&plain)?;
        let mut sketch = Sketch::new(pixels.width, pixels.height, pixels.space, self.orientation);
        for row in pixels.samples.chunks_exact(pixels.width * pixels.space.channels()) {
            sketch.push(row);
        }
        // A CMYK picture became RGB by now: its profile says nothing about that.
        let profile = self.profile.as_deref().filter(|_| self.frame.components.len() < 4);
        let thumb = sketch.finish(profile)?;
        let shown = self.orientation.size(pixels.width, pixels.height);
        let [width, height] = [shown.0, shown.1].map(|side| u32::try_from(side).unwrap_or(0));
        let picture = match self.orientation {
            Orientation::Upright => plain,
            turn => {
                drop(plain);
                turned::encode(pixels, turn, &self.frame, &self.tables, profile)?
            }
        };
        Ok(Developed { size: (width, height), picture, thumb })
    }
}

/// Decodes all of it, as strictly as the decoder can.
fn decode(plain: &[u8]) -> Result<Pixels, Unfit> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(segments::MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(plain), options);
    decoder.decode_headers().map_err(broken)?;
    let (colours, space) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, Space::Grey),
        Some(ColorSpace::YCbCr) => (ColorSpace::YCbCr, Space::YCbCr),
        _ => (ColorSpace::RGB, Space::Rgb),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let samples = decoder.decode().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or_else(Unfit::truncated)?;
    Ok(Pixels { width, height, space, samples })
}

fn broken(error: zune_jpeg::errors::DecodeErrors) -> Unfit {
    log::debug!("a JPEG is broken: {error:?}");
    Unfit::broken("its pixels cannot be decoded")
}
