//! The pixels of a PNG as one chunk: as they were, without what stands behind them.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};

use crate::uploads::removed::{Found, Removed};
use crate::uploads::unfit::Unfit;

use super::stream::{Ending, inflate};

/// Packed pixels of a picture or of a frame, in parts, and how many bytes they should become.
pub(super) struct Packed<'a> {
    pub parts: Vec<&'a [u8]>,
    pub expected: u64,
}

impl Packed<'_> {
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// The most bytes that are written of them.
    pub fn largest(&self) -> usize {
        self.len() + self.len() / 4 + 1024
    }

    /// Writes them as one chunk.
    pub fn write(&self, out: &mut Vec<u8>, found: &mut Found) -> Result<(), Unfit> {
        let start = out.len();
        out.extend_from_slice(b"\0\0\0\0IDAT");
        let data = out.len();
        for part in &self.parts {
            out.extend_from_slice(part);
        }
        let kept = match inflate(&[&out[data..]], self.expected, |_| Ok(()))? {
            Ending::At(end) => data + end,
            Ending::Surplus => {
                out.truncate(data);
                self.pack(out)?;
                found.insert(Removed::Appended);
                out.len()
            }
        };
        if kept < out.len() {
            found.insert(Removed::Appended);
            out.truncate(kept);
        }
        let length = u32::try_from(kept - data).map_err(|_| Unfit::broken("it is too long"))?;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        let sum = crc32fast::hash(&out[start + 4..]);
        out.extend_from_slice(&sum.to_be_bytes());
        Ok(())
    }

    /// Packs the pixels anew, without what comes behind the last of them.
    fn pack(&self, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let most = out.len() + self.largest();
        let mut packer = CompressorOxide::new(create_comp_flags_from_zip_params(6, 15, 0));
        let mut pack = |pixels: &[u8], flush| {
            compress_to_output(&mut packer, pixels, flush, |packed| {
                out.extend_from_slice(packed);
                out.len() <= most
            });
            if out.len() > most {
                return Err(Unfit::broken("it has more pixels than it says"));
            }
            Ok(())
        };
        inflate(&self.parts, self.expected, |pixels| pack(pixels, TDEFLFlush::None))?;
        pack(&[], TDEFLFlush::Finish)
    }

    /// Refuses pixels that are more or fewer than they should be, or have something behind them.
    pub fn check(&self) -> Result<(), Unfit> {
        match inflate(&self.parts, self.expected, |_| Ok(()))? {
            Ending::At(end) if end == self.len() => Ok(()),
            _ => Err(Unfit::broken("a frame has more than its pixels")),
        }
    }
}
