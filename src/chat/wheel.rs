//! A timer wheel: one clock hand for all connections of a worker, each due once in a while.

/// How many slots one round has.
const SLOTS: usize = 512;

/// Keys that are due at some tick. Adding is O(1); a tick costs what is due in it.
#[derive(Debug)]
pub struct Wheel<K> {
    slots: Vec<Vec<(u64, K)>>,
    tick_ms: u64,
    hand: u64,
}

impl<K> Wheel<K> {
    /// A wheel whose hand moves every `tick_ms` from `now` (monotonic milliseconds) on.
    pub fn new(tick_ms: u64, now: u64) -> Self {
        let slots = std::iter::repeat_with(Vec::new).take(SLOTS).collect();
        Self { slots, tick_ms: tick_ms.max(1), hand: now / tick_ms.max(1) }
    }

    /// Makes `key` due at `due`, or at the next tick if that is past.
    pub fn set(&mut self, due: u64, key: K) {
        let tick = (due / self.tick_ms).max(self.hand + 1);
        self.slots[(tick % SLOTS as u64) as usize].push((tick, key));
    }

    /// Moves the hand to `now` and takes what has become due.
    pub fn due(&mut self, now: u64) -> Vec<K> {
        let target = now / self.tick_ms;
        let mut due = Vec::new();
        // A clock that jumped far ahead makes everything due: one round is enough.
        let rounds = (target.saturating_sub(self.hand)).min(SLOTS as u64);
        self.hand = target.max(self.hand);
        for back in (0..rounds).rev() {
            let slot = &mut self.slots[((self.hand - back) % SLOTS as u64) as usize];
            let mut later = Vec::new();
            for (tick, key) in slot.drain(..) {
                if tick <= self.hand { due.push(key) } else { later.push((tick, key)) }
            }
            *slot = later;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_due_comes_once_and_not_before() {
        let mut wheel = Wheel::new(100, 0);
        wheel.set(250, 'a');
        wheel.set(60_000, 'b');
        assert!(wheel.due(199).is_empty());
        assert_eq!(wheel.due(250), ['a']);
        assert!(wheel.due(59_900).is_empty());
        assert_eq!(wheel.due(60_000), ['b']);
    }

    proptest! {
        #[test]
        fn every_key_comes_exactly_once(dues in prop::collection::vec(0u64..200_000, 1..50)) {
            let mut wheel = Wheel::new(100, 0);
            for (key, due) in dues.iter().enumerate() {
                wheel.set(*due, key);
            }
            let mut seen = Vec::new();
            for now in (0..=2010).map(|n| n * 100) {
                for key in wheel.due(now) {
                    // Early by less than one tick, never later than the next.
                    prop_assert!(dues[key] < now + 100 && (now < 200 || dues[key] >= now - 100));
                    seen.push(key);
                }
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..dues.len()).collect::<Vec<_>>());
        }
    }
}
