//! Encodes a PNG anew that lay on its side; no pixel changes its value.

use std::io::Write;

use ::png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use crate::uploads::orientation::Orientation;
use crate::uploads::thumb::Space;
use crate::uploads::unfit::Unfit;

use super::chunks::Chunk;
use super::header::Header;
use super::rows::Pixels;

/// The size of a chunk of pixels.
const IDAT_BYTES: usize = 64 << 10;

/// Chunks about colours, and the data of the profile's.
type Colours<'a, 'b> = (&'a [Chunk<'b>], Option<&'a [u8]>);

/// Encodes decoded pixels as they are shown, with the colours that they had.
pub(super) fn encode(
    pixels: &Pixels,
    header: &Header,
    turn: Orientation,
    colours: Colours<'_, '_>,
) -> Result<Vec<u8>, Unfit> {
    let size = (header.width as usize, header.height as usize);
    write(pixels, size, turn, colours)
        .map_err(|error| Unfit::broken(format!("it cannot be turned upright ({error})")))
}

fn write(
    pixels: &Pixels,
    size: (usize, usize),
    turn: Orientation,
    (colours, profile): Colours<'_, '_>,
) -> Result<Vec<u8>, EncodingError> {
    let shown = turn.size(size.0, size.1);
    let [width, height] = [shown.0, shown.1].map(|side| u32::try_from(side).unwrap_or(0));
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(match pixels.space {
        Space::Grey => ColorType::Grayscale,
        Space::GreyAlpha => ColorType::GrayscaleAlpha,
        Space::Rgb | Space::YCbCr => ColorType::Rgb,
        Space::RgbAlpha => ColorType::Rgba,
    });
    encoder.set_depth(if pixels.deep { BitDepth::Sixteen } else { BitDepth::Eight });
    encoder.set_compression(Compression::Balanced);
    let mut writer = encoder.write_header()?;
    if let Some(profile) = profile {
        writer.write_chunk(::png::chunk::iCCP, profile)?;
    }
    for chunk in colours {
        writer.write_chunk(::png::chunk::ChunkType(chunk.name), chunk.data)?;
    }
    // Row by row: no second copy of the pixels.
    let pixel = pixels.space.channels() * if pixels.deep { 2 } else { 1 };
    let mut stream = writer.stream_writer_with_size(IDAT_BYTES)?;
    let mut row = Vec::with_capacity(shown.0 * pixel);
    for y in 0..shown.1 {
        row.clear();
        turn.turn_row(&pixels.samples, y, size, pixel, &mut row);
        stream.write_all(&row)?;
    }
    stream.finish()?;
    writer.finish()?;
    Ok(bytes)
}
