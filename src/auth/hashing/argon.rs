//! argon2id: a password becomes what is kept, and is checked against it.
//!
//! Pure but for the memory, which is handed in so that it is used again. Everything here takes tens of
//! milliseconds on purpose; the threads for it are in `crew`.

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use rand::Rng;
use zeroize::Zeroize;

use crate::model::PasswordHash;

/// Memory of one hash, in KiB (OWASP's first choice with two passes).
pub const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
pub const PASSES: u32 = 2;
/// What a stored hash may ask for at most: ours may grow, a forged one may not take the machine.
const MOST_KIB: u32 = 64 * 1024;
const MOST_PASSES: u32 = 16;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Room that is reserved and not touched, in blocks of 1 KiB. The allocator gives pieces above 32 MiB
/// back to the system as soon as they are free; smaller ones it keeps, for each thread.
const RESERVED: usize = 33 * 1024;

/// Why a password could not be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// There is no memory for it now.
    Memory,
    /// The stored hash cannot be read, or asks for too much.
    Unreadable,
}

/// What a password is to a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Another one's.
    Wrong,
    /// This one's.
    Right,
    /// This one's, with less work than is done today.
    Weak,
}

/// The memory of one thread, wiped before it is given back.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    fn blocks(&mut self, params: &Params) -> Result<&mut [Block], Failed> {
        let count = params.block_count();
        let missing = count.max(RESERVED).saturating_sub(self.0.len());
        self.0.try_reserve_exact(missing).map_err(|_| Failed::Memory)?;
        if self.0.len() < count {
            self.0.resize(count, Block::new());
        }
        Ok(&mut self.0[..count])
    }

    /// Wipes it and gives it back. From the first blocks a password could be guessed cheaply.
    pub fn forget(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
        self.0 = Vec::new();
    }
}

/// Today's parameters.
fn today() -> Params {
    Params::new(MEMORY_KIB, PASSES, 1, Some(HASH_BYTES)).unwrap_or(Params::DEFAULT)
}

/// What is kept of `password` from now on.
pub fn make(
    password: &[u8],
    rng: &mut impl Rng,
    memory: &mut Memory,
) -> Result<PasswordHash, Failed> {
    let mut salt = [0; SALT_BYTES];
    rng.fill_bytes(&mut salt);
    let mut hash = [0; HASH_BYTES];
    work(password, &salt, &today(), memory, &mut hash)?;
    written(&salt, &hash)
}

/// A hash that no password has: its output is random. Checking against it is the same work.
pub fn nobodys(rng: &mut impl Rng) -> Result<PasswordHash, Failed> {
    let (mut salt, mut hash) = ([0; SALT_BYTES], [0; HASH_BYTES]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut hash);
    written(&salt, &hash)
}

/// Whether `password` is the one that `stored` was made of.
pub fn check(password: &[u8], stored: &PasswordHash, memory: &mut Memory) -> Result<Match, Failed> {
    let (params, salt, expected) = read(stored).ok_or(Failed::Unreadable)?;
    let mut hash = [0; HASH_BYTES];
    work(password, &salt, &params, memory, &mut hash)?;
    let found = Output::new(&hash).map_err(|_| Failed::Unreadable)?;
    // `Output` compares in constant time.
    let weak = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
    Ok(match found == expected {
        false => Match::Wrong,
        true if weak => Match::Weak,
        true => Match::Right,
    })
}

fn work(
    password: &[u8],
    salt: &[u8],
    params: &Params,
    memory: &mut Memory,
    hash: &mut [u8],
) -> Result<(), Failed> {
    let blocks = memory.blocks(params)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon
        .hash_password_into_with_memory(password, salt, hash, blocks)
        .map_err(|_| Failed::Unreadable)
}

fn written(salt: &[u8], hash: &[u8]) -> Result<PasswordHash, Failed> {
    let phc = || {
        let phc = phc::PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&today()).ok()?,
            salt: Some(Salt::new(salt).ok()?),
            hash: Some(Output::new(hash).ok()?),
        };
        PasswordHash::parse(&phc.to_string())
    };
    phc().ok_or(Failed::Unreadable)
}

fn read(stored: &PasswordHash) -> Option<(Params, Salt, Output)> {
    let phc = phc::PasswordHash::new(stored.as_str()).ok()?;
    let params = Params::try_from(&phc).ok()?;
    let ours = phc.algorithm == ARGON2ID_IDENT
        && phc.version == Some(Version::V0x13.into())
        && params.m_cost() <= MOST_KIB
        && params.t_cost() <= MOST_PASSES
        && params.output_len() == Some(HASH_BYTES);
    ours.then_some((params, phc.salt?, phc.hash?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the reference implementation: `echo -n "one is enough" |
    /// argon2 0123456789abcdef -id -v 13 -k 19456 -t 2 -p 1`.
    const REFERENCE: &str = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pFhIDOGYmgQjK5q2jYd/j5qmA8TSDLr5R44tl7yWk+Q";
    /// The same with `-k 4096 -t 1`.
    const WEAK: &str = "$argon2id$v=19$m=4096,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yIB8Z3v0kybNf6sjD7tnlabhPFT816sIPSs2nd+E+I0";

    fn stored(text: &str) -> PasswordHash {
        PasswordHash::parse(text).unwrap()
    }

    fn checked(password: &str, text: &str) -> Result<Match, Failed> {
        check(password.as_bytes(), &stored(text), &mut Memory::default())
    }

    #[test]
    fn what_is_kept_is_salted_and_says_how_it_was_made() {
        let mut memory = Memory::default();
        let mut made = || make(b"one is enough", &mut rand::rng(), &mut memory).unwrap();
        let (one, two) = (made(), made());
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert_eq!(one.as_str().len(), 97);
        assert_ne!(one.as_str(), two.as_str());
        for hash in [&one, &two] {
            assert_eq!(check(b"one is enough", hash, &mut memory), Ok(Match::Right));
            assert_eq!(check(b"two is enough", hash, &mut memory), Ok(Match::Wrong));
        }
    }

    #[test]
    fn hashes_of_the_reference_implementation_are_understood() {
        assert_eq!(checked("one is enough", REFERENCE), Ok(Match::Right));
        assert_eq!(checked("One is enough", REFERENCE), Ok(Match::Wrong));
    }

    #[test]
    fn a_hash_of_less_work_is_right_and_weak() {
        assert_eq!(checked("one is enough", WEAK), Ok(Match::Weak));
        assert_eq!(checked("two is enough", WEAK), Ok(Match::Wrong));
    }

    #[test]
    fn nobodys_hash_asks_for_the_same_work_and_has_no_password() {
        let nobodys = nobodys(&mut rand::rng()).unwrap();
        assert!(nobodys.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(nobodys.as_str().len(), 97);
        for password in ["", "password"] {
            assert_eq!(checked(password, nobodys.as_str()), Ok(Match::Wrong));
        }
    }

    #[test]
    fn a_forged_hash_takes_neither_the_machine_nor_the_thread() {
        for forged in [
            REFERENCE.replace("m=19456", "m=4000000"),
            REFERENCE.replace("t=2", "t=4000000"),
            REFERENCE.replace("v=19", "v=16"),
            REFERENCE[..60].to_owned(),
            "$argon2id$".to_owned(),
            format!("{REFERENCE}AAAA"),
        ] {
            assert_eq!(checked("one is enough", &forged), Err(Failed::Unreadable), "{forged}");
        }
    }

    #[test]
    fn memory_is_wiped_before_it_is_given_back() {
        let mut memory = Memory::default();
        make(b"one is enough", &mut rand::rng(), &mut memory).unwrap();
        assert_eq!(memory.0.len(), MEMORY_KIB as usize);
        assert!(memory.0[0].as_ref().iter().any(|word| *word != 0));
        memory.forget();
        assert_eq!(memory.0.capacity(), 0);
    }
}
