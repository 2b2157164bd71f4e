//! What is kept of an idempotency key: three numbers of 64 bits instead of texts and names.
//!
//! They are parts of SHA-256, so nobody can choose a key that meets another person's. That two keys
//! meet by chance, among ten million of one day, has a probability of 10^-12.
//!
//! Invariant: the numbers are on disk; how they are made never changes.

use sha2::{Digest, Sha256};

use crate::model::{ClientId, Epoch, UserId};

/// An idempotency key as it is looked up. A room is known by its epoch, so the keys of a room that
/// was dropped mean nothing to a later one with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Fingerprint {
    /// Room and client id, whoever sent it.
    pub(super) key: i64,
    /// The same, from this user.
    pub(super) by_user: i64,
    /// The same, under this name.
    pub(super) by_name: i64,
}

impl Fingerprint {
    pub(in crate::store) fn of(
        epoch: &Epoch,
        client_id: &ClientId,
        user: UserId,
        name_key: &str,
    ) -> Self {
        // Neither an epoch nor a client id has a zero character.
        let key: [u8; 32] = hash([epoch.0.as_bytes(), &[0], client_id.as_str().as_bytes()]);
        Self {
            key: number(&key),
            by_user: number(&hash([&key, b"user", &user.0.to_be_bytes()])),
            by_name: number(&hash([&key, b"name", name_key.as_bytes()])),
        }
    }
}

fn hash(parts: [&[u8]; 3]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// The first eight bytes, as SQLite's kind of integer.
fn number(hash: &[u8; 32]) -> i64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_on_disk_and_stays_what_it_is() {
        let epoch = Epoch("abcdefghijkm".into());
        let client_id = ClientId::new("one").unwrap();
        let print = Fingerprint::of(&epoch, &client_id, UserId(7), "ada");
        let numbers = [-1773174350244575616, -6278172327520856866, 4212258465342867365];
        assert_eq!([print.key, print.by_user, print.by_name], numbers);
    }
}
