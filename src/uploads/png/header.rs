//! The header of a PNG.

use crate::uploads::bounds::Bounds;
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

/// What IHDR says.
pub(super) struct Header {
    pub width: u32,
    pub height: u32,
    pub depth: u8,
    pub colour: u8,
    pub interlaced: bool,
}

impl Header {
    /// Reads IHDR; the decoder checks which depths go with which colours.
    pub fn read(data: &[u8], bounds: &Bounds) -> Result<Self, Unfit> {
        if data.len() != 13 {
            return Err(Unfit::broken("its header has the wrong size"));
        }
        let mut take = Take::new(data);
        let width = u32::from_be_bytes(take.array()?);
        let height = u32::from_be_bytes(take.array()?);
        bounds.size(width, height)?;
        let [depth, colour, _, _, interlace] = take.array()?;
        Ok(Self { width, height, depth, colour, interlaced: interlace != 0 })
    }

    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Bytes of a pixel at 8 bits, with room for transparency that a chunk may add.
    pub fn narrow_pixel(&self) -> u64 {
        if matches!(self.colour, 0 | 4) { 2 } else { 4 }
    }

    /// The same at 16 bits.
    pub fn wide_pixel(&self) -> u64 {
        2 * self.narrow_pixel()
    }
}
