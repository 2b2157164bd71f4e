//! The header of a PNG.

use crate::uploads::bounds::Bounds;
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

/// Which pixels are in the passes of an interlaced picture: the first and then each so many, across
/// and down.
const ADAM7: [((u64, u64), (u64, u64)); 7] = [
    ((0, 8), (0, 8)),
    ((4, 8), (0, 8)),
    ((0, 4), (4, 8)),
    ((2, 4), (0, 4)),
    ((0, 2), (2, 4)),
    ((1, 2), (0, 2)),
    ((0, 1), (1, 2)),
];

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

    /// How many bytes the rows of a picture or a frame of this size are before they are packed.
    pub fn filtered(&self, width: u32, height: u32) -> u64 {
        let samples = match self.colour {
            0 | 3 => 1,
            4 => 2,
            2 => 3,
            _ => 4,
        };
        let bits = samples * u64::from(self.depth);
        let rows = |width: u64, height: u64| match width {
            0 => 0,
            _ => ((width * bits).div_ceil(8) + 1) * height,
        };
        let (width, height) = (u64::from(width), u64::from(height));
        if !self.interlaced {
            return rows(width, height);
        }
        let every =
            |side: u64, (first, step): (u64, u64)| side.saturating_sub(first).div_ceil(step);
        ADAM7.iter().map(|(across, down)| rows(every(width, *across), every(height, *down))).sum()
    }
}
