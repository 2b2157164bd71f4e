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
    let turned = write(pixels, size, turn, colours)
        .map_err(|error| Unfit::broken(format!("it cannot be turned upright ({error})")))?;
    Ok(with_one_chunk(turned))
}

/// Joins the pixels' chunks, as those of a picture that need not be turned: the encoder begins a new
/// one whenever its buffer is full.
fn with_one_chunk(mut file: Vec<u8>) -> Vec<u8> {
    const SIGNATURE: usize = 8;
    let Some((start, mut end, mut length)) =
        chunks(&file, SIGNATURE).find(|(start, _, _)| file[start + 4..start + 8] == *b"IDAT")
    else {
        return file;
    };
    // The next chunk's data moves up behind the last one's; what is between goes.
    loop {
        let Some((next, behind, more)) = chunks(&file, end).next() else { break };
        if file[next + 4..next + 8] != *b"IDAT" {
            break;
        }
        file.copy_within(next + 8..next + 8 + more, start + 8 + length);
        (end, length) = (behind, length + more);
    }
    let (Ok(size), data) = (u32::try_from(length), start + 8 + length) else { return file };
    file[start..start + 4].copy_from_slice(&size.to_be_bytes());
    let sum = crc32fast::hash(&file[start + 4..data]).to_be_bytes();
    file.splice(data..end, sum);
    file
}

/// The chunks of a file that was just encoded, from `at` on: where each begins and ends, and how long
/// its data is.
fn chunks(file: &[u8], mut at: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    std::iter::from_fn(move || {
        let length = file.get(at..at + 4)?.try_into().map(u32::from_be_bytes).ok()? as usize;
        let end = at.checked_add(12)?.checked_add(length)?;
        let chunk = (end <= file.len()).then_some((at, end, length))?;
        at = end;
        Some(chunk)
    })
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
