//! Encodes a PNG anew that lay on its side; no pixel changes its value.

use ::png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use crate::uploads::orientation::Orientation;
use crate::uploads::thumb::Space;
use crate::uploads::unfit::Unfit;

use super::chunks::Chunk;
use super::header::Header;
use super::rows::Pixels;

/// Chunks about colours, and the data of the profile's.
type Colours<'a, 'b> = (&'a [Chunk<'b>], Option<&'a [u8]>);

/// Encodes decoded pixels as they are shown, with the colours that they had.
pub(super) fn encode(
    pixels: Pixels,
    header: &Header,
    turn: Orientation,
    colours: Colours<'_, '_>,
) -> Result<Vec<u8>, Unfit> {
    let (width, height) = (header.width as usize, header.height as usize);
    let bytes = pixels.space.channels() * if pixels.deep { 2 } else { 1 };
    let samples = turn.turn(&pixels.samples, width, height, bytes);
    let (space, deep) = (pixels.space, pixels.deep);
    drop(pixels);
    let (width, height) = turn.size(width, height);
    let [width, height] = [width, height].map(|side| u32::try_from(side).unwrap_or(0));
    write(&samples, (width, height), space, deep, colours)
        .map_err(|error| Unfit::broken(format!("it cannot be turned upright ({error})")))
}

fn write(
    samples: &[u8],
    (width, height): (u32, u32),
    space: Space,
    deep: bool,
    (colours, profile): Colours<'_, '_>,
) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(match space {
        Space::Grey => ColorType::Grayscale,
        Space::GreyAlpha => ColorType::GrayscaleAlpha,
        Space::Rgb | Space::YCbCr => ColorType::Rgb,
        Space::RgbAlpha => ColorType::Rgba,
    });
    encoder.set_depth(if deep { BitDepth::Sixteen } else { BitDepth::Eight });
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    if let Some(profile) = profile {
        writer.write_chunk(::png::chunk::iCCP, profile)?;
    }
    for chunk in colours {
        writer.write_chunk(::png::chunk::ChunkType(chunk.name), chunk.data)?;
    }
    writer.write_image_data(samples)?;
    writer.finish()?;
    Ok(bytes)
}
