//! Many counters of one kind, in bounded memory.
//!
//! When there is no place for a newcomer, the calmest goes. What it had tried is not lost: it raises
//! the *floor*, and everybody who is not in the ledger counts as strained as the floor. So
//!
//! - nobody gets rid of their own tries by crowding the ledger: what is counted is never less than
//!   what was tried;
//! - nobody is kept out by a crowd: the floor rises by one try when as many tries as the ledger has
//!   places were all let in, and calms down like everything else.

use std::collections::{BTreeSet, HashMap};

use super::rule::{Rule, Strain};

/// Whom a counter is for.
pub type Key = [u8; 32];

/// The counters of one kind.
#[derive(Debug)]
pub struct Ledger {
    rule: Rule,
    places: usize,
    strains: HashMap<Key, Strain>,
    /// The same, the calmest first.
    calmest: BTreeSet<(u64, Key)>,
    floor: Strain,
}

impl Ledger {
    /// An empty ledger with so many places.
    pub fn new(rule: Rule, places: usize) -> Self {
        let (strains, calmest) = (HashMap::new(), BTreeSet::new());
        Self { rule, places: places.max(1), strains, calmest, floor: Strain::default() }
    }

    /// How many milliseconds `key` has to wait; 0 for none.
    pub fn wait(&self, now: u64, key: &Key) -> u64 {
        let strain = self.strains.get(key).unwrap_or(&self.floor);
        strain.open_at.saturating_sub(now)
    }

    /// Counts a try of `key`.
    pub fn count(&mut self, now: u64, key: Key) {
        if self.rule.free == 0 {
            return;
        }
        let strain = self.take(&key).unwrap_or(self.floor);
        self.make_room(now);
        self.put(key, self.rule.after_try(strain, now));
    }

    /// Takes a counted try back. Somebody who is not here any more stays as strained as the floor.
    pub fn give_back(&mut self, now: u64, key: Key) {
        if let Some(strain) = self.take(&key) {
            self.put(key, self.rule.without_try(strain, now));
        }
    }

    /// Takes all tries back.
    pub fn forgive(&mut self, key: Key) {
        self.take(&key);
    }

    /// How many are counted now.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        assert_eq!(self.strains.len(), self.calmest.len());
        self.strains.len()
    }

    fn take(&mut self, key: &Key) -> Option<Strain> {
        let strain = self.strains.remove(key)?;
        self.calmest.remove(&(strain.calm_at, *key));
        Some(strain)
    }

    fn put(&mut self, key: Key, strain: Strain) {
        self.strains.insert(key, strain);
        self.calmest.insert((strain.calm_at, key));
    }

    /// Lets the calmest go until there is a place, and two of those that are calm in any case, so that
    /// a storm's memory is given back without a clock.
    fn make_room(&mut self, now: u64) {
        for turn in 0.. {
            let Some(&(calm_at, key)) = self.calmest.first() else { return };
            let full = self.strains.len() >= self.places;
            if !full && (calm_at > now || turn >= 2) {
                return;
            }
            let Some(gone) = self.take(&key) else { return };
            self.floor.calm_at = self.floor.calm_at.max(gone.calm_at);
            self.floor.open_at = self.floor.open_at.max(gone.open_at);
        }
    }
}
