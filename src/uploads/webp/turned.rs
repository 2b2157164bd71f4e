//! Encodes a WebP anew that lay on its side, without loss: there is no lossy encoder, and a second
//! loss would be one more.

use image_webp::{ColorType, WebPEncoder};

use crate::uploads::orientation::Orientation;
use crate::uploads::unfit::Unfit;

use super::frames::{Frame, Pixels};

/// Encodes decoded pixels as they are shown.
pub(super) fn encode(
    pixels: Pixels,
    frame: &Frame<'_>,
    turn: Orientation,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, Unfit> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let (stored, channels) = pixels.packed();
    let shown = turn.turn(&stored, width, height, channels);
    drop(stored);
    let (width, height) = turn.size(width, height);
    let [width, height] = [width, height].map(|side| u32::try_from(side).unwrap_or(0));
    let colours = if channels == 4 { ColorType::Rgba8 } else { ColorType::Rgb8 };
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new(&mut bytes);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec());
    }
    encoder
        .encode(&shown, width, height, colours)
        .map_err(|error| Unfit::broken(format!("it cannot be turned upright ({error})")))?;
    Ok(bytes)
}
