//! A password at the door: prepared, bounded, and refused if it is easily guessed.
//!
//! Preparation is the OpaqueString profile of RFC 8265: what looks the same on two keyboards is the
//! same password, and nothing else about it is changed. There are no rules of composition: length
//! counts, and that it is not what everybody takes.

use std::fmt;

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::OpaqueString;
use zeroize::Zeroizing;

use super::common::is_common;
use super::unfit::Unfit;
use crate::model::{Nick, folded, with_pictographs};

/// The shortest password, in characters after preparation.
pub const MIN_CHARS: usize = 8;
/// The longest, in characters after preparation.
pub const MAX_CHARS: usize = 128;
/// What is looked at, in bytes: several may become one character.
const RAW_BYTES: usize = 2048;
/// What everybody here can guess, besides the owner's name.
const HOUSE_NAME: &str = "parlor";

/// A password that may be used from now on. Never printed; wiped when it is dropped.
pub struct Password(Zeroizing<String>);

/// What somebody says to log in with. Whether it would be allowed today is not asked: an answer would
/// tell something of the password that is kept, and rules change.
pub struct LoginPassword(Option<Zeroizing<String>>);

impl Password {
    /// Checks `raw` as the password of `owner`.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn parse(raw: &str, owner: &Nick) -> Result<Self, Unfit> {
        if raw.len() > RAW_BYTES {
            return Err(Unfit::TooLong);
        }
        if raw.is_empty() {
            return Err(Unfit::TooShort);
        }
        let password = prepare(raw).ok_or(Unfit::Characters)?;
        match password.chars().count() {
            ..MIN_CHARS => Err(Unfit::TooShort),
            MIN_CHARS..=MAX_CHARS if is_common(&password) => Err(Unfit::Common),
            MIN_CHARS..=MAX_CHARS if is_a_name(&password, owner) => Err(Unfit::Name),
            MIN_CHARS..=MAX_CHARS => Ok(Self(password)),
            _ => Err(Unfit::TooLong),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl LoginPassword {
    /// Prepares `raw`. What cannot be prepared is simply a wrong password.
    pub fn new(raw: &str) -> Self {
        let bounded = (raw.len() <= RAW_BYTES).then_some(raw);
        let prepared = bounded.and_then(prepare);
        Self(prepared.filter(|password| password.chars().count() <= MAX_CHARS))
    }

    /// None where it cannot be anybody's.
    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|password| password.as_bytes())
    }
}

/// RFC 8265 enforcement, with today's pictographs. What the profile itself copies on its way (a text
/// with other spaces than ours, or with marks on their own) is out of our hands.
fn prepare(raw: &str) -> Option<Zeroizing<String>> {
    with_pictographs(raw, |shadow| OpaqueString::enforce(shadow).ok()).map(Zeroizing::new)
}

/// Whether nothing is left without the names that everybody knows, in any spelling.
fn is_a_name(password: &str, owner: &Nick) -> bool {
    let all = Zeroizing::new(folded(password));
    let without_owner = Zeroizing::new(all.replace(folded(owner.as_str()).as_str(), ""));
    let without = Zeroizing::new(without_owner.replace(folded(HOUSE_NAME).as_str(), ""));
    !without.chars().any(char::is_alphanumeric) && *without != *all
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for LoginPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Code, Refusal};
    use proptest::prelude::*;

    fn parse(raw: &str) -> Result<Password, Unfit> {
        Password::parse(raw, &Nick::parse("Guybrush").unwrap())
    }

    fn refusal(raw: &str) -> Option<Unfit> {
        parse(raw).err()
    }

    #[test]
    fn eight_to_128_characters_of_any_kind_are_a_password() {
        for good in
            ["tr4vk9wz", "zwei wörter", "пароль-гора", "日本語の長い合言葉", "kq🦊🫠🐒🐒🐒🐒"]
        {
            assert_eq!(refusal(good), None, "{good}");
        }
        let long: String = "zq".repeat(64);
        assert_eq!(refusal(&long), None);
        assert_eq!(refusal(&format!("{long}!")), Some(Unfit::TooLong));
        assert_eq!(refusal("tr4vk9w"), Some(Unfit::TooShort));
        assert_eq!(refusal(""), Some(Unfit::TooShort));
    }

    #[test]
    fn characters_are_counted_after_preparation() {
        let marked = "e\u{301}".repeat(128);
        assert_eq!(refusal(&marked), None);
        assert_eq!(refusal("e\u{301}e\u{301}e\u{301}e\u{301}"), Some(Unfit::TooShort));
        assert_eq!(refusal(&"x".repeat(RAW_BYTES + 1)), Some(Unfit::TooLong));
    }

    #[test]
    fn the_same_password_from_another_keyboard_is_the_same() {
        for (one, other) in [
            ("caf\u{e9} am meer", "cafe\u{301} am meer"),
            ("two words here", "two\u{a0}words\u{3000}here"),
        ] {
            assert_eq!(parse(one).unwrap().0, parse(other).unwrap().0);
            let login = LoginPassword::new(other);
            assert_eq!(login.as_bytes(), Some(parse(one).unwrap().as_bytes()));
        }
        assert_ne!(parse("Quite Long").unwrap().0, parse("quite long").unwrap().0);
        assert_ne!(parse(" quite long").unwrap().0, parse("quite long").unwrap().0);
    }

    #[test]
    fn what_no_keyboard_types_twice_the_same_is_refused() {
        for bad in [
            "tr4vk9wz\0",
            "tr4vk9wz\n",
            "tr4v\u{200b}k9wz",
            "tr4v\u{202e}k9wz",
            "\u{7f}".repeat(9).as_str(),
        ] {
            assert_eq!(refusal(bad), Some(Unfit::Characters), "{bad:?}");
        }
    }

    #[test]
    fn what_everybody_takes_is_refused() {
        for common in ["password", "Password1", "QWERTYUIOP", "iloveyou", "12345678"] {
            assert_eq!(refusal(common), Some(Unfit::Common), "{common}");
        }
    }

    #[test]
    fn ones_own_name_is_no_password_in_any_spelling() {
        for name in [
            "guybrush",
            "GUYBRUSH",
            "Guуbrush",
            "guybrush guybrush",
            "parlor-guybrush",
            "ParlorParlor",
        ] {
            assert_eq!(refusal(name), Some(Unfit::Name), "{name}");
        }
        assert_eq!(refusal("guybrush fights pirates"), None);
        assert!(Password::parse("guybrush", &Nick::parse("LeChuck").unwrap()).is_ok());
        assert_eq!(
            Password::parse("adaadaada", &Nick::parse("ada").unwrap()).err(),
            Some(Unfit::Name)
        );
    }

    #[test]
    fn a_refusal_has_a_sentence_that_does_not_repeat_the_password() {
        for raw in ["tr4vk9w", "password1", "guybrush", "tr4vk9wz\0", &"x".repeat(129)] {
            let refusal = Refusal::from(refusal(raw).unwrap());
            assert_eq!((refusal.code, refusal.field), (Code::PasswordUnfit, Some("password")));
            assert!(refusal.message.ends_with('.') && !refusal.message.contains(raw));
        }
    }

    #[test]
    fn neither_prints_itself() {
        let (one, two) = (parse("tr4vk9wz").unwrap(), LoginPassword::new("tr4vk9wz"));
        assert_eq!(format!("{one:?} {two:?}"), "Password(…) LoginPassword(…)");
    }

    #[test]
    fn a_login_may_use_what_would_not_be_allowed_and_the_unpreparable_is_nobodys() {
        for old in ["short", "password", "guybrush"] {
            assert_eq!(LoginPassword::new(old).as_bytes(), Some(old.as_bytes()));
        }
        for nobodys in ["", "a\0b", &"x".repeat(MAX_CHARS + 1), &"x".repeat(RAW_BYTES + 1)] {
            assert_eq!(LoginPassword::new(nobodys).as_bytes(), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_password_or_refused_and_then_logs_in(raw in "\\PC{0,160}") {
            if let Ok(password) = parse(&raw) {
                let login = LoginPassword::new(&raw);
                prop_assert_eq!(login.as_bytes(), Some(password.as_bytes()));
                let chars = password.0.chars().count();
                prop_assert!((MIN_CHARS..=MAX_CHARS).contains(&chars));
            }
        }
    }
}
