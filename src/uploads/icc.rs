//! Colour profiles. They are kept, because without them colours are wrong; what is none is not, and
//! neither is what of one shapes no colours: [`rebuilt`] writes it anew, [`tags`] knows which do.

mod rebuilt;
mod tags;

use super::removed::{Found, Removed};

/// The largest profile that is kept. Those of printing presses have two megabytes.
pub(super) const MAX_BYTES: usize = 4 << 20;
/// The largest profile that a thumbnail carries too.
const THUMB_BYTES: usize = 64 << 10;

/// What is kept of bytes that should be a profile.
pub(super) fn kept(data: &[u8], found: &mut Found) -> Option<Vec<u8>> {
    let kept = is_profile(data).then(|| rebuilt::rebuilt(data)).flatten();
    if kept.is_none() {
        found.insert(Removed::Other);
    }
    kept
}

/// Whether these bytes are a profile: its signature is in its place and its size is its size.
fn is_profile(data: &[u8]) -> bool {
    let size = data.get(..4).and_then(|size| size.try_into().ok()).map(u32::from_be_bytes);
    let size = size.and_then(|size| usize::try_from(size).ok());
    data.len() >= 132
        && data.len() <= MAX_BYTES
        && size == Some(data.len())
        && data.get(36..40) == Some(b"acsp")
}

/// Whether a profile is about grey or colour pixels, so that a thumbnail of such may carry it.
pub(super) fn fits_thumb(profile: &[u8], grey: bool) -> bool {
    let space: &[u8] = if grey { b"GRAY" } else { b"RGB " };
    profile.len() <= THUMB_BYTES && profile.get(16..20) == Some(space)
}
