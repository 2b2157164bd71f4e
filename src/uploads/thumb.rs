//! The small picture that stands in a room's history: JPEG if nothing shines through, else PNG.

use std::borrow::Cow;

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use crate::model::ImageKind;

use super::icc;
use super::orientation::Orientation;
use super::shrink::Shrink;
use super::unfit::Unfit;

/// The widest thumbnail.
pub const THUMB_WIDTH: usize = 960;
/// The highest thumbnail.
pub const THUMB_HEIGHT: usize = 720;
/// Its quality as a JPEG.
const QUALITY: u8 = 80;

/// A thumbnail: no larger than [`THUMB_WIDTH`] by [`THUMB_HEIGHT`], nor than its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumb {
    /// JPEG or PNG.
    pub kind: ImageKind,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// What the channels of a pixel are, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    GreyAlpha,
    Rgb,
    RgbAlpha,
    /// As JPEG has it; spares two conversions.
    YCbCr,
}

impl Space {
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::RgbAlpha => 4,
        }
    }
}

/// A thumbnail in the making: takes the rows of the picture as they are stored.
pub(super) struct Sketch {
    shrink: Shrink,
    space: Space,
    /// Its size as the pixels are stored.
    size: (usize, usize),
    orientation: Orientation,
    /// Whether the picture's colours are coarse already, as those of photographs are.
    coarse: bool,
}

impl Sketch {
    pub fn new(width: usize, height: usize, space: Space, orientation: Orientation) -> Self {
        Self::reduced((width, height), (width, height), space, orientation)
    }

    /// Of a picture of the size `full` whose rows come in smaller, but no smaller than the thumbnail.
    pub fn reduced(
        full: (usize, usize),
        coming: (usize, usize),
        space: Space,
        orientation: Orientation,
    ) -> Self {
        let size = thumb_size(full, orientation);
        let shrink = Shrink::new(coming, size, space.channels());
        Self { shrink, space, size, orientation, coarse: space == Space::YCbCr }
    }

    /// The same of a picture whose colours are as coarse as a photograph's.
    pub fn coarse(self) -> Self {
        Self { coarse: true, ..self }
    }

    /// Takes the next row.
    pub fn push(&mut self, row: &[u8]) {
        self.shrink.push(row);
    }

    /// Turns and encodes it, with the picture's colour profile.
    pub fn finish(self, profile: Option<&[u8]>) -> Result<Thumb, Unfit> {
        let channels = self.space.channels();
        let (pixels, opaque) = self.shrink.finish();
        let (width, height) = self.size;
        let pixels = match self.orientation {
            Orientation::Upright => pixels,
            turned => turned.turn(&pixels, width, height, channels),
        };
        let size = self.orientation.size(width, height);
        let grey = channels < 3;
        let profile = profile.filter(|profile| icc::fits_thumb(profile, grey));
        // Drawings and screenshots have edges between colours.
        let sampling = if self.coarse { SamplingFactor::F_2_2 } else { SamplingFactor::F_1_1 };
        let encoded = match self.space {
            Space::GreyAlpha | Space::RgbAlpha if !opaque => {
                png(&pixels, size, grey, profile).map(|bytes| (ImageKind::Png, bytes))
            }
            Space::GreyAlpha => {
                jpeg(&without_alpha(&pixels, 2), size, ColorType::Luma, sampling, profile)
            }
            Space::RgbAlpha => jpeg(&pixels, size, ColorType::Rgba, sampling, profile),
            Space::Grey => jpeg(&pixels, size, ColorType::Luma, sampling, profile),
            Space::Rgb => jpeg(&pixels, size, ColorType::Rgb, sampling, profile),
            Space::YCbCr => jpeg(&pixels, size, ColorType::Ycbcr, sampling, profile),
        };
        let (kind, bytes) = encoded.ok_or_else(|| Unfit::broken("no thumbnail can be made"))?;
        let [width, height] = [size.0, size.1].map(|side| u32::try_from(side).unwrap_or(0));
        Ok(Thumb { kind, width, height, bytes })
    }
}

/// The size of a picture's thumbnail, both as they are stored.
pub(super) fn thumb_size(full: (usize, usize), orientation: Orientation) -> (usize, usize) {
    let shown = orientation.size(full.0, full.1);
    let fitting = fit(shown.0, shown.1);
    orientation.size(fitting.0, fitting.1)
}

/// The size of a thumbnail: as large as it may be, never larger than the picture.
fn fit(width: usize, height: usize) -> (usize, usize) {
    if width <= THUMB_WIDTH && height <= THUMB_HEIGHT {
        return (width, height);
    }
    // Whole numbers: exact, and the same everywhere.
    let scaled = |side: usize, to: usize, of: usize| ((side * to + of / 2) / of).max(1);
    if width * THUMB_HEIGHT >= height * THUMB_WIDTH {
        (THUMB_WIDTH, scaled(height, THUMB_WIDTH, width))
    } else {
        (scaled(width, THUMB_HEIGHT, height), THUMB_HEIGHT)
    }
}

fn without_alpha(pixels: &[u8], channels: usize) -> Vec<u8> {
    pixels.chunks_exact(channels).flat_map(|pixel| &pixel[..channels - 1]).copied().collect()
}

fn jpeg(
    pixels: &[u8],
    (width, height): (usize, usize),
    colours: ColorType,
    sampling: SamplingFactor,
    profile: Option<&[u8]>,
) -> Option<(ImageKind, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(width * height / 4);
    let mut encoder = Encoder::new(&mut bytes, QUALITY);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder.set_sampling_factor(sampling);
    if let Some(profile) = profile {
        encoder.add_icc_profile(profile).ok()?;
    }
    let (width, height) = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
    encoder.encode(pixels, width, height, colours).ok()?;
    Some((ImageKind::Jpeg, bytes))
}

fn png(
    pixels: &[u8],
    (width, height): (usize, usize),
    grey: bool,
    profile: Option<&[u8]>,
) -> Option<Vec<u8>> {
    let mut info = png::Info::with_size(u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    info.color_type = if grey { png::ColorType::GrayscaleAlpha } else { png::ColorType::Rgba };
    info.bit_depth = png::BitDepth::Eight;
    info.icc_profile = profile.map(Cow::Borrowed);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut bytes, info).ok()?;
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_keeps_the_aspect_and_never_grows() {
        assert_eq!(fit(10, 20), (10, 20));
        assert_eq!(fit(960, 720), (960, 720));
        assert_eq!(fit(4032, 3024), (960, 720));
        assert_eq!(fit(3024, 4032), (540, 720));
        assert_eq!(fit(16_384, 1), (960, 1));
        assert_eq!(fit(1, 16_384), (1, 720));
        assert_eq!(fit(961, 720), (960, 719));
    }
}
