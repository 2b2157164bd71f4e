//! Decodes one frame of a WebP at a time, its colours and its transparency one after the other, so
//! that the decoder never holds both at once.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

use super::chunks;

/// How a frame is coded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Lossy,
    Lossless,
}

impl Coding {
    pub fn of(name: [u8; 4]) -> Self {
        if &name == b"VP8L" { Self::Lossless } else { Self::Lossy }
    }

    pub fn name(self) -> [u8; 4] {
        match self {
            Self::Lossy => *b"VP8 ",
            Self::Lossless => *b"VP8L",
        }
    }
}

/// One frame, not decoded.
pub(super) struct Frame<'a> {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    coding: Coding,
    data: &'a [u8],
    alpha: Option<&'a [u8]>,
    /// Whether a lossless frame says that it has transparency.
    see_through: bool,
}

/// A frame's pixels.
pub(super) struct Pixels {
    width: usize,
    /// RGB or RGBA.
    colours: Vec<u8>,
    channels: usize,
    /// Transparency, where it stands apart.
    alpha: Option<Vec<u8>>,
    see_through: bool,
}

impl<'a> Frame<'a> {
    /// Reads the header of a picture's data.
    pub fn still(coding: Coding, data: &'a [u8], alpha: Option<&'a [u8]>) -> Result<Self, Unfit> {
        let mut take = Take::new(data);
        let (width, height, see_through) = match coding {
            Coding::Lossy => {
                take.bytes(6)?;
                let (width, height) =
                    (u16::from_le_bytes(take.array()?), u16::from_le_bytes(take.array()?));
                (u32::from(width & 0x3FFF), u32::from(height & 0x3FFF), alpha.is_some())
            }
            Coding::Lossless => {
                take.byte()?;
                let bits = u32::from_le_bytes(take.array()?);
                ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1, bits >> 28 & 1 == 1)
            }
        };
        let alpha = alpha.filter(|_| coding == Coding::Lossy);
        Ok(Self { left: 0, top: 0, width, height, coding, data, alpha, see_through })
    }

    /// The same at this place of a canvas.
    pub fn at(self, left: u32, top: u32) -> Self {
        Self { left, top, ..self }
    }

    /// Whether it has a place for transparency.
    pub fn may_be_see_through(&self) -> bool {
        self.coding == Coding::Lossless || self.alpha.is_some()
    }

    pub fn is_lossy(&self) -> bool {
        self.coding == Coding::Lossy
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// What decoding takes, as bytes for each pixel: RGBA and its transforms, or planes and RGB; with
    /// transparency apart this is decoded first, and one byte of it stays.
    pub fn memory(&self) -> u64 {
        let halves = match (self.coding, self.alpha) {
            (Coding::Lossless, _) => 10,
            (Coding::Lossy, None) => 9,
            (Coding::Lossy, Some(_)) => 11,
        };
        self.pixels() * halves / 2
    }

    /// Decodes all of it.
    pub fn decode(&self) -> Result<Pixels, Unfit> {
        let alpha = self.alpha.map(|alpha| self.decode_alpha(alpha)).transpose()?;
        let file = chunks::file_of(self.coding, (self.width, self.height), self.data);
        let channels = if self.coding == Coding::Lossless { 4 } else { 3 };
        let colours = decode(file, self.width, self.height, channels)?;
        let (width, see_through) = (self.width as usize, self.see_through);
        Ok(Pixels { width, colours, channels, alpha, see_through })
    }

    /// Transparency is coded by itself: raw, or as the green of a lossless picture without header.
    fn decode_alpha(&self, alpha: &[u8]) -> Result<Vec<u8>, Unfit> {
        let (head, data) = alpha.split_first().ok_or_else(Unfit::truncated)?;
        let (width, height) = (self.width as usize, self.height as usize);
        let mut plane = match head & 3 {
            0 => data.get(..width * height).ok_or_else(Unfit::truncated)?.to_vec(),
            1 => {
                let bits = (self.width - 1) | (self.height - 1) << 14;
                let whole = [&[0x2F][..], &bits.to_le_bytes(), data].concat();
                let file = chunks::file_of(Coding::Lossless, (self.width, self.height), &whole);
                let pixels = decode(file, self.width, self.height, 4)?;
                pixels.chunks_exact(4).map(|pixel| pixel[1]).collect()
            }
            _ => return Err(Unfit::broken("its transparency is coded in an unknown way")),
        };
        unfilter(&mut plane, width, head >> 2 & 3);
        Ok(plane)
    }
}

fn decode(file: Vec<u8>, width: u32, height: u32, channels: usize) -> Result<Vec<u8>, Unfit> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(broken)?;
    let size = width as usize * height as usize * channels;
    if decoder.dimensions() != (width, height) || decoder.output_buffer_size() != Some(size) {
        return Err(Unfit::broken("its header makes no sense"));
    }
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(broken)?;
    Ok(pixels)
}

/// Undoes the prediction of transparency from what is left, above, or both.
fn unfilter(plane: &mut [u8], width: usize, filter: u8) {
    if filter == 0 {
        return;
    }
    for at in 1..plane.len() {
        let (x, y) = (at % width, at / width);
        let left = || plane[at - 1];
        let above = || plane[at - width];
        let predicted = match (filter, x, y) {
            (_, _, 0) => left(),
            (_, 0, _) | (2, ..) => above(),
            (1, ..) => left(),
            _ => {
                let slope =
                    i16::from(left()) + i16::from(above()) - i16::from(plane[at - width - 1]);
                u8::try_from(slope.clamp(0, 255)).unwrap_or(0)
            }
        };
        plane[at] = plane[at].wrapping_add(predicted);
    }
}

impl Pixels {
    /// All of it as RGB, or as RGBA if it has a place for transparency.
    pub fn packed(self) -> (Vec<u8>, usize) {
        if self.alpha.is_none() && self.channels == 3 {
            return (self.colours, 3);
        }
        let channels = if self.see_through { 4 } else { 3 };
        let mut packed = Vec::with_capacity(self.colours.len() / self.channels * channels);
        let mut row = vec![0; self.width * 4];
        for y in 0..self.colours.len() / (self.width * self.channels) {
            self.row(y, &mut row);
            packed.extend(row.chunks_exact(4).flat_map(|pixel| &pixel[..channels]));
        }
        (packed, channels)
    }

    /// Writes a row as RGBA, as much of it as there is room for.
    pub fn row(&self, y: usize, out: &mut [u8]) {
        let length = self.width * self.channels;
        let row = self.colours.get(y * length..(y + 1) * length).unwrap_or_default();
        let alpha = self.alpha.as_ref().and_then(|alpha| alpha.get(y * self.width..));
        let colours = row.chunks_exact(self.channels).zip(out.chunks_exact_mut(4));
        for (x, (from, to)) in colours.enumerate() {
            to[..3].copy_from_slice(&from[..3]);
            to[3] = match (alpha, from.get(3)) {
                (Some(alpha), _) => alpha[x],
                (None, Some(alpha)) if self.see_through => *alpha,
                _ => 255,
            };
        }
    }
}

fn broken(error: DecodingError) -> Unfit {
    log::debug!("a WebP is broken: {error}");
    Unfit::broken("its pixels cannot be decoded")
}
