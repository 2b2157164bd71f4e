//! Pings and pongs of one connection: which of them are answered, and how many are too many.
//!
//! RFC 6455 lets one pong stand for all pings that came before it (section 5.5.3). Who pings now and
//! then gets a pong for each; who pings all the time gets one a turn; who does nothing else is closed.

/// So many at once are answered one by one.
const EACH: u64 = 100;
/// So many at once are too many.
const MOST: u64 = 1_000;
/// So many a second are forgotten.
const PER_SECOND: u64 = 100;

/// What is to be done about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// Each is answered.
    Each,
    /// The answer to the latest stands for the others.
    Latest,
    /// The connection is closed.
    TooMuch,
}

/// How many came lately: a bucket that runs out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals {
    /// Thousandths of a signal.
    level: u64,
    seen_at: u64,
}

impl Signals {
    /// Counts one at `now`, in milliseconds.
    pub fn count(&mut self, now: u64) -> Attention {
        let forgotten = now.saturating_sub(self.seen_at).saturating_mul(PER_SECOND);
        self.level = self.level.saturating_sub(forgotten) + 1000;
        self.seen_at = now;
        let lately = self.level.div_ceil(1000);
        if lately <= EACH {
            Attention::Each
        } else if lately <= MOST {
            Attention::Latest
        } else {
            Attention::TooMuch
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_at_once_are_answered_and_a_thousand_heard() {
        let mut signals = Signals::default();
        assert!((0..100).all(|_| signals.count(5) == Attention::Each));
        assert!((100..1000).all(|_| signals.count(5) == Attention::Latest));
        assert_eq!(signals.count(5), Attention::TooMuch);
    }

    #[test]
    fn a_hundred_a_second_are_never_too_many() {
        let mut signals = Signals::default();
        assert!((0..10_000).all(|n| signals.count(n * 10) == Attention::Each));
        let mut faster = Signals::default();
        assert!((0..10_000).any(|n| faster.count(n * 5) == Attention::TooMuch));
    }

    #[test]
    fn who_is_quiet_for_a_while_is_forgiven() {
        let mut signals = Signals::default();
        assert!((0..900).all(|_| signals.count(0) != Attention::TooMuch));
        assert_eq!(signals.count(10_000), Attention::Each);
    }
}
