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

/// Where the hash of a key leaves its bits: computed once, compared with every sieve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// The upper 11 bits of the hash, so always below [`BLOCKS`].
    block: usize,
    bits: [u64; BLOCK_WORDS],
}

impl Spot {
    pub(super) fn of(key: i64) -> Self {
        let key = key.cast_unsigned();
        let mut bits = [0; BLOCK_WORDS];
        for turn in 0..BITS {
            let bit = key >> (9 * turn);
            bits[(bit >> 6 & 7) as usize] |= 1 << (bit & 63);
        }
        Self { block: (key >> 53) as usize, bits }
    }
}

/// The filter of one run; 128 KiB.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    words: Box<[[u64; BLOCK_WORDS]]>,
}

impl Sieve {
    pub(super) fn new() -> Self {
        Self { words: vec![[0; BLOCK_WORDS]; BLOCKS].into() }
    }

    /// Adds a key.
    pub(super) fn add(&mut self, spot: &Spot) {
        self.words[spot.block].iter_mut().zip(spot.bits).for_each(|(word, bits)| *word |= bits);
    }

    /// Whether the key may have been added; `false` is certain.
    pub(super) fn may_hold(&self, spot: &Spot) -> bool {
        let block = &self.words[spot.block];
        block.iter().zip(spot.bits).fold(0, |missing, (word, bits)| missing | (bits & !word)) == 0
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn what_was_added_passes_and_few_others_do() {
        let mut rng = rand::rng();
        let mut spot = || Spot::of(rng.next_u64().cast_signed());
        let keys: Vec<Spot> = (0..65_536).map(|_| spot()).collect();
        let mut sieve = Sieve::new();
        keys.iter().for_each(|key| sieve.add(key));
        let restored = Sieve::from_bytes(&sieve.to_bytes()).unwrap();
        assert!(keys.iter().all(|key| restored.may_hold(key)));
        let strangers = (0..100_000).filter(|_| restored.may_hold(&spot())).count();
        assert!(strangers < 500, "{strangers} of 100,000");
        assert!(Sieve::from_bytes(&[0; 100]).is_none());
    }
}
