//! Names: one that is let in stays itself, is found again, and shows nothing that it should not.

use crate::model::{Nick, NickKeys, RoomName};

/// Any text is a name that keeps its rule or is none; who says a valid name once more says the same
/// one, and its keys find it in every case.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    nick(&text);
    room(&text);
}

fn nick(text: &str) {
    let Some(nick) = Nick::parse(text) else { return };
    let name = nick.as_str();
    assert!((1..=Nick::MAX_CHARS).contains(&name.chars().count()), "{name:?}");
    assert!(!name.contains(char::is_control), "{name:?}");
    assert!(name.trim() == name && !name.contains("  "), "{name:?}");
    assert_eq!(Nick::parse(name).as_ref(), Some(&nick), "{text:?} changes twice");
    let keys = nick.keys();
    assert!(!keys.folded.is_empty() && !keys.exact.is_empty(), "{name:?} has no keys");
    for other in [name.to_lowercase(), name.to_ascii_uppercase(), format!("  {name} ")] {
        if let Some(other) = Nick::parse(&other) {
            assert!(clash(&other.keys(), &keys), "{name:?} and {other:?} are two");
        }
    }
}

fn clash(one: &NickKeys, two: &NickKeys) -> bool {
    one.folded == two.folded || one.exact == two.exact
}

fn room(text: &str) {
    let Some(room) = RoomName::parse(text) else { return };
    let name = room.as_str();
    assert_eq!(name, text, "a room is spelled as it was written");
    assert!((1..=RoomName::MAX_CHARS).contains(&name.chars().count()), "{name:?}");
    let odd = |c: char| c.is_control() || c.is_whitespace() || "/?#%\\\"<>&".contains(c);
    assert!(!name.contains(odd) && !name.starts_with('.'), "{name:?} has no place in an address");
    let key = room.key();
    for other in [name.to_lowercase(), key.as_str().to_owned()] {
        if let Some(other) = RoomName::parse(&other) {
            assert_eq!(other.key(), key, "{name:?} and {other:?} are two");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_a_name_or_none_and_a_name_stays_itself(text in "\\PC{0,40}") {
            names(text.as_bytes());
        }

        #[test]
        fn letters_of_many_scripts_are_names_that_stay_themselves(
            text in "[\\p{L}\\p{M}\\p{N}\\p{S} ]{1,6}",
        ) {
            names(text.as_bytes());
        }

        #[test]
        fn names_about_as_long_as_they_may_be_keep_the_bound(text in "[a-zA-Z0-9äΩд-]{30,36}|[a-zé]{62,66}") {
            names(text.as_bytes());
        }

        #[test]
        fn any_bytes_are_a_name_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            names(&bytes);
        }
    }
}
