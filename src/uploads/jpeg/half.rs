//! Decodes a picture at half its size: what a thumbnail needs of a large one, for a fraction of the
//! time.
//!
//! A block's coefficients give the means of two by two pixels directly: the same as decoding it and
//! taking the means, but for rounding.

use std::f32::consts::PI;

use crate::uploads::thumb::{Sketch, Space};

use super::scan::{Block, Rows, Scan};
use super::tables::Steps;

/// Pixels of a block at half size, a side.
const SIDE: usize = 4;

/// Decodes rows of units and pushes rows of pixels into a thumbnail.
pub(super) struct Half {
    parts: Vec<Shape>,
    space: Space,
    /// The picture's width at half size.
    width: usize,
    height: usize,
    /// How many rows were pushed.
    done: usize,
    row: Vec<u8>,
}

/// One component: how its pixels spread over those of the picture, and its pixels.
struct Shape {
    across: usize,
    down: usize,
    spread: (usize, usize),
    weights: Weights,
    pixels: Vec<u8>,
}

impl Half {
    /// For a picture of one component or of three; `size` is its full size.
    pub fn new(scan: &Scan<'_>, size: (usize, usize)) -> Self {
        let across = scan.parts.iter().map(|part| part.across).max().unwrap_or(1);
        let down = scan.parts.iter().map(|part| part.down).max().unwrap_or(1);
        let shape = |part: &super::scan::Part| Shape {
            across: part.across * scan.units.0,
            down: part.down,
            spread: (across / part.across, down / part.down),
            weights: Weights::new(&part.steps),
            pixels: vec![0; part.across * scan.units.0 * part.down * SIDE * SIDE],
        };
        let parts: Vec<_> = scan.parts.iter().map(shape).collect();
        let space = if parts.len() == 1 { Space::Grey } else { Space::YCbCr };
        let (width, height) = half(size);
        let row = vec![0; width * space.channels()];
        Self { parts, space, width, height, done: 0, row }
    }

    pub fn space(&self) -> Space {
        self.space
    }

    /// Decodes one row of units.
    pub fn push(&mut self, rows: &Rows, sketch: &mut Sketch) {
        for (part, blocks) in self.parts.iter_mut().zip(rows) {
            part.decode(blocks);
        }
        let lines = self.parts.iter().map(|part| part.down * SIDE).max().unwrap_or(0);
        for y in 0..lines.min(self.height - self.done) {
            for (channel, part) in self.parts.iter().enumerate() {
                let line = part.line(y / part.spread.1);
                let out = self.row[channel..].iter_mut().step_by(self.space.channels());
                match part.spread.0 {
                    1 => out.zip(line).for_each(|(to, from)| *to = *from),
                    spread => {
                        let line = line.iter().flat_map(|from| std::iter::repeat_n(from, spread));
                        out.zip(line).for_each(|(to, from)| *to = *from);
                    }
                }
            }
            sketch.push(&self.row);
        }
        self.done += lines.min(self.height - self.done);
        debug_assert!(self.width * self.space.channels() == self.row.len());
    }
}

/// Half a size; the last pixel may be half beyond the border.
pub(super) fn half((width, height): (usize, usize)) -> (usize, usize) {
    (width.div_ceil(2), height.div_ceil(2))
}

impl Shape {
    fn decode(&mut self, blocks: &[Block]) {
        let stride = self.across * SIDE;
        for (place, block) in blocks.iter().enumerate() {
            let (x, y) = (place % self.across, place / self.across);
            let small = self.weights.apply(block);
            for (line, pixels) in small.iter().enumerate() {
                let to = (y * SIDE + line) * stride + x * SIDE;
                self.pixels[to..to + SIDE].copy_from_slice(pixels);
            }
        }
    }

    fn line(&self, y: usize) -> &[u8] {
        let stride = self.across * SIDE;
        &self.pixels[y * stride..(y + 1) * stride]
    }
}

/// The means of neighbours in the eight cosines, and the steps of the coefficients.
struct Weights {
    means: [[f32; 8]; SIDE],
    /// The same by cosine.
    waves: [[f32; SIDE]; 8],
    steps: [f32; 64],
}

impl Weights {
    fn new(steps: &Steps) -> Self {
        let mut means = [[0.0; 8]; SIDE];
        for (pair, means) in means.iter_mut().enumerate() {
            for (frequency, mean) in means.iter_mut().enumerate() {
                let scale = if frequency == 0 { 0.5_f32.sqrt() } else { 1.0 };
                let wave = |x: usize| ((2 * x + 1) as f32 * frequency as f32 * PI / 16.0).cos();
                *mean = scale / 2.0 * (wave(2 * pair) + wave(2 * pair + 1)) / 2.0;
            }
        }
        let waves = std::array::from_fn(|wave| means.map(|means| means[wave]));
        Self { means, waves, steps: steps.map(f32::from) }
    }

    #[inline]
    fn apply(&self, block: &Block) -> [[u8; SIDE]; SIDE] {
        let mut columns = [[0.0f32; 8]; SIDE];
        for down in 0..8 {
            // Most blocks have something in their first rows only.
            if block.set >> (down * 8) & 0xFF == 0 {
                continue;
            }
            let mut row = [0.0; 8];
            for (across, value) in row.iter_mut().enumerate() {
                let place = down * 8 + across;
                *value = f32::from(block.values[place]) * self.steps[place];
            }
            for (column, means) in columns.iter_mut().zip(&self.means) {
                for (sum, value) in column.iter_mut().zip(row) {
                    *sum += value * means[down];
                }
            }
        }
        columns.map(|column| {
            let mut pixels = [128.5f32; SIDE];
            for (value, waves) in column.iter().zip(&self.waves) {
                for (pixel, mean) in pixels.iter_mut().zip(waves) {
                    *pixel += value * mean;
                }
            }
            // A cast of a float saturates.
            pixels.map(|pixel| pixel as u8)
        })
    }
}
