//! Decodes a PNG row by row, every frame of it.

use std::io::Cursor;

use ::png::{BitDepth, ColorType, DecodeOptions, Decoder, Limits, Reader, Transformations};

use crate::uploads::thumb::{Sketch, Space};
use crate::uploads::unfit::Unfit;

/// What the decoder may hold by itself: two rows of the widest picture, and its tables.
const DECODER_BYTES: usize = 16 << 20;

/// A decoder at the first row.
pub(super) struct Rows<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
    space: Space,
    deep: bool,
}

/// Decoded pixels of one frame, in the order in which they are stored.
pub(super) struct Pixels {
    pub space: Space,
    /// Two bytes a sample, the higher first.
    pub deep: bool,
    pub samples: Vec<u8>,
}

impl<'a> Rows<'a> {
    /// `deep` keeps 16 bits where there are 16.
    pub fn open(plain: &'a [u8], deep: bool) -> Result<Self, Unfit> {
        let mut options = DecodeOptions::default();
        // They were checked when the pixels became one chunk.
        options.set_ignore_adler32(true);
        options.set_ignore_crc(true);
        options.set_ignore_iccp_chunk(true);
        let mut decoder = Decoder::new_with_options(Cursor::new(plain), options);
        decoder.set_limits(Limits { bytes: DECODER_BYTES });
        let narrow = if deep { Transformations::IDENTITY } else { Transformations::STRIP_16 };
        decoder.set_transformations(Transformations::EXPAND | narrow);
        let reader = decoder.read_info().map_err(broken)?;
        let (colour, depth) = reader.output_color_type();
        let space = match colour {
            ColorType::Grayscale => Space::Grey,
            ColorType::GrayscaleAlpha => Space::GreyAlpha,
            ColorType::Rgb => Space::Rgb,
            ColorType::Rgba => Space::RgbAlpha,
            ColorType::Indexed => return Err(Unfit::broken("its palette is missing")),
        };
        Ok(Self { reader, space, deep: depth == BitDepth::Sixteen })
    }

    pub fn space(&self) -> Space {
        self.space
    }

    /// Hands out the rows of the first frame, from top to bottom.
    pub fn first_frame(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), Unfit> {
        if self.reader.info().interlaced {
            let (length, samples) = self.frame()?;
            samples.chunks_exact(length).for_each(each);
            return Ok(());
        }
        while let Some(row) = self.reader.next_row().map_err(broken)? {
            each(row.data());
        }
        Ok(())
    }

    /// Decodes what comes behind the first frame, and lets go of it.
    pub fn other_frames(&mut self) -> Result<(), Unfit> {
        let info = self.reader.info();
        let separate = info.frame_control.is_none();
        let frames = info.animation_control.map_or(0, |control| control.num_frames);
        for _ in 0..if separate { frames } else { frames.saturating_sub(1) } {
            self.reader.next_frame_info().map_err(broken)?;
            while self.reader.next_interlaced_row().map_err(broken)?.is_some() {}
        }
        self.reader.finish().map_err(broken)
    }

    /// All of a still picture at once, with its thumbnail drawn on the way.
    pub fn whole(&mut self, sketch: &mut Sketch) -> Result<Pixels, Unfit> {
        let (length, samples) = self.frame()?;
        for row in samples.chunks_exact(length) {
            if self.deep {
                let high: Vec<u8> = row.iter().step_by(2).copied().collect();
                sketch.push(&high);
            } else {
                sketch.push(row);
            }
        }
        self.reader.finish().map_err(broken)?;
        Ok(Pixels { space: self.space, deep: self.deep, samples })
    }

    fn frame(&mut self) -> Result<(usize, Vec<u8>), Unfit> {
        let size = self.reader.output_buffer_size().ok_or_else(Unfit::truncated)?;
        let mut samples = vec![0; size];
        let info = self.reader.next_frame(&mut samples).map_err(broken)?;
        Ok((info.line_size.max(1), samples))
    }
}

fn broken(error: ::png::DecodingError) -> Unfit {
    log::debug!("a PNG is broken: {error}");
    Unfit::broken("its pixels cannot be decoded")
}
