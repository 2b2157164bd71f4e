//! The command line, and what its absence means.
//!
//! Not here: what a scenario does with its numbers (`scenario`).

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::peer::Peer;
use crate::scenario::Scenario;
use crate::target::Target;

/// Measures the real server binary against the cheapest server there can be.
#[derive(Parser, Debug)]
#[command(name = "load")]
pub struct Options {
    /// What to measure; several may be named
    scenario: Vec<Scenario>,
    /// Shorter warm-up and measurement; for a look, not for a record
    #[arg(long)]
    pub quick: bool,
    /// Which servers to measure, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "parlor,loop,loop-joined")]
    pub target: Vec<Target>,
    /// Interleaved rounds; the report shows medians with minimum and maximum
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// Seconds before the measurement starts
    #[arg(long)]
    warm: Option<f64>,
    /// Seconds of measurement
    #[arg(long)]
    measure: Option<f64>,
    /// Members of the busy room
    #[arg(long, default_value_t = 100)]
    pub members: usize,
    /// room100: messages that each member keeps under way (default: 1, then 4)
    #[arg(long)]
    pub window: Option<u32>,
    /// open30k: messages a second that the room is sent
    #[arg(long, default_value_t = 300)]
    pub rate: u32,
    /// idle10k: joined connections that say nothing
    #[arg(long, default_value_t = 10_000)]
    pub connections: usize,
    /// idle10k: rooms that they are spread over
    #[arg(long, default_value_t = 100)]
    pub rooms: usize,
    /// Give every message a client_id, as a client that retries would
    #[arg(long)]
    pub client_id: bool,
    /// One more KEY=VALUE of the server's configuration (may be repeated)
    #[arg(long = "set")]
    pub settings: Vec<String>,
    /// Also write every single measurement to this file, a JSON object a line
    #[arg(long)]
    pub raw: Option<PathBuf>,
    /// Be the peer instead of the load (this is how the bench starts it)
    #[arg(long, hide = true)]
    pub peer: Option<Peer>,
    /// Bytes of one delivery on the wire, of the peer
    #[arg(long, hide = true, default_value_t = crate::message::DELIVERY_BYTES)]
    pub frame_bytes: usize,
    /// Said by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// The named scenarios in order; under a bare `cargo bench` all of them,
    /// under `cargo test --all-targets`, which runs this program too, none.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let bare = self.scenario.is_empty() && self.bench;
        if bare || self.scenario.contains(&Scenario::All) {
            return Scenario::EVERY.to_vec();
        }
        self.scenario.clone()
    }

    /// How long a scenario runs before anything is counted.
    pub fn warm(&self) -> Duration {
        self.seconds(self.warm, 3.0, 1.0)
    }

    /// How long is counted.
    pub fn measure(&self) -> Duration {
        self.seconds(self.measure, 10.0, 3.0)
    }

    fn seconds(&self, said: Option<f64>, full: f64, quick: f64) -> Duration {
        let default = if self.quick { quick } else { full };
        Duration::from_secs_f64(said.unwrap_or(default).clamp(0.1, 3_600.0))
    }
}
