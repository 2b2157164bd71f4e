//! How one counter fills, makes wait, and calms down again.

/// How often something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// So many tries at once cost no wait; 0 switches the rule off.
    pub free: u32,
    /// One try is forgotten in so many milliseconds.
    pub decay_ms: u64,
    /// The wait after the last free try, in milliseconds; each further one doubles it.
    pub first_wait_ms: u64,
    /// The longest wait, in milliseconds. Where it is shorter than `decay_ms`, it alone is the pace in the
    /// long run.
    pub longest_wait_ms: u64,
}

/// How strained somebody is. Two moments are all of it, so that it needs no clock to calm down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strain {
    /// When all tries will be forgotten.
    pub calm_at: u64,
    /// When the next try is let in.
    pub open_at: u64,
}

impl Rule {
    /// The strain after one more try at `now`.
    pub fn after_try(&self, strain: Strain, now: u64) -> Strain {
        let decay = self.decay_ms.max(1);
        // What is beyond the longest wait would only make it last longer.
        let most = now.saturating_add(decay.saturating_mul(self.most()));
        let calm_at = strain.calm_at.max(now).saturating_add(decay).min(most);
        let tries = (calm_at - now).div_ceil(decay);
        Strain { calm_at, open_at: now.saturating_add(self.wait_after(tries)) }
    }

    /// The strain as if one of its tries had not been.
    pub fn without_try(&self, strain: Strain, now: u64) -> Strain {
        Strain {
            calm_at: strain.calm_at.saturating_sub(self.decay_ms.max(1)),
            open_at: strain.open_at.min(now),
        }
    }

    fn wait_after(&self, tries: u64) -> u64 {
        let Some(doublings) = tries.checked_sub(u64::from(self.free)) else { return 0 };
        let doublings = u32::try_from(doublings).unwrap_or(u32::MAX);
        let factor = 1u64.checked_shl(doublings).unwrap_or(u64::MAX);
        self.first_wait_ms.saturating_mul(factor).min(self.longest_wait_ms)
    }

    /// So many tries are remembered.
    fn most(&self) -> u64 {
        let free = u64::from(self.free);
        let longest = |doublings| self.wait_after(free + doublings) >= self.longest_wait_ms;
        free + (0..64).find(|doublings| longest(*doublings)).unwrap_or(64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule =
        Rule { free: 3, decay_ms: 60_000, first_wait_ms: 1_000, longest_wait_ms: 20_000 };

    /// The waits of somebody who tries as soon as they may.
    fn waits(tries: usize) -> Vec<u64> {
        let (mut strain, mut now) = (Strain::default(), 0);
        let wait = |_| {
            now = strain.open_at;
            strain = RULE.after_try(strain, now);
            strain.open_at - now
        };
        (0..tries).map(wait).collect()
    }

    #[test]
    fn waits_double_after_the_free_tries_up_to_the_longest() {
        assert_eq!(waits(9), [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
    }

    #[test]
    fn tries_are_forgotten_one_after_the_other() {
        let mut strain = Strain::default();
        for _ in 0..3 {
            strain = RULE.after_try(strain, 0);
        }
        assert_eq!(strain, Strain { calm_at: 180_000, open_at: 1_000 });
        assert_eq!(RULE.after_try(strain, 120_000), Strain { calm_at: 240_000, open_at: 120_000 });
        assert_eq!(RULE.after_try(strain, 500_000).calm_at, 560_000);
    }

    #[test]
    fn a_long_attack_is_forgotten_as_soon_as_a_short_one() {
        let mut strain = Strain::default();
        for _ in 0..1_000 {
            strain = RULE.after_try(strain, strain.open_at);
        }
        assert!(strain.calm_at - strain.open_at <= 8 * RULE.decay_ms);
    }

    #[test]
    fn a_try_that_is_given_back_was_none() {
        let mut strain = Strain::default();
        for _ in 0..100 {
            strain = RULE.without_try(RULE.after_try(strain, 7), 7);
            assert_eq!(strain.open_at, 7);
        }
        assert_eq!(RULE.after_try(strain, 7).open_at, 7);
    }

    #[test]
    fn extreme_numbers_neither_overflow_nor_open() {
        let rule = Rule {
            free: u32::MAX,
            decay_ms: u64::MAX,
            first_wait_ms: u64::MAX,
            longest_wait_ms: u64::MAX,
        };
        let strain = rule.after_try(Strain { calm_at: u64::MAX, open_at: 0 }, u64::MAX);
        assert_eq!(strain.calm_at, u64::MAX);
        let none = Rule { free: 1, decay_ms: 0, first_wait_ms: 0, longest_wait_ms: 0 };
        assert_eq!(none.after_try(Strain::default(), 5), Strain { calm_at: 6, open_at: 5 });
    }
}
