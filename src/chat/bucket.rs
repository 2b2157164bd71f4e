//! Token buckets: how much somebody may do at once and in the long run.

use crate::model::Timestamp;

/// A moment on both clocks: the wall's for what people read, a monotonic one for what expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since the server began; never goes back.
    pub mono: u64,
    /// The wall clock.
    pub wall: Timestamp,
}

impl Moment {
    /// This moment and `millis` later on the monotonic clock.
    pub fn due_in(self, millis: u64) -> u64 {
        self.mono.saturating_add(millis)
    }
}

/// How fast a bucket fills and how much it holds. `per_second` 0 switches the limit off.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Tokens a second.
    pub per_second: u64,
    /// Tokens at most.
    pub burst: u64,
}

/// One bucket. Holds thousandths of a token, so that no time is lost to rounding.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    thousandths: u64,
    filled_at: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(pace: Pace, now: Moment) -> Self {
        Self { thousandths: pace.burst.saturating_mul(1000), filled_at: now.mono }
    }

    /// Whether the bucket would be full at `now`: it remembers nothing worth keeping.
    pub fn is_full(&self, pace: Pace, now: Moment) -> bool {
        let gained = now.mono.saturating_sub(self.filled_at).saturating_mul(pace.per_second);
        self.thousandths.saturating_add(gained) >= pace.burst.max(1).saturating_mul(1000)
    }

    /// Takes one token.
    ///
    /// # Errors
    /// The milliseconds until there is one.
    pub fn take(&mut self, pace: Pace, now: Moment) -> Result<(), u64> {
        if pace.per_second == 0 {
            return Ok(());
        }
        let gained = now.mono.saturating_sub(self.filled_at).saturating_mul(pace.per_second);
        let most = pace.burst.max(1).saturating_mul(1000);
        self.thousandths = self.thousandths.saturating_add(gained).min(most);
        self.filled_at = now.mono;
        if self.thousandths < 1000 {
            return Err((1000 - self.thousandths).div_ceil(pace.per_second));
        }
        self.thousandths -= 1000;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(mono: u64) -> Moment {
        Moment { mono, wall: Timestamp(0) }
    }

    const PACE: Pace = Pace { per_second: 10, burst: 3 };

    #[test]
    fn a_burst_passes_and_then_the_pace_holds() {
        let mut bucket = Bucket::full(PACE, at(0));
        assert!((0..3).all(|_| bucket.take(PACE, at(0)).is_ok()));
        assert_eq!(bucket.take(PACE, at(0)), Err(100));
        assert_eq!(bucket.take(PACE, at(99)), Err(1));
        assert_eq!(bucket.take(PACE, at(100)), Ok(()));
    }

    #[test]
    fn zero_switches_the_limit_off() {
        let off = Pace { per_second: 0, burst: 0 };
        let mut bucket = Bucket::full(off, at(0));
        assert!((0..1000).all(|_| bucket.take(off, at(0)).is_ok()));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_pace(steps in prop::collection::vec(0u64..500, 1..200)) {
            let mut bucket = Bucket::full(PACE, at(0));
            let (mut now, mut passed) = (0, 0);
            for step in steps {
                now += step;
                passed += u64::from(bucket.take(PACE, at(now)).is_ok());
            }
            prop_assert!(passed <= PACE.burst + now * PACE.per_second / 1000);
        }
    }
}
