//! The door as its callers see it. `made` makes the pictures; each file asks one question.

mod bounds;
mod hostile;
mod looks;
mod made;
mod plain_files;
mod profiles;
mod stripping;

use super::{Bounds, Prepared, Unfit, prepare};

/// What comes out of a file that is fine.
fn taken(file: &[u8]) -> Prepared {
    prepare(file, &Bounds::default()).expect("this file is fine")
}

/// Why a file is not taken.
fn refused(file: &[u8]) -> Unfit {
    prepare(file, &Bounds::default()).expect_err("this file is not fine")
}

/// Whether a picture holds these bytes.
fn holds(picture: &[u8], needle: &[u8]) -> bool {
    picture.windows(needle.len()).any(|part| part == needle)
}
