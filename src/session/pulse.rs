//! The heartbeat of one connection: when to ask for a sign of life, and when to give up.

use crate::chat::Heart;

/// How life is checked, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    /// Between two pings.
    pub interval_ms: u64,
    /// Silence that means gone.
    pub timeout_ms: u64,
    /// How precisely a worker keeps time; giving up is never later than the timeout.
    pub tick_ms: u64,
}

impl Pulse {
    /// The pulse of these settings.
    pub fn new(interval_ms: u64, timeout_ms: u64) -> Self {
        Self { interval_ms, timeout_ms, tick_ms: (interval_ms / 20).clamp(5, 100) }
    }

    /// Looks at `now`: last heard at `heard`, next ping at `ping_at`. Says whether to ping.
    pub fn look(&self, now: u64, heard: u64, ping_at: &mut u64) -> (Heart, bool) {
        let gone_at = heard + self.timeout_ms;
        if now + self.tick_ms >= gone_at {
            return (Heart::Stopped, false);
        }
        let ping = now >= *ping_at;
        if ping {
            *ping_at = now + self.interval_ms;
        }
        let next = (*ping_at).min(gone_at - self.tick_ms);
        (Heart::Beats(next), ping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_pinged_and_given_up_in_time() {
        let pulse = Pulse::new(20_000, 50_000);
        let (mut ping_at, mut now, mut pings) = (7_000, 0, 0);
        let given_up_at = loop {
            match pulse.look(now, 0, &mut ping_at) {
                (Heart::Stopped, _) => break now,
                (Heart::Beats(next), ping) => {
                    pings += u64::from(ping);
                    now = next;
                }
            }
        };
        assert!((49_800..=50_000).contains(&given_up_at), "{given_up_at}");
        assert_eq!(pings, 3);
    }

    #[test]
    fn any_sign_counts() {
        let pulse = Pulse::new(200, 500);
        let mut ping_at = 100;
        assert!(matches!(pulse.look(499, 300, &mut ping_at), (Heart::Beats(_), true)));
    }
}
