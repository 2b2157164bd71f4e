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
use super::tables::{Steps, Tables};

/// For a picture whose tables cannot be used again.
const QUALITY: u8 = 92;

/// A table for the encoder, which takes bytes only.
fn custom(steps: Steps, turn: Orientation) -> Option<QuantizationTableType> {
    if steps.iter().any(|step| *step > 255) {
        return None;
    }
    let at = |place: usize| if turn.swaps() { place % 8 * 8 + place / 8 } else { place };
    Some(QuantizationTableType::Custom(Box::new(std::array::from_fn(|place| steps[at(place)]))))
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
        custom(tables.steps(component.table).ok()?, turn)
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

/// Some rows at once, each component by itself: of a picture that is turned by a quarter each row
/// comes from a column, and columns are far apart in memory.
#[derive(Default)]
struct Strip {
    first: usize,
    rows: usize,
    planes: [Vec<u8>; 3],
}

const STRIP_ROWS: usize = 16;

impl Turned {
    fn new(pixels: Pixels, turn: Orientation) -> Self {
        let (width, height) = turn.size(pixels.width, pixels.height);
        let mut strip = Strip::default();
        for plane in &mut strip.planes[..pixels.space.channels()] {
            plane.resize(STRIP_ROWS * width, 0);
        }
        Self { pixels, turn, width, height, strip: RefCell::new(strip) }
    }

    fn fill(&self, strip: &mut Strip, first: usize) {
        strip.first = first;
        strip.rows = STRIP_ROWS.min(self.height - first);
        match self.pixels.space {
            Space::Grey => self.gather(strip, |pixel: [u8; 1]| pixel),
            Space::Rgb => self.gather(strip, |[red, green, blue]: [u8; 3]| {
                let (y, cb, cr) = rgb_to_ycbcr(red, green, blue);
                [y, cb, cr]
            }),
            _ => self.gather(strip, |pixel: [u8; 3]| pixel),
        }
    }

    fn gather<const N: usize>(&self, strip: &mut Strip, convert: impl Fn([u8; N]) -> [u8; N]) {
        let (pixels, _) = self.pixels.samples.as_chunks::<N>();
        let mut walks = [(0, 0); STRIP_ROWS];
        for (y, walk) in (strip.first..).zip(&mut walks[..strip.rows]) {
            *walk = self.turn.walk(y, self.pixels.width, self.pixels.height);
        }
        // All rows pixel by pixel: neighbours in a column share a cache line of the source.
        for x in 0..self.width {
            for (y, (at, step)) in walks[..strip.rows].iter_mut().enumerate() {
                let pixel = convert(pixels[*at]);
                for (plane, sample) in strip.planes.iter_mut().zip(pixel) {
                    plane[y * self.width + x] = sample;
                }
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
        let row = (y - strip.first) * self.width;
        for (buffer, plane) in buffers.iter_mut().zip(&strip.planes) {
            buffer.extend_from_slice(plane.get(row..row + self.width).unwrap_or_default());
        }
    }
}
