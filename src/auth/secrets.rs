//! Secrets that are handed out: logins, devices, invitations.
//!
//! Each is 256 random bits behind a prefix that tells what it opens, so that one is never taken for
//! another, and so that it is found where it should not be (in a log, in a repository).
//!
//! The server keeps the SHA-256 and looks that up. Nothing here needs to compare in constant time:
//! what a look-up's time could tell is a prefix of a hash, and nobody can make a secret whose hash
//! begins with given bits more cheaply than by trying, nor from a hash the secret.

use std::fmt;

use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::model::{TokenHash, secret};

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An account, as a login.
    Login,
    /// Nothing: it shows that a device was logged in with before.
    Device,
    /// A room, or registration.
    Invitation,
}

/// A secret on its way to its owner. Never printed; wiped when it is dropped.
pub struct Secret(Zeroizing<String>);

impl Kind {
    /// How long each of them is.
    pub const LENGTH: usize = 67;

    /// What it begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Login => "pl_",
            Self::Device => "pd_",
            Self::Invitation => "pi_",
        }
    }

    /// A new one.
    pub fn make(self, rng: &mut impl CryptoRng) -> Secret {
        Secret(Zeroizing::new(secret(self.prefix(), rng)))
    }

    /// By what one that somebody shows is looked up; `None` if it cannot be one of this kind.
    pub fn read(self, shown: &str) -> Option<TokenHash> {
        let digits = shown.strip_prefix(self.prefix())?;
        let ours = shown.len() == Self::LENGTH
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| TokenHash::of(shown))
    }
}

impl Secret {
    /// The text, to be shown to its owner, once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::Login, Kind::Device, Kind::Invitation];

    #[test]
    fn a_secret_is_found_by_its_hash_and_only_as_what_it_is() {
        for kind in KINDS {
            let secret = kind.make(&mut rand::rng());
            for other in KINDS {
                let found = other.read(secret.reveal());
                assert_eq!(found, (other == kind).then(|| secret.hash()));
            }
        }
    }

    #[test]
    fn what_is_no_secret_is_not_looked_up() {
        let long = format!("pl_{}", "0".repeat(65));
        let large = format!("pl_{}", "A".repeat(64));
        for bad in ["", "pl_", "pl_0", &long, &large, &long[3..]] {
            assert_eq!(Kind::Login.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn two_differ_and_neither_prints_itself() {
        let (one, two) = (Kind::Login.make(&mut rand::rng()), Kind::Login.make(&mut rand::rng()));
        assert_ne!(one.reveal(), two.reveal());
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_eq!(one.reveal().len(), Kind::LENGTH);
    }
}
