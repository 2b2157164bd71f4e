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

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// All pieces in one.
    pub fn joined(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}
