//! JPEG: segments are kept or dropped whole; what lies on its side is turned, without loss if it
//! can be.
//!
//! [`segments`] says what is kept, [`frame`] and [`tables`] what its headers mean. A picture of one
//! scan, which nearly every photograph is, is read by [`scan`]: it is checked to its last block,
//! shrunk from its coefficients ([`half`]) and turned without loss ([`moved`]). Any other is decoded,
//! and encoded anew if it has to be turned ([`turned`]).

mod bits;
mod frame;
mod half;
mod huffman;
mod moved;
mod scan;
mod segments;
mod tables;
mod turned;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::bounds::Bounds;
use super::orientation::Orientation;
use super::plain::Plain;
use super::prepare::{Developed, Negative};
use super::removed::{Found, Removed};
use super::thumb::{Sketch, Space, Thumb, thumb_size};
use super::unfit::Unfit;
use frame::Frame;
use half::{Half, half};
use moved::Moved;
use scan::Scan;
use tables::Tables;

/// Memory for what is small: tables, rows, the thumbnail.
const SMALL_THINGS: u64 = 8 << 20;
/// The most memory for the coefficients, at two bytes, of a picture that is turned without loss.
const MOVED_BYTES: u64 = 160 << 20;

/// A JPEG file whose segments were read.
pub(super) struct Jpeg<'a> {
    frame: Frame,
    /// Whether its colours are grey or YCbCr.
    usual: bool,
    /// A scan that does not hold all components has the decoder keep all coefficients.
    partial_scans: bool,
    /// The only scan.
    scan: Option<Scan<'a>>,
    single_scan: bool,
    tables: Tables,
    orientation: Orientation,
    profile: Option<Vec<u8>>,
    /// What is kept before the tables.
    lead: Plain<'a>,
    /// Tables, frame and scans, but for the data of the only scan.
    body: Plain<'a>,
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
        let data = self.scan.as_ref().map_or(0, |scan| scan.data.len());
        let file = (self.lead.len() + self.body.len() + data) as u64;
        let turned = self.orientation != Orientation::Upright;
        let all_coefficients = self.frame.samples() * 2;
        let moved = self.frame.samples() / 64 * size_of::<scan::Block>() as u64;
        let kept = self.scan.is_none() && (self.frame.progressive || self.partial_scans);
        let pixels = self.frame.pixels() * self.frame.channels();
        let decoding = if kept { pixels + all_coefficients } else { pixels };
        // A turned picture is about as large as it was; its buffer doubles while it grows.
        let encoding = if turned { 3 * file } else { 0 };
        let peak = match (self.moves(), self.halves()) {
            (true, true) => moved + encoding,
            (true, false) => decoding.max(moved + encoding),
            (false, true) if !turned => 0,
            _ => decoding + encoding,
        };
        peak + file + SMALL_THINGS
    }

    fn name(&self) -> &'static str {
        if self.frame.progressive { "A progressive JPEG" } else { "A JPEG" }
    }

    fn develop(mut self: Box<Self>) -> Result<Developed, Unfit> {
        let shown = self.orientation.size(self.frame.width, self.frame.height);
        let [width, height] = [shown.0, shown.1].map(|side| u32::try_from(side).unwrap_or(0));
        let (picture, thumb) = match self.scan.take() {
            Some(scan) => self.from_scan(&scan)?,
            None => {
                let plain = self.whole(&[]);
                self.from_pixels(plain)?
            }
        };
        Ok(Developed { size: (width, height), picture, thumb, found: self.found })
    }
}

impl Jpeg<'_> {
    /// Whether it is turned without loss.
    fn moves(&self) -> bool {
        self.orientation != Orientation::Upright
            && self.single_scan
            && moved::fits(&self.frame, self.orientation)
            && self.frame.samples() * 2 <= MOVED_BYTES
    }

    /// Whether its thumbnail can be made from half its size.
    fn halves(&self) -> bool {
        let size = (self.frame.width, self.frame.height);
        let (half, thumb) = (half(size), thumb_size(size, self.orientation));
        self.usual && self.single_scan && half.0 >= thumb.0 && half.1 >= thumb.1
    }

    /// A picture's file, with the data of the only scan.
    fn whole(&mut self, data: &[u8]) -> Vec<u8> {
        let mut plain = std::mem::take(&mut self.lead);
        plain.append(std::mem::take(&mut self.body));
        let mut whole = Vec::with_capacity(plain.len() + data.len() + 2);
        plain.write(&mut whole);
        whole.extend_from_slice(data);
        whole.extend([0xFF, 0xD9]);
        whole
    }

    /// Reads all coefficients once, and makes of them what can be made of them.
    fn from_scan(&mut self, scan: &Scan<'_>) -> Result<(Vec<u8>, Thumb), Unfit> {
        let (halves, moves) = (self.halves(), self.moves());
        let turn = self.orientation;
        let mut small = halves.then(|| Small::new(scan, &self.frame, turn));
        let mut moved = moves.then(|| Moved::new(scan, turn));
        let end = scan.read(|rows| {
            if let Some(small) = &mut small {
                small.half.push(rows, &mut small.sketch);
            }
            if let Some(moved) = &mut moved {
                moved.push(rows);
            }
        })?;
        if end < scan.data.len() {
            self.found.insert(Removed::Other);
        }
        let picture = match moved {
            Some(moved) => {
                let mut picture = self.lead.joined();
                moved.write(&self.frame, &mut picture);
                picture
            }
            None => self.whole(&scan.data[..end]),
        };
        match small {
            _ if turn != Orientation::Upright && !moves => self.from_pixels(picture),
            Some(small) => {
                let thumb = small.sketch.finish(self.profile.as_deref())?;
                Ok((picture, thumb))
            }
            None => {
                let thumb = decode(&picture)?.thumb(Orientation::Upright, self.profile_of_thumb());
                Ok((picture, thumb?))
            }
        }
    }

    /// Decodes a picture, and encodes it anew if it has to be turned.
    fn from_pixels(&self, plain: Vec<u8>) -> Result<(Vec<u8>, Thumb), Unfit> {
        let pixels = decode(&plain)?;
        let thumb = pixels.thumb(self.orientation, self.profile_of_thumb())?;
        if self.orientation == Orientation::Upright {
            return Ok((plain, thumb));
        }
        drop(plain);
        let profile = self.profile_of_thumb();
        let picture = turned::encode(pixels, self.orientation, &self.frame, &self.tables, profile)?;
        Ok((picture, thumb))
    }

    /// A CMYK picture becomes RGB when it is decoded: then its profile says nothing about it.
    fn profile_of_thumb(&self) -> Option<&[u8]> {
        self.profile.as_deref().filter(|_| self.frame.components.len() < 4)
    }
}

/// A thumbnail that is made from half the size.
struct Small {
    half: Half,
    sketch: Sketch,
}

impl Small {
    fn new(scan: &Scan<'_>, frame: &Frame, turn: Orientation) -> Self {
        let size = (frame.width, frame.height);
        let from_half = Half::new(scan, size);
        let sketch = Sketch::reduced(size, half(size), from_half.space(), turn);
        Self { half: from_half, sketch }
    }
}

impl Pixels {
    fn thumb(&self, turn: Orientation, profile: Option<&[u8]>) -> Result<Thumb, Unfit> {
        let mut sketch = Sketch::new(self.width, self.height, self.space, turn).coarse();
        for row in self.samples.chunks_exact(self.width * self.space.channels()) {
            sketch.push(row);
        }
        sketch.finish(profile)
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
