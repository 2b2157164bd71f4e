//! What is measured, under the names in which `/metrics` shows it.

use metrics::{Counter, Gauge, Histogram, Label, Recorder, counter, gauge, histogram};

use crate::protocol::Code;

/// The counters and gauges of the chat. Handles are made once; counting allocates nothing.
#[derive(Clone)]
pub struct Meters {
    /// Frames given to connections: one per frame and recipient.
    pub deliveries: Counter,
    /// Transactions of the log.
    pub commits: Counter,
    /// Events kept.
    pub events: Counter,
    /// From handing a batch to the store until it is kept, in seconds.
    pub commit_seconds: Histogram,
    /// Connections cut because too much waited for them.
    pub slow_cut: Counter,
    /// Connections cut because nothing was heard of them.
    pub silent_cut: Counter,
    /// Open sockets and event streams.
    pub connections: Gauge,
    /// Sessions, also those whose place is held.
    pub sessions: Gauge,
    /// Rooms.
    pub rooms: Gauge,
    /// Pictures, also those on their way in or out.
    pub pictures: Gauge,
    /// What they take on disk.
    pub picture_bytes: Gauge,
    /// Bytes that wait in outboxes.
    pub backlog_bytes: Gauge,
    refusals: std::sync::Arc<[Counter]>,
}

impl Meters {
    /// Registers everything with `recorder`.
    pub fn new(recorder: &dyn Recorder) -> Self {
        metrics::with_local_recorder(recorder, || {
            let refusals = Code::ALL.iter().map(|code| {
                let labels = vec![Label::new("code", code.name())];
                counter!("parlor_refusals_total", labels)
            });
            Self {
                deliveries: counter!("parlor_deliveries_total"),
                commits: counter!("parlor_log_commits_total"),
                events: counter!("parlor_log_events_total"),
                commit_seconds: histogram!("parlor_log_commit_seconds"),
                slow_cut: counter!("parlor_slow_readers_cut_total"),
                silent_cut: counter!("parlor_silent_peers_cut_total"),
                connections: gauge!("parlor_connections"),
                sessions: gauge!("parlor_sessions"),
                rooms: gauge!("parlor_rooms"),
                pictures: gauge!("parlor_pictures"),
                picture_bytes: gauge!("parlor_picture_bytes"),
                backlog_bytes: gauge!("parlor_backlog_bytes"),
                refusals: refusals.collect(),
            }
        })
    }

    /// Counts a refusal by its code.
    pub fn refused(&self, code: Code) {
        if let Some(counter) = self.refusals.get(code as usize) {
            counter.increment(1);
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}
