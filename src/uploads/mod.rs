//! The one door for pictures from strangers, and their files on disk.

mod gallery;

pub use gallery::{Draft, Gallery, Placed, Stock};
