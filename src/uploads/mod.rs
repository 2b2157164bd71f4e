//! The one door for pictures from strangers: bytes come in, and what may be shown comes out.
//!
//! Here is the pure part: what a file is ([`sniff()`]), what it would cost ([`weight`]), and the way
//! from its bytes to a picture without its metadata and a thumbnail ([`prepare`]). One directory for
//! each format, and beside them what they share; where the files lie is in `gallery`. Sockets, clocks and messages are elsewhere, and so
//! are rights and quotas.
//!
//! Invariants: what is kept was decoded whole; it holds nothing of the file but what is on a list of
//! what shapes the pixels ([decision 0010](../../docs/decisions/0010-pictures-are-stripped.md)); no
//! bytes make it panic; nothing is decoded before its size was checked against [`Bounds`].

mod bounds;
mod exif;
mod gallery;
mod gif;
mod icc;
mod jpeg;
mod orientation;
mod packets;
mod plain;
mod png;
mod prepare;
mod removed;
mod shrink;
mod smuggled;
mod sniff;
mod take;
mod thumb;
mod unfit;
mod webp;

pub use bounds::Bounds;
pub use gallery::{Draft, Gallery, Placed, Stock};
pub use prepare::{Prepared, prepare, weight};
pub use removed::Removed;
pub use sniff::{SNIFFED_BYTES, sniff};
pub use thumb::{THUMB_HEIGHT, THUMB_WIDTH, Thumb};
pub use unfit::Unfit;

#[cfg(test)]
mod tests;
