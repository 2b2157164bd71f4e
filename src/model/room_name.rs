//! Room names: what a room may be called, and when two names are one room.

use std::fmt;

use precis_core::profile::PrecisFastInvocation;
use precis_core::{IdentifierClass, StringClass};
use precis_profiles::Nickname;
use serde::{Serialize, Serializer};

/// A valid room name, spelled as its creator spelled it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoomName(Box<str>);

/// By what a room is found: the name in NFKC and lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(Box<str>);

impl RoomName {
    /// The longest room name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// The rule that a refused name is told.
    pub const RULE: &str =
        "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit";

    /// Checks a room name; `None` where it breaks [`RoomName::RULE`].
    pub fn parse(raw: &str) -> Option<Self> {
        let fits = raw.len() <= Self::MAX_CHARS * 4 && raw.chars().count() <= Self::MAX_CHARS;
        let begins = raw.chars().next().is_some_and(char::is_alphanumeric);
        let plain = raw
            .chars()
            .all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let class = IdentifierClass::default();
        (fits && begins && plain && class.allows(raw).is_ok()).then(|| Self(raw.into()))
    }

    /// A name that was valid when it was stored: rules may change, a kept room does not.
    pub(crate) fn stored(name: String) -> Self {
        Self(name.into())
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the room is found, whatever the spelling.
    pub fn key(&self) -> RoomKey {
        let normal = Nickname::enforce(&*self.0).unwrap_or_else(|_| (&*self.0).into());
        RoomKey(normal.to_lowercase().into())
    }
}

impl RoomKey {
    /// The key as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RoomName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_room_has_many_spellings() {
        let key = |name: &str| RoomName::parse(name).unwrap().key();
        assert_eq!(key("Lobby"), key("lobby"));
        assert_eq!(key("ÜBER"), key("über"));
        assert_ne!(key("room-1"), key("room-2"));
    }

    #[test]
    fn rooms_have_names_that_fit_into_an_address() {
        for good in ["lobby", "room_1", "v1.2", "日本", "Küche", "a"] {
            assert!(RoomName::parse(good).is_some(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in ["", " ", "a b", "a/b", "..", ".a", "-a", "a?b", "#a", "a\u{0}", "😀", &long] {
            assert!(RoomName::parse(bad).is_none(), "{bad}");
        }
    }
}
