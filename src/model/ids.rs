//! Ids and secrets: what they look like, how they are made, and how a secret is kept.
//!
//! A secret (a resume token) exists in the clear only on its way to its owner; the server keeps
//! its SHA-256. 256 random bits need no salt and no slow hash.

use std::fmt;

use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who somebody is across reconnects: random for a guest, the account's number later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl UserId {
    /// A new random guest identity; positive, so that it reads well in a database.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self((rng.next_u64() >> 1) as i64)
    }
}

/// A resumable session: what `welcome.session` names. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub i64);

impl SessionId {
    /// A new random session id.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self((rng.next_u64() >> 1) as i64)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s-{:016x}", self.0)
    }
}

/// A login: what one device was given for a password. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginId(pub i64);

impl LoginId {
    /// A new random login id.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self((rng.next_u64() >> 1) as i64)
    }

    /// Reads an id as it is written; `None` for any other spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("l-").filter(|digits| digits.len() == 16)?;
        let id = Self(i64::from_str_radix(digits, 16).ok()?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "l-{:016x}", self.0)
    }
}

/// The life of one room's log: 12 letters and digits, new whenever a log begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub String);

impl Epoch {
    /// A new random epoch (60 bits).
    pub fn random(rng: &mut impl Rng) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bits = rng.next_u64();
        let mut text = String::with_capacity(12);
        for _ in 0..12 {
            text.push(char::from(ALPHABET[(bits & 31) as usize]));
            bits >>= 5;
        }
        Self(text)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One connection: which worker's relay holds its outbox, and where.
///
/// `serial` never repeats within a worker, so a late message for a closed connection finds
/// nobody instead of its successor in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId {
    /// Index of the worker, in order of their start.
    pub worker: u32,
    /// Place in the worker's table.
    pub slot: u32,
    /// Number of the connection within the worker.
    pub serial: u64,
}

/// The SHA-256 of a secret token: what the server keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of `token` as it is looked up and stored.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// A new resume token.
pub fn token(rng: &mut impl Rng) -> String {
    secret("pr_", rng)
}

/// A new secret of 256 random bits, as 64 hexadecimal digits behind a telling prefix.
pub fn secret(prefix: &'static str, rng: &mut impl Rng) -> String {
    let mut bytes = [0u8; 32];
    rng.fill_bytes(&mut bytes);
    // Room for all of it: a text that grows leaves copies of its beginning behind.
    let mut text = String::with_capacity(prefix.len() + 2 * bytes.len());
    text.push_str(prefix);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_hash_to_what_is_looked_up() {
        let mut rng = rand::rng();
        let (one, two) = (token(&mut rng), token(&mut rng));
        assert_ne!(one, two);
        assert_eq!(one.len(), 67);
        assert!(one.starts_with("pr_"));
        assert!(one[3..].bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        assert_eq!(TokenHash::of(&one), TokenHash::of(&one));
        assert_ne!(TokenHash::of(&one), TokenHash::of(&two));
    }

    #[test]
    fn a_login_has_one_spelling() {
        let id = LoginId::random(&mut rand::rng());
        assert_eq!(LoginId::parse(&id.to_string()), Some(id));
        for text in
            ["", "l-", "l-1", "l-+000000000000001", "l-000000000000000A", "l--00000000000001"]
        {
            assert_eq!(LoginId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_hash_does_not_print_itself() {
        assert!(format!("{:?}", TokenHash::of("x")).len() < 24);
    }

    #[test]
    fn epochs_are_twelve_readable_characters() {
        let epoch = Epoch::random(&mut rand::rng());
        assert_eq!(epoch.0.len(), 12);
        assert!(epoch.0.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
