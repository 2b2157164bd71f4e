//! The whole way of one file: what it is, what it costs, what is kept, and its thumbnail.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::ImageKind;

use super::bounds::Bounds;
use super::removed::{Found, Removed};
use super::smuggled;
use super::sniff::{SNIFFED_BYTES, sniff};
use super::thumb::Thumb;
use super::unfit::Unfit;
use super::{gif, jpeg, png, webp};

/// A picture that may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its format: the one that it came in.
    pub kind: ImageKind,
    /// Pixels from left to right, as it is shown.
    pub width: u32,
    /// Pixels from top to bottom, as it is shown.
    pub height: u32,
    /// Its file, without anything that does not shape the pixels.
    pub picture: Vec<u8>,
    /// Its thumbnail; of an animation the first frame's.
    pub thumb: Thumb,
    /// What was taken out, in order, each once.
    pub removed: Vec<Removed>,
}

/// What is kept of a picture and how it is shown.
pub(super) struct Developed {
    pub size: (u32, u32),
    pub picture: Vec<u8>,
    pub thumb: Thumb,
    /// What was found beside the pixels.
    pub found: Found,
}

/// A file whose structure was read and whose pixels were not.
pub(super) trait Negative {
    /// The most memory that [`develop`](Self::develop) takes beyond the file.
    fn memory(&self) -> u64;

    /// What takes so much, if it takes too much: the beginning of a sentence.
    fn name(&self) -> &'static str;

    /// Decodes, strips, turns, makes the thumbnail.
    fn develop(self: Box<Self>) -> Result<Developed, Unfit>;
}

/// Makes a picture of untrusted bytes: checks what they are and what they cost, decodes all of it,
/// takes everything out that does not shape the pixels, turns it upright, and makes a thumbnail.
///
/// # Errors
/// [`Unfit`], with a sentence. A panic of a decoder is a broken picture.
pub fn prepare(file: &[u8], bounds: &Bounds) -> Result<Prepared, Unfit> {
    guarded(|| {
        let kind = sniff(head(file))?;
        let negative = open(kind, file, bounds)?;
        bounds.memory(negative.memory(), negative.name())?;
        let Developed { size: (width, height), picture, thumb, found } = negative.develop()?;
        smuggled::none(&picture)?;
        let removed = found.into_iter().collect();
        Ok(Prepared { kind, width, height, picture, thumb, removed })
    })
}

/// The most memory that [`prepare`] will take beyond the file, in bytes, from headers alone.
///
/// # Errors
/// What of [`Unfit`] can be seen without decoding.
pub fn weight(file: &[u8], bounds: &Bounds) -> Result<u64, Unfit> {
    guarded(|| {
        let negative = open(sniff(head(file))?, file, bounds)?;
        let bytes = negative.memory();
        bounds.memory(bytes, negative.name())?;
        Ok(bytes)
    })
}

fn head(file: &[u8]) -> &[u8] {
    file.get(..SNIFFED_BYTES).unwrap_or(file)
}

fn open<'a>(
    kind: ImageKind,
    file: &'a [u8],
    bounds: &Bounds,
) -> Result<Box<dyn Negative + 'a>, Unfit> {
    Ok(match kind {
        ImageKind::Jpeg => Box::new(jpeg::open(file, bounds)?),
        ImageKind::Png => Box::new(png::open(file, bounds)?),
        ImageKind::Gif => Box::new(gif::open(file, bounds)?),
        ImageKind::Webp => Box::new(webp::open(file, bounds)?),
    })
}

/// A decoder that panics has met a file that nobody thought of: the picture is broken, we are not.
/// Nothing that it touched is used again.
fn guarded<T>(work: impl FnOnce() -> Result<T, Unfit>) -> Result<T, Unfit> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Unfit::broken("it cannot be decoded")))
}
