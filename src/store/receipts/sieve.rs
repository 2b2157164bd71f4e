//! A Bloom filter for one run of keys: says of most keys, without reading the disk, that they are
//! not in it.
//!
//! Blocked: the bits of a key lie in one cache line. With 65,536 keys about
//! two of a thousand strangers pass.

/// 2^11 blocks of 2^9 bits: 16 bits for each key of a full run.
const BLOCKS: usize = 1 << 11;
const BLOCK_WORDS: usize = 8;
/// How many bits a key sets.
const BITS: u32 = 6;

/// The filter of one run; 128 KiB.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    words: Box<[[u64; BLOCK_WORDS]]>,
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self { words: vec![[0; BLOCK_WORDS]; BLOCKS].into() }
    }

    /// Adds the hash of a key.
    pub(super) fn add(&mut self, key: u64) {
        let (block, bits) = place(key);
        for (word, set) in self.words[block].iter_mut().zip(bits) {
            *word |= set;
        }
    }

    /// Whether the hash may have been added; `false` is certain.
    pub(super) fn may_hold(&self, key: u64) -> bool {
        let (block, bits) = place(key);
        self.words[block].iter().zip(bits).all(|(word, set)| word & set == set)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The filter that gave `bytes`; `None` if none did.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let (blocks, odd) = words.as_chunks::<BLOCK_WORDS>();
        if !rest.is_empty() || !odd.is_empty() || blocks.len() != BLOCKS {
            return None;
        }
        Some(Self { words: blocks.iter().map(|block| block.map(u64::from_le_bytes)).collect() })
    }
}

/// The block of a key (its upper 11 bits, so always below [`BLOCKS`]) and its bits in there.
fn place(key: u64) -> (usize, [u64; BLOCK_WORDS]) {
    let mut bits = [0; BLOCK_WORDS];
    for turn in 0..BITS {
        let bit = key >> (9 * turn);
        bits[(bit >> 6 & 7) as usize] |= 1 << (bit & 63);
    }
    ((key >> 53) as usize, bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn what_was_added_passes_and_few_others_do() {
        let mut rng = rand::rng();
        let keys: Vec<u64> = (0..65_536).map(|_| rng.next_u64()).collect();
        let mut sieve = Sieve::new();
        keys.iter().for_each(|key| sieve.add(*key));
        let restored = Sieve::from_bytes(&sieve.to_bytes()).unwrap();
        assert!(keys.iter().all(|key| restored.may_hold(*key)));
        let strangers = (0..100_000).filter(|_| restored.may_hold(rng.next_u64())).count();
        assert!(strangers < 500, "{strangers} of 100,000");
        assert!(Sieve::from_bytes(&[0; 100]).is_none());
    }
}
