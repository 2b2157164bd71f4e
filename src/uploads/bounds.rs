//! What a picture may cost. Checked from its headers, before anything is decoded.

use super::unfit::Unfit;

/// The bounds of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most pixels, width times height.
    pub pixels: u64,
    /// The most pixels a side.
    pub side: u32,
    /// The most frames of an animation.
    pub frames: usize,
    /// The most pixels of all frames of an animation together.
    pub animation_pixels: u64,
    /// The most memory that preparing it may take beyond the file, in bytes.
    pub memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            pixels: 40_000_000,
            side: 16_384,
            frames: 1000,
            animation_pixels: 200_000_000,
            memory: 230 << 20,
        }
    }
}

impl Bounds {
    /// Checks the size of a picture, or of an animation's canvas.
    pub(super) fn size(&self, width: u32, height: u32) -> Result<(), Unfit> {
        if width == 0 || height == 0 {
            return Err(Unfit::broken("it says that it has no pixels"));
        }
        if width > self.side || height > self.side {
            return Err(Unfit::too_many(format!(
                "This picture is {width} by {height} pixels; no side may have more than {}.",
                self.side
            )));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.pixels {
            return Err(Unfit::too_many(format!(
                "This picture has {pixels} pixels; {} are allowed.",
                self.pixels
            )));
        }
        Ok(())
    }

    /// Counts one more frame of a picture, and its pixels.
    pub(super) fn frame(&self, tally: &mut Tally, width: u32, height: u32) -> Result<(), Unfit> {
        tally.frames += 1;
        tally.pixels += u64::from(width) * u64::from(height);
        if tally.frames > self.frames {
            return Err(Unfit::too_many(format!(
                "This animation has too many frames; {} are allowed.",
                self.frames
            )));
        }
        if tally.frames > 1 && tally.pixels > self.animation_pixels {
            return Err(Unfit::too_many(format!(
                "The frames of this animation have too many pixels together; {} are allowed.",
                self.animation_pixels
            )));
        }
        Ok(())
    }

    /// Checks what decoding would take. `what` names the kind of picture that takes so much.
    pub(super) fn memory(&self, bytes: u64, what: &str) -> Result<(), Unfit> {
        if bytes <= self.memory {
            return Ok(());
        }
        Err(Unfit::too_many(format!(
            "{what} of this size would take {} MiB of memory to read; {} MiB are allowed. \
             With fewer pixels it fits.",
            bytes.div_ceil(1 << 20),
            self.memory >> 20
        )))
    }
}

/// The frames seen so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub frames: usize,
    pub pixels: u64,
}
