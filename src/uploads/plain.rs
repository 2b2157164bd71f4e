//! What of a file is kept, piece by piece; most pieces are the file's own bytes.

use std::borrow::Cow;

/// The pieces of a picture without its metadata.
#[derive(Default)]
pub(super) struct Plain<'a> {
    pieces: Vec<Cow<'a, [u8]>>,
}

impl<'a> Plain<'a> {
    /// Adds a piece at the end.
    pub fn keep(&mut self, piece: impl Into<Cow<'a, [u8]>>) {
        self.pieces.push(piece.into());
    }

    /// Adds all pieces of another.
    pub fn append(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// Writes all pieces behind one another.
    pub fn write(&self, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            out.extend_from_slice(piece);
        }
    }

    /// All pieces in one.
    pub fn joined(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}
