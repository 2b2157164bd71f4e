//! What is measured, under the names in which `/metrics` shows it (`table`).

mod table;

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Label, Recorder, counter, gauge, histogram};

use crate::protocol::{Close, Code};

pub use table::{Cut, Kind, METRICS, Metric};

/// Close codes that are no row of [`Close`]: a page that goes, no code, no close frame.
const OTHER_CLOSES: [u16; 3] = [1001, 1005, 1006];

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
    /// Passing frames that were not delivered.
    pub passing_dropped: Counter,
    /// Pings that the answer to a later one stands for.
    pub pings_skipped: Counter,
    /// WebSockets opened.
    pub upgrades: Counter,
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
    refusals: Arc<[Counter]>,
    upgrades_refused: Arc<[Counter]>,
    closed: Arc<[(u16, Counter)]>,
    closed_otherwise: Counter,
    cuts: Arc<[Counter]>,
}

impl Meters {
    /// Registers everything with `recorder`.
    pub fn new(recorder: &dyn Recorder) -> Self {
        metrics::with_local_recorder(recorder, || {
            METRICS.iter().for_each(describe);
            let closes = Close::all().map(Close::code).chain(OTHER_CLOSES);
            let close = |code: &str| labelled("parlor_closed_total", "code", code.to_owned());
            Self {
                deliveries: counter!("parlor_deliveries_total"),
                commits: counter!("parlor_log_commits_total"),
                events: counter!("parlor_log_events_total"),
                commit_seconds: histogram!("parlor_log_commit_seconds"),
                slow_cut: counter!("parlor_slow_readers_cut_total"),
                silent_cut: counter!("parlor_silent_peers_cut_total"),
                passing_dropped: counter!("parlor_passing_frames_dropped_total"),
                pings_skipped: counter!("parlor_pings_skipped_total"),
                upgrades: counter!("parlor_upgrades_total"),
                connections: gauge!("parlor_connections"),
                sessions: gauge!("parlor_sessions"),
                rooms: gauge!("parlor_rooms"),
                pictures: gauge!("parlor_pictures"),
                picture_bytes: gauge!("parlor_picture_bytes"),
                backlog_bytes: gauge!("parlor_backlog_bytes"),
                refusals: by_code("parlor_refusals_total"),
                upgrades_refused: by_code("parlor_upgrades_refused_total"),
                closed: closes.map(|code| (code, close(&code.to_string()))).collect(),
                closed_otherwise: close("other"),
                cuts: Cut::ALL
                    .iter()
                    .map(|cut| {
                        let name = "parlor_http_connections_cut_total";
                        labelled(name, "cause", cut.name().to_owned())
                    })
                    .collect(),
            }
        })
    }

    /// Counts a refusal by its code.
    pub fn refused(&self, code: Code) {
        if let Some(counter) = self.refusals.get(code as usize) {
            counter.increment(1);
        }
    }

    /// Counts an upgrade that was refused; it is a refusal as well.
    pub fn upgrade_refused(&self, code: Code) {
        self.refused(code);
        if let Some(counter) = self.upgrades_refused.get(code as usize) {
            counter.increment(1);
        }
    }

    /// Counts a WebSocket that ended, by its close code; whatever is no code of ours counts together.
    pub fn closed(&self, code: u16) {
        let known = self.closed.iter().find(|(known, _)| *known == code);
        known.map_or(&self.closed_otherwise, |(_, counter)| counter).increment(1);
    }

    /// Counts a connection over HTTP that was cut.
    pub fn cut(&self, cut: Cut) {
        if let Some(counter) = self.cuts.get(cut as usize) {
            counter.increment(1);
        }
    }
}

fn describe(row: &Metric) {
    match row.kind {
        Kind::Counter => metrics::describe_counter!(row.name, row.what),
        Kind::Gauge => metrics::describe_gauge!(row.name, row.what),
        Kind::Histogram => metrics::describe_histogram!(row.name, row.what),
    }
}

fn labelled(name: &'static str, label: &'static str, value: String) -> Counter {
    counter!(name, vec![Label::new(label, value)])
}

fn by_code(name: &'static str) -> Arc<[Counter]> {
    Code::ALL.iter().map(|code| labelled(name, "code", code.name().to_owned())).collect()
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn codes_that_are_none_of_ours_count_together() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let meters = Meters::new(&recorder);
        for code in [1000, 1006, 4501, 3999, 1011, 4002] {
            meters.closed(code);
        }
        let text = recorder.handle().render();
        for (code, count) in [("1000", 1), ("1006", 1), ("4501", 1), ("4502", 0), ("other", 2)] {
            let line = format!(r#"parlor_closed_total{{code="{code}"}} {count}"#);
            assert!(text.contains(&line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn every_cause_and_code_finds_its_own_counter() {
        for (index, cut) in Cut::ALL.into_iter().enumerate() {
            assert_eq!(cut as usize, index);
        }
        for (index, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, index);
        }
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for row in METRICS {
            let name = row.name.strip_prefix("parlor_").expect("our own prefix");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), row.kind == Kind::Counter, "{name}");
            assert!(!row.what.ends_with('.'));
        }
    }
}
