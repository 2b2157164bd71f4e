//! Reads a file from its front; its end is an error, never a panic.

use super::unfit::Unfit;

/// What is left of a file.
#[derive(Clone, Copy)]
pub(super) struct Take<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Take<'a> {
    pub fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// How far it has read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    /// What was read since `start`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.all.get(start..self.at).unwrap_or_default()
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Unfit> {
        let part = self.rest().get(..count).ok_or_else(Unfit::truncated)?;
        self.at += count;
        Ok(part)
    }

    /// The next bytes, as many as the array holds.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Unfit> {
        self.bytes(N)?.try_into().map_err(|_| Unfit::truncated())
    }

    pub fn byte(&mut self) -> Result<u8, Unfit> {
        Ok(self.array::<1>()?[0])
    }
}
