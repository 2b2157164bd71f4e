//! What was in a file and is not in the picture: a short closed list for people.

use std::collections::BTreeSet;

use serde::Serialize;

/// A kind of thing that was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Removed {
    /// Bytes behind the end of the picture: an archive, a film, a second picture.
    Appended,
    /// Who made it, whose it is, whom to credit.
    Author,
    /// The camera, its lens, their serial numbers and settings, the maker's own notes.
    Camera,
    /// Comments, titles, descriptions, keywords.
    Comment,
    /// Where it was taken.
    Location,
    /// Something else that does not shape the pixels.
    Other,
    /// Which programs touched it.
    Software,
    /// A small or second picture inside.
    Thumbnail,
    /// When it was taken or changed.
    Time,
}

impl Removed {
    /// Every kind, in the order of their words.
    pub const ALL: [Self; 9] = [
        Self::Appended,
        Self::Author,
        Self::Camera,
        Self::Comment,
        Self::Location,
        Self::Other,
        Self::Software,
        Self::Thumbnail,
        Self::Time,
    ];
}

/// What was found on the way.
pub(super) type Found = BTreeSet<Removed>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_snake_case_and_in_order() {
        let json = serde_json::to_string(&Removed::ALL).unwrap();
        assert_eq!(
            json,
            r#"["appended","author","camera","comment","location","other","software","thumbnail","time"]"#
        );
        assert!(Removed::ALL.is_sorted());
    }
}
