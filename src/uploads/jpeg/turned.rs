//! Encodes a JPEG anew that lay on its side, as close to what it was as encoding can be: with the
//! quantisation tables and the sampling that it had, turned like the picture.

use std::cell::RefCell;

use jpeg_encoder::{
    ChromaSubsamplingMethod, Encoder, ImageBuffer, JpegColorType, QuantizationTableType,
    SamplingFactor, rgb_to_ycbcr,
};

use crate::uploads::orientation::Orientation;
use crate::uploads::thumb::Space;
use crate::uploads::unfit::Unfit;

use super::Pixels;
use super::frame::Frame;

/// For a picture whose tables cannot be used again.
const QUALITY: u8 = 92;

/// The place in a block, row by row, of each coefficient as tables are stored.
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The quantisation tables of a file, row by row.
#[derive(Default)]
pub(super) struct Tables([Option<Box<[u16; 64]>>; 4]);

impl Tables {
    /// Notes the tables of a segment. What is wrong with it the decoder will say.
    pub fn read(&mut self, mut segment: &[u8]) {
        while let Some((head, rest)) = segment.split_first() {
            let wide = head >> 4 != 0;
            let Some((values, rest)) = rest.split_at_checked(if wide { 128 } else { 64 }) else {
                return;
            };
            let mut table = Box::new([1u16; 64]);
            for (place, index) in ZIGZAG.into_iter().enumerate() {
                table[index] = if wide {
                    u16::from_be_bytes([values[2 * place], values[2 * place + 1]])
                } else {
                    values[place].into()
                };
            }
            if let Some(slot) = self.0.get_mut(usize::from(head & 15)) {
                *slot = Some(table);
            }
            segment = rest;
        }
    }

    /// A table for the encoder, which takes bytes only.
    fn custom(&self, index: usize, turn: Orientation) -> Option<QuantizationTableType> {
        let table = self.0.get(index)?.as_ref()?;
        if table.iter().any(|value| !(1..=255).contains(value)) {
            return None;
        }
        let mut turned = table.clone();
        if turn.swaps() {
            for (at, value) in turned.iter_mut().enumerate() {
                *value = table[(at % 8) * 8 + at / 8];
            }
        }
        Some(QuantizationTableType::Custom(turned))
    }
}

/// Encodes decoded pixels as they are shown.
pub(super) fn encode(
    pixels: Pixels,
    turn: Orientation,
    frame: &Frame,
    tables: &Tables,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_sampling_factor(sampling(frame, turn));
    let table = |component: usize| {
        let component = frame.components.get(component).or(frame.components.first())?;
        tables.custom(component.table, turn)
    };
    // What was RGB or CMYK is YCbCr now: its tables were for something else.
    if pixels.space != Space::Rgb
        && let (Some(luma), Some(chroma)) = (table(0), table(1))
    {
        encoder.set_quantization_tables(luma, chroma);
    }
    if let Some(profile) = profile {
        encoder.add_icc_profile(profile).map_err(failed)?;
    }
    encoder.encode_image(Turned::new(pixels, turn)).map_err(failed)?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn failed(error: jpeg_encoder::EncodingError) -> Unfit {
    Unfit::broken(format!("it cannot be turned upright ({error})"))
}

/// The sampling that it had, if the encoder has it; else none is lost.
fn sampling(frame: &Frame, turn: Orientation) -> SamplingFactor {
    let plain = |at: usize| frame.components.get(at).is_none_or(|c| c.across == 1 && c.down == 1);
    let usual = frame.components.len() == 3 && plain(1) && plain(2);
    let (across, down) = turn.size(frame.components[0].across, frame.components[0].down);
    match (usual, across, down) {
        (true, 2, 1) => SamplingFactor::F_2_1,
        (true, 1, 2) => SamplingFactor::F_1_2,
        (true, 2, 2) => SamplingFactor::F_2_2,
        _ => SamplingFactor::F_1_1,
    }
}

/// The rows of the turned picture, made when the encoder asks for them: no second copy of it.
struct Turned {
    pixels: Pixels,
    turn: Orientation,
    width: usize,
    height: usize,
    strip: RefCell<Strip>,
}

/// Some rows at once: of a picture that is turned by a quarter each comes from a column, and columns
/// are far apart in memory.
#[derive(Default)]
struct Strip {
    first: usize,
    rows: usize,
    samples: Vec<u8>,
}

const STRIP_ROWS: usize = 16;

impl Turned {
    fn new(pixels: Pixels, turn: Orientation) -> Self {
        let (width, height) = turn.size(pixels.width, pixels.height);
        Self { pixels, turn, width, height, strip: RefCell::default() }
    }

    fn fill(&self, strip: &mut Strip, first: usize) {
        let channels = self.pixels.space.channels();
        strip.first = first;
        strip.rows = STRIP_ROWS.min(self.height - first);
        strip.samples.resize(STRIP_ROWS * self.width * channels, 0);
        let row = |y| self.turn.walk(y, self.pixels.width, self.pixels.height);
        let mut walks: [(usize, isize); STRIP_ROWS] = [(0, 0); STRIP_ROWS];
        for (y, walk) in (first..first + strip.rows).zip(&mut walks) {
            *walk = row(y);
        }
        // All rows pixel by pixel: neighbours in a column share a cache line of the source.
        for x in 0..self.width {
            for (y, (at, step)) in walks[..strip.rows].iter_mut().enumerate() {
                let from = *at * channels;
                let to = (y * self.width + x) * channels;
                let source = &self.pixels.samples[from..from + channels];
                strip.samples[to..to + channels].copy_from_slice(source);
                *at = at.wrapping_add_signed(*step);
            }
        }
    }
}

impl ImageBuffer for Turned {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        if self.pixels.space == Space::Grey { JpegColorType::Luma } else { JpegColorType::Ycbcr }
    }

    fn width(&self) -> u16 {
        u16::try_from(self.width).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.height).unwrap_or(u16::MAX)
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let y = usize::from(y);
        let mut strip = self.strip.borrow_mut();
        if !(strip.first..strip.first + strip.rows).contains(&y) {
            self.fill(&mut strip, y / STRIP_ROWS * STRIP_ROWS);
        }
        let length = self.width * self.pixels.space.channels();
        let row = &strip.samples[(y - strip.first) * length..][..length];
        let [first, second, third, _] = buffers;
        match self.pixels.space {
            Space::Grey => first.extend_from_slice(row),
            Space::Rgb => {
                for pixel in row.chunks_exact(3) {
                    let (y, cb, cr) = rgb_to_ycbcr(pixel[0], pixel[1], pixel[2]);
                    first.push(y);
                    second.push(cb);
                    third.push(cr);
                }
            }
            _ => {
                first.extend(row.chunks_exact(3).map(|pixel| pixel[0]));
                second.extend(row.chunks_exact(3).map(|pixel| pixel[1]));
                third.extend(row.chunks_exact(3).map(|pixel| pixel[2]));
            }
        }
    }
}
