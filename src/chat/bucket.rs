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

/// How fast a bucket fills and how much it holds. `per_hour` 0 switches the limit off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Tokens an hour.
    pub per_hour: u64,
    /// Tokens at most.
    pub burst: u64,
}

/// A token, in the units in which a bucket counts: at one an hour it gains one unit a millisecond.
const TOKEN: u64 = 3_600_000;

impl Pace {
    /// No limit.
    pub const OFF: Self = Self { per_hour: 0, burst: 0 };

    /// So many a second, and `burst` at once.
    pub const fn per_second(tokens: u64, burst: u64) -> Self {
        Self { per_hour: tokens.saturating_mul(3600), burst }
    }

    /// So many a minute, all of them at once if need be.
    pub const fn per_minute(tokens: u64) -> Self {
        Self::per_hour(tokens.saturating_mul(60), tokens)
    }

    /// So many an hour, and `burst` at once.
    pub const fn per_hour(tokens: u64, burst: u64) -> Self {
        Self { per_hour: tokens, burst }
    }

    fn most(self) -> u64 {
        self.burst.max(1).saturating_mul(TOKEN)
    }

    fn gained(self, since: u64, now: Moment) -> u64 {
        now.mono.saturating_sub(since).saturating_mul(self.per_hour)
    }
}

/// One bucket. Counts in fine units, so that no time is lost to rounding.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    units: u64,
    filled_at: u64,
}

impl Bucket {
    /// A full bucket.
    pub fn full(pace: Pace, now: Moment) -> Self {
        Self { units: pace.most(), filled_at: now.mono }
    }

    /// Whether the bucket would be full at `now`: it remembers nothing worth keeping.
    pub fn is_full(&self, pace: Pace, now: Moment) -> bool {
        self.units.saturating_add(pace.gained(self.filled_at, now)) >= pace.most()
    }

    /// Takes one token.
    ///
    /// # Errors
    /// The milliseconds until there is one.
    pub fn take(&mut self, pace: Pace, now: Moment) -> Result<(), u64> {
        if pace.per_hour == 0 {
            return Ok(());
        }
        self.units = self.units.saturating_add(pace.gained(self.filled_at, now)).min(pace.most());
        self.filled_at = now.mono;
        if self.units < TOKEN {
            return Err((TOKEN - self.units).div_ceil(pace.per_hour));
        }
        self.units -= TOKEN;
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

    const PACE: Pace = Pace::per_second(10, 3);

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
        let mut bucket = Bucket::full(Pace::OFF, at(0));
        assert!((0..1000).all(|_| bucket.take(Pace::OFF, at(0)).is_ok()));
    }

    #[test]
    fn a_slow_pace_counts_by_the_minute() {
        let pace = Pace::per_minute(2);
        let mut bucket = Bucket::full(pace, at(0));
        assert!(bucket.take(pace, at(0)).is_ok() && bucket.take(pace, at(0)).is_ok());
        assert_eq!(bucket.take(pace, at(0)), Err(30_000));
        assert_eq!(bucket.take(pace, at(30_000)), Ok(()));
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
            prop_assert!(passed <= PACE.burst + now * PACE.per_hour / 3_600_000);
        }
    }
}
