//! Walks over the blocks of a GIF and keeps what shapes the pixels: tables, frames, their timing,
//! and how often the animation loops.

use crate::uploads::bounds::{Bounds, Tally};
use crate::uploads::packets;
use crate::uploads::removed::{Found, Removed};
use crate::uploads::take::Take;
use crate::uploads::unfit::Unfit;

use super::data::Data;
use super::{Gif, Part};

/// Reads all blocks of a file.
pub(super) fn read<'a>(file: &'a [u8], bounds: &Bounds) -> Result<Gif<'a>, Unfit> {
    let mut take = Take::new(file);
    take.bytes(6)?;
    let width = u16::from_le_bytes(take.array()?);
    let height = u16::from_le_bytes(take.array()?);
    bounds.size(width.into(), height.into())?;
    let [flags, _, _] = take.array()?;
    take.bytes(table_size(flags))?;
    let gif = Gif {
        width,
        height,
        largest: 1,
        tally: Tally::default(),
        parts: Vec::new(),
        found: Found::new(),
    };
    let mut walk = Walk { gif, control: None, looping: false, bounds };
    walk.keep(take.since(0));
    loop {
        match take.byte()? {
            b'\x21' => walk.extension(&mut take)?,
            b'\x2C' => walk.frame(&mut take)?,
            b'\x3B' => break,
            // Readers stop here and show what they have: what follows is no part of the picture.
            _ if walk.gif.tally.frames > 0 => {
                walk.gif.found.insert(Removed::Appended);
                break;
            }
            _ => return Err(Unfit::broken("it has a block that no reader of GIF knows")),
        }
    }
    walk.finish(take)
}

fn table_size(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Reads data blocks up to the empty one; hands out all of them.
fn skip_data<'a>(take: &mut Take<'a>) -> Result<&'a [u8], Unfit> {
    let start = take.at();
    loop {
        match take.byte()? {
            0 => return Ok(take.since(start)),
            length => take.bytes(length.into())?,
        };
    }
}

struct Walk<'a, 'b> {
    gif: Gif<'a>,
    /// Timing and transparency for the frame that comes next.
    control: Option<&'a [u8]>,
    looping: bool,
    bounds: &'b Bounds,
}

impl<'a> Walk<'a, '_> {
    fn keep(&mut self, piece: &'a [u8]) {
        self.gif.parts.push(Part::Kept(piece));
    }

    fn extension(&mut self, take: &mut Take<'a>) -> Result<(), Unfit> {
        let start = take.at() - 1;
        let label = take.byte()?;
        let data = skip_data(take)?;
        match label {
            0xF9 if data.len() == 6 && data[0] == 4 => self.control = Some(take.since(start)),
            0xFF => self.application(data, take.since(start)),
            0xFE => {
                self.gif.found.insert(Removed::Comment);
            }
            0x01 => {
                // Text that is drawn by the reader: nobody does. Its control is its own.
                self.control = None;
                self.gif.found.insert(Removed::Comment);
            }
            _ => {
                self.gif.found.insert(Removed::Other);
            }
        }
        Ok(())
    }

    fn application(&mut self, data: &'a [u8], whole: &'a [u8]) {
        let name = data.get(1..12).unwrap_or_default();
        let looping = matches!(name, b"NETSCAPE2.0" | b"ANIMEXTS1.0")
            && data.len() == 17
            && data[0] == 11
            && data[12..14] == [3, 1];
        if looping {
            if !self.looping {
                self.keep(whole);
            }
            self.looping = true;
        } else if name == b"XMP DataXMP" {
            packets::xmp(data, &mut self.gif.found);
        } else {
            self.gif.found.insert(Removed::Other);
        }
    }

    fn frame(&mut self, take: &mut Take<'a>) -> Result<(), Unfit> {
        let start = take.at() - 1;
        take.bytes(4)?;
        let width = u16::from_le_bytes(take.array()?);
        let height = u16::from_le_bytes(take.array()?);
        self.bounds.size(width.into(), height.into())?;
        self.bounds.frame(&mut self.gif.tally, width.into(), height.into())?;
        self.gif.largest = self.gif.largest.max(u64::from(width) * u64::from(height));
        let flags = take.byte()?;
        take.bytes(table_size(flags))?;
        // The size of the first code, then the data.
        let literal_bits = take.byte()?;
        if let Some(control) = self.control.take() {
            self.keep(control);
        }
        self.keep(take.since(start));
        let blocks = skip_data(take)?;
        let pixels = u64::from(width) * u64::from(height);
        self.gif.parts.push(Part::Data(Data { literal_bits, pixels, blocks }));
        Ok(())
    }

    fn finish(mut self, take: Take<'_>) -> Result<Gif<'a>, Unfit> {
        if !take.rest().is_empty() {
            self.gif.found.insert(Removed::Appended);
        }
        if self.gif.tally.frames == 0 {
            return Err(Unfit::broken("it has no frame"));
        }
        self.keep(b"\x3B");
        Ok(self.gif)
    }
}
