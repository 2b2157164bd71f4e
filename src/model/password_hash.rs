//! What is kept of a password.

use std::fmt;

/// A salted hash of a password, as a PHC string (`$argon2id$v=19$…`). Never printed. Equal
/// hashes are one stored hash; a password is checked in `auth`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// The longest, in bytes; ours have 97.
    pub const MAX_BYTES: usize = 256;

    /// A hash as it was stored; `None` where it cannot be one of argon2id.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= Self::MAX_BYTES && text.bytes().all(|b| b.is_ascii_graphic());
        (fits && text.starts_with("$argon2id$")).then(|| Self(text.into()))
    }

    /// The hash as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_does_not_print_itself() {
        let hash = PasswordHash::parse("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA").unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
        assert!(hash.as_str().contains("aGFzaA"));
    }

    #[test]
    fn what_is_no_hash_of_argon2id_is_refused() {
        let long = format!("$argon2id${}", "x".repeat(PasswordHash::MAX_BYTES));
        for bad in ["", "password", "$2b$12$x", "$argon2i$v=19$", "$argon2id$ x", &long] {
            assert!(PasswordHash::parse(bad).is_none(), "{bad}");
        }
    }
}
