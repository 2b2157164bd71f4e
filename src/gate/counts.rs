//! What is measured at the gate, under the names in which `/metrics` shows it.

use metrics::{Counter, Recorder, counter};

/// The counters; handles are made once.
#[derive(Clone)]
pub struct Counts {
    /// Handshakes of TLS that came to a good end.
    pub handshakes: Counter,
    /// And those that did not: broken off, too slow, or no TLS at all.
    pub failed_handshakes: Counter,
}

impl Counts {
    /// Registers everything with `recorder`.
    pub fn new(recorder: &dyn Recorder) -> Self {
        metrics::with_local_recorder(recorder, || Self {
            handshakes: counter!("parlor_tls_handshakes_total"),
            failed_handshakes: counter!("parlor_tls_handshakes_failed_total"),
        })
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counts")
    }
}
