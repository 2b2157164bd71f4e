//! How long deliveries took, from the intended time of sending.
//!
//! Invariant: nothing is recorded outside the measurement.

use hdrhistogram::Histogram;

/// Three digits of precision; what is longer counts as this long.
const LONGEST_NANOS: u64 = 60_000_000_000;

/// Records one delivery in `every`, spread over all connections.
pub struct Latency {
    nanos: Histogram<u64>,
    every: u64,
    recording: bool,
}

impl Latency {
    pub fn new() -> Self {
        let nanos = Histogram::new_with_max(LONGEST_NANOS, 3)
            .expect("three digits up to a minute are a valid histogram");
        Self { nanos, every: 1, recording: false }
    }

    /// Forgets what was, and records one delivery in `every` from now on.
    pub fn start(&mut self, every: u64) {
        self.nanos.reset();
        self.every = every.max(1);
        self.recording = true;
    }

    pub fn stop(&mut self) {
        self.recording = false;
    }

    /// Whether the delivery of `seq` on connection `index` is one to record.
    #[inline]
    pub fn wants(&self, index: usize, seq: u64) -> bool {
        self.recording && (seq + index as u64).is_multiple_of(self.every)
    }

    #[inline]
    pub fn record(&mut self, sent_nanos: u64, now_nanos: u64) {
        self.nanos.saturating_record(now_nanos.saturating_sub(sent_nanos));
    }

    /// Milliseconds that `share` (0 to 1) of the deliveries did not exceed.
    pub fn millis(&self, share: f64) -> f64 {
        self.nanos.value_at_quantile(share) as f64 / 1e6
    }
}
