//! The table of metrics: a row each, and `/metrics`, its words and `docs/architecture.md` follow it.
//!
//! A label has a fixed set of values, all of which are there from the start: codes and causes, never
//! the name of a room or a person, a path or an address.

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its label; empty: it has none.
    pub label: &'static str,
    /// What is counted, for people.
    pub what: &'static str,
}

const fn row(name: &'static str, kind: Kind, label: &'static str, what: &'static str) -> Metric {
    Metric { name, kind, label, what }
}

/// Every metric.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    row("parlor_connections", Kind::Gauge, "",
        "Open sockets and event streams"),
    row("parlor_sessions", Kind::Gauge, "",
        "Sessions, also those whose place is held"),
    row("parlor_rooms", Kind::Gauge, "",
        "Rooms"),
    row("parlor_pictures", Kind::Gauge, "",
        "Pictures, also those on their way in or out"),
    row("parlor_picture_bytes", Kind::Gauge, "",
        "What pictures take on disk"),
    row("parlor_backlog_bytes", Kind::Gauge, "",
        "Bytes that wait in outboxes"),
    row("parlor_deliveries_total", Kind::Counter, "",
        "Frames given to connections: one per frame and recipient"),
    row("parlor_log_events_total", Kind::Counter, "",
        "Events kept"),
    row("parlor_log_commits_total", Kind::Counter, "",
        "Transactions of the log"),
    row("parlor_log_commit_seconds", Kind::Histogram, "",
        "From handing a batch to the store until it is kept"),
    row("parlor_refusals_total", Kind::Counter, "code",
        "Requests and uploads refused, over sockets and HTTP, by error code; rate_limited are the \
         throttled ones"),
    row("parlor_upgrades_total", Kind::Counter, "",
        "WebSockets opened"),
    row("parlor_upgrades_refused_total", Kind::Counter, "code",
        "WebSockets refused at the door, by error code"),
    row("parlor_closed_total", Kind::Counter, "code",
        "WebSockets closed, by close code of whoever closed first; 1005: without a code, 1006: broken \
         off without a close frame"),
    row("parlor_slow_readers_cut_total", Kind::Counter, "",
        "Connections cut because too much waited for them"),
    row("parlor_silent_peers_cut_total", Kind::Counter, "",
        "Connections cut because nothing was heard of them, or no hello came"),
    row("parlor_passing_frames_dropped_total", Kind::Counter, "",
        "Presence and typing not delivered to readers that were behind"),
    row("parlor_pings_skipped_total", Kind::Counter, "",
        "Pings of a flood that the answer to a later one stands for"),
    row("parlor_http_connections_cut_total", Kind::Counter, "cause",
        "HTTP connections ended by the server, by cause"),
    row("parlor_tls_handshakes_total", Kind::Counter, "",
        "Handshakes of TLS that came to a good end"),
    row("parlor_tls_handshakes_failed_total", Kind::Counter, "",
        "Handshakes of TLS that broke off, were too slow, or no TLS at all"),
];

/// Why a connection over HTTP was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The head of a request did not come in time.
    SlowHead,
    /// It is too large, or no HTTP.
    BadHead,
    /// A request was answered, and more of its body came than anybody wanted.
    UnreadBody,
    /// An answer was not taken in time.
    UnreadAnswer,
    /// There are too many of those that found no place already.
    NoRoom,
    /// It asked for too much at once (HTTP/2).
    TooMuch,
}

impl Cut {
    /// Every cause.
    pub const ALL: [Self; 6] = [
        Self::SlowHead,
        Self::BadHead,
        Self::UnreadBody,
        Self::UnreadAnswer,
        Self::NoRoom,
        Self::TooMuch,
    ];

    /// The value of the label.
    pub fn name(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::BadHead => "bad_head",
            Self::UnreadBody => "unread_body",
            Self::UnreadAnswer => "unread_answer",
            Self::NoRoom => "no_room",
            Self::TooMuch => "too_much",
        }
    }
}
