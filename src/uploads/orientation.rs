//! How a picture lies: the eight values of EXIF's orientation.

/// How the stored pixels must be turned to be upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Orientation {
    /// 1: as they are.
    #[default]
    Upright,
    /// 2: mirrored from left to right.
    Mirrored,
    /// 3: turned by half.
    HalfTurn,
    /// 4: mirrored from top to bottom.
    Flipped,
    /// 5: rows become columns.
    Transposed,
    /// 6: a quarter turn clockwise.
    QuarterTurn,
    /// 7: rows become columns, from the other corner.
    Transversed,
    /// 8: a quarter turn counterclockwise.
    ThreeQuarterTurn,
}

impl Orientation {
    const ALL: [Self; 8] = [
        Self::Upright,
        Self::Mirrored,
        Self::HalfTurn,
        Self::Flipped,
        Self::Transposed,
        Self::QuarterTurn,
        Self::Transversed,
        Self::ThreeQuarterTurn,
    ];

    /// Reads EXIF's value; what is none counts as upright.
    pub fn of_exif(value: u16) -> Self {
        let index = usize::from(value).checked_sub(1);
        index.and_then(|index| Self::ALL.get(index).copied()).unwrap_or_default()
    }

    /// Whether width and height change places.
    pub fn swaps(self) -> bool {
        matches!(
            self,
            Self::Transposed | Self::QuarterTurn | Self::Transversed | Self::ThreeQuarterTurn
        )
    }

    /// Whether what is shown is mirrored from left to right, and from top to bottom, after rows and
    /// columns changed places where they do.
    pub fn mirrors_shown(self) -> (bool, bool) {
        match self {
            Self::Upright | Self::Transposed => (false, false),
            Self::Mirrored | Self::QuarterTurn => (true, false),
            Self::HalfTurn | Self::Transversed => (true, true),
            Self::Flipped | Self::ThreeQuarterTurn => (false, true),
        }
    }

    /// The same, of what is stored.
    pub fn mirrors_stored(self) -> (bool, bool) {
        let (x, y) = self.mirrors_shown();
        if self.swaps() { (y, x) } else { (x, y) }
    }

    /// The size after turning.
    pub fn size(self, width: usize, height: usize) -> (usize, usize) {
        if self.swaps() { (height, width) } else { (width, height) }
    }

    /// Where the pixel comes from that is shown at `x`, `y`; `width` and `height` are the stored ones.
    fn source(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::Upright => (x, y),
            Self::Mirrored => (width - 1 - x, y),
            Self::HalfTurn => (width - 1 - x, height - 1 - y),
            Self::Flipped => (x, height - 1 - y),
            Self::Transposed => (y, x),
            Self::QuarterTurn => (y, height - 1 - x),
            Self::Transversed => (width - 1 - y, height - 1 - x),
            Self::ThreeQuarterTurn => (width - 1 - y, x),
        }
    }

    /// The index of the first pixel of the shown row `y`, and the step from each to its neighbour.
    pub fn walk(self, y: usize, width: usize, height: usize) -> (usize, isize) {
        let (x0, y0) = self.source(0, y, width, height);
        let step = match self {
            Self::Upright | Self::Flipped => 1,
            Self::Mirrored | Self::HalfTurn => -1,
            Self::Transposed | Self::ThreeQuarterTurn => width.cast_signed(),
            Self::QuarterTurn | Self::Transversed => -width.cast_signed(),
        };
        (y0 * width + x0, step)
    }

    /// Turns pixels of `bytes` bytes each.
    pub fn turn(self, pixels: &[u8], width: usize, height: usize, bytes: usize) -> Vec<u8> {
        let mut turned = Vec::with_capacity(pixels.len());
        for y in 0..self.size(width, height).1 {
            self.turn_row(pixels, y, (width, height), bytes, &mut turned);
        }
        turned
    }

    /// Adds the shown row `y` of stored pixels of `bytes` bytes each.
    pub fn turn_row(
        self,
        pixels: &[u8],
        y: usize,
        (width, height): (usize, usize),
        bytes: usize,
        out: &mut Vec<u8>,
    ) {
        let (mut at, step) = self.walk(y, width, height);
        for _ in 0..self.size(width, height).0 {
            out.extend_from_slice(&pixels[at * bytes..(at + 1) * bytes]);
            at = at.wrapping_add_signed(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_turns_as_exif_says() {
        // 0 1 2
        // 3 4 5
        let turned = |value| Orientation::of_exif(value).turn(&[0, 1, 2, 3, 4, 5], 3, 2, 1);
        assert_eq!(turned(1), [0, 1, 2, 3, 4, 5]);
        assert_eq!(turned(2), [2, 1, 0, 5, 4, 3]);
        assert_eq!(turned(3), [5, 4, 3, 2, 1, 0]);
        assert_eq!(turned(4), [3, 4, 5, 0, 1, 2]);
        assert_eq!(turned(5), [0, 3, 1, 4, 2, 5]);
        assert_eq!(turned(6), [3, 0, 4, 1, 5, 2]);
        assert_eq!(turned(7), [5, 2, 4, 1, 3, 0]);
        assert_eq!(turned(8), [2, 5, 1, 4, 0, 3]);
        assert_eq!(turned(0), turned(1));
        assert_eq!(turned(9), turned(1));
    }
}
