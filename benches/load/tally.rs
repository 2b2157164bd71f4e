//! What all connections together have received, and what was wrong with it.
//!
//! Invariant: a fault is never lost: the first is kept word by word, the others
//! are counted, and a scenario with a fault gives no figures.

use crate::Outcome;
use crate::delivery::Fields;
use crate::latency::Latency;

/// Counters of the whole load; they only grow.
pub struct Tally {
    /// Messages, each counted once a connection that got it.
    pub deliveries: u64,
    /// Their bytes, frame headers included.
    pub delivery_bytes: u64,
    /// `sent` replies.
    pub acks: u64,
    /// Connections that are in their room.
    pub joined: usize,
    /// Text frames of any kind; heartbeats are not among them.
    pub heard: u64,
    pub latency: Latency,
    pub fields: Fields,
    /// Nanoseconds since the load began, as of the last read.
    pub now: u64,
    faults: u64,
    first_fault: String,
}

impl Tally {
    pub fn new() -> Self {
        Self {
            deliveries: 0,
            delivery_bytes: 0,
            acks: 0,
            joined: 0,
            heard: 0,
            latency: Latency::new(),
            fields: Fields::default(),
            now: 0,
            faults: 0,
            first_fault: String::new(),
        }
    }

    /// Notes something that must not happen.
    #[cold]
    pub fn fault(&mut self, what: impl FnOnce() -> String) {
        if self.faults == 0 {
            self.first_fault = what();
        }
        self.faults += 1;
    }

    /// An error with the first fault, if there was one.
    pub fn check(&self) -> Outcome<()> {
        match self.faults {
            0 => Ok(()),
            1 => Err(self.first_fault.clone().into()),
            more => Err(format!("{} (and {} more)", self.first_fault, more - 1).into()),
        }
    }
}
