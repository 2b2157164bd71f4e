//! Bad frames of one connection: some are answered, too many close it.

use std::collections::VecDeque;

/// So many bad frames…
const MOST: usize = 20;
/// …within so many milliseconds close a connection.
const WITHIN_MS: u64 = 10_000;

/// When the last bad frames came. Takes memory only once there is one.
#[derive(Debug, Default)]
pub struct Trouble(VecDeque<u64>);

impl Trouble {
    /// Counts one at `now`; says whether it is too many.
    pub fn count(&mut self, now: u64) -> bool {
        while self.0.front().is_some_and(|at| at + WITHIN_MS <= now) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() >= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_within_ten_seconds_are_too_many_and_twenty_in_eleven_are_not() {
        let mut trouble = Trouble::default();
        assert!((0..19).all(|n| !trouble.count(n)));
        assert!(trouble.count(9_999));
        let mut slow = Trouble::default();
        assert!((0..60).all(|n| !slow.count(n * 550)));
    }
}
