//! Makes a picture smaller while its rows come in: every pixel counts by the area that it covers.
//!
//! Holds one row of sums and the small picture, never the large one.

/// Shrinks rows of bytes to a smaller picture of the same channels.
///
/// Where there is alpha, colours count by it, so that nothing bleeds out of what cannot be seen.
pub(super) struct Shrink {
    width: usize,
    height: usize,
    to_width: usize,
    to_height: usize,
    channels: usize,
    /// Sums of the rows that fall into the row to come, each times the part of it that does.
    sums: Vec<u32>,
    /// Colours times alpha, where there is alpha.
    weighed: Vec<u16>,
    /// How many rows came in.
    row: usize,
    opaque: bool,
    out: Vec<u8>,
}

impl Shrink {
    /// From `width` by `height` to no larger a size; 2 and 4 channels end with alpha.
    pub fn new(size: (usize, usize), to: (usize, usize), channels: usize) -> Self {
        let alpha = channels.is_multiple_of(2);
        Self {
            width: size.0,
            height: size.1,
            to_width: to.0,
            to_height: to.1,
            channels,
            sums: vec![0; size.0 * channels],
            weighed: if alpha { vec![0; size.0 * channels] } else { Vec::new() },
            row: 0,
            opaque: true,
            out: Vec::with_capacity(to.0 * to.1 * channels),
        }
    }

    /// Takes the next row. Rows beyond the last are ignored, as are missing bytes.
    pub fn push(&mut self, row: &[u8]) {
        if self.row == self.height {
            return;
        }
        if !self.weighed.is_empty() {
            self.weigh(row);
        }
        // In units of 1/to_height of a row: this row covers [start, end), one of the rows to come
        // covers `height` units. Sums stay below 255 * 255 * height, so `height` may be 65536.
        let start = self.row * self.to_height;
        let end = start + self.to_height;
        let border = (start / self.height + 1) * self.height;
        self.add(row, end.min(border) - start);
        if end >= border {
            self.finish_row();
            if end > border {
                self.add(row, end - border);
            }
        }
        self.row += 1;
    }

    fn add(&mut self, row: &[u8], part: usize) {
        // At most `to_height`, which a thumbnail bounds.
        let part = u32::try_from(part).unwrap_or(0);
        if self.weighed.is_empty() {
            for (sum, byte) in self.sums.iter_mut().zip(row) {
                *sum += u32::from(*byte) * part;
            }
        } else {
            for (sum, weighed) in self.sums.iter_mut().zip(&self.weighed) {
                *sum += u32::from(*weighed) * part;
            }
        }
    }

    fn weigh(&mut self, row: &[u8]) {
        let (pixels, weighed) = (row.chunks_exact(self.channels), &mut self.weighed);
        for (pixel, weighed) in pixels.zip(weighed.chunks_exact_mut(self.channels)) {
            let Some((alpha, colours)) = pixel.split_last() else { continue };
            self.opaque &= *alpha == 255;
            let Some((last, products)) = weighed.split_last_mut() else { continue };
            // Alpha itself counts by 255, so that it is on the scale of the products.
            *last = u16::from(*alpha) * 255;
            for (product, colour) in products.iter_mut().zip(colours) {
                *product = u16::from(*colour) * u16::from(*alpha);
            }
        }
    }

    /// Sums one row up from left to right, and begins the next.
    fn finish_row(&mut self) {
        for x in 0..self.to_width {
            // In units of 1/to_width of a pixel, as for rows.
            let (start, end) = (x * self.width, (x + 1) * self.width);
            let mut totals = [0u64; 4];
            for from in start / self.to_width..end.div_ceil(self.to_width) {
                let left = (from * self.to_width).max(start);
                let part = ((from + 1) * self.to_width).min(end) - left;
                let pixel = &self.sums[from * self.channels..(from + 1) * self.channels];
                for (total, sum) in totals.iter_mut().zip(pixel) {
                    *total += u64::from(*sum) * part as u64;
                }
            }
            self.finish_pixel(&totals);
        }
        self.sums.fill(0);
    }

    fn finish_pixel(&mut self, totals: &[u64; 4]) {
        let area = self.width as u64 * self.height as u64;
        let byte = |total: u64, whole: u64| {
            u8::try_from((total + whole / 2) / whole.max(1)).unwrap_or(u8::MAX)
        };
        if self.weighed.is_empty() {
            self.out.extend(totals[..self.channels].iter().map(|total| byte(*total, area)));
            return;
        }
        let colours = self.channels - 1;
        // Alpha was counted times 255: so colours come out between 0 and 255.
        let alpha = totals[colours];
        self.out.extend(totals[..colours].iter().map(|total| byte(*total * 255, alpha)));
        self.out.push(byte(alpha, area * 255));
    }

    /// The small picture, and whether all of it is opaque. Rows that never came are black.
    pub fn finish(mut self) -> (Vec<u8>, bool) {
        self.out.resize(self.to_width * self.to_height * self.channels, 0);
        (self.out, self.opaque)
    }
}
