//! The scenarios, and the rounds that they are measured in.
//!
//! Invariant: every measurement has a server of its own, freshly started, and
//! within a round the targets of a scenario follow one another directly, so that
//! a slow minute of the machine is not one target's alone.

mod idle;
mod paced;
mod saturated;
mod stretch;

use clap::ValueEnum;

use crate::Outcome;
use crate::child::Child;
use crate::measurement::{BYTES, Measurement};
use crate::message::DELIVERY_BYTES;
use crate::options::Options;
use crate::target::Target;

/// The name of the room where all is said.
const ROOM: &str = "bench";

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[value(rename_all = "lower")]
pub enum Scenario {
    /// All of the following
    All,
    /// A room of 100 at saturation: everybody sends again once acknowledged
    Room100,
    /// 30,000 deliveries a second in a room of 100, whatever the answers
    Open30k,
    /// 10,000 joined connections that say nothing
    Idle10k,
}

/// A scenario with its settings: one group of rows in the report.
#[derive(Clone, Copy)]
enum Job {
    Saturated { window: u32 },
    Paced,
    Idle,
}

impl Scenario {
    pub const EVERY: [Self; 3] = [Self::Room100, Self::Open30k, Self::Idle10k];

    fn jobs(self, options: &Options) -> Vec<Job> {
        match (self, options.window) {
            (Self::All, _) => Vec::new(),
            (Self::Room100, Some(window)) => vec![Job::Saturated { window }],
            (Self::Room100, None) => [1, 4].map(|window| Job::Saturated { window }).into(),
            (Self::Open30k, _) => vec![Job::Paced],
            (Self::Idle10k, _) => vec![Job::Idle],
        }
    }
}

impl Job {
    /// An idle loop that keeps nothing about anybody says nothing worth a row.
    fn suits(self, target: Target) -> bool {
        target == Target::Parlor || !matches!(self, Self::Idle)
    }

    fn measure(self, child: &Child, options: &Options) -> Outcome<Measurement> {
        match self {
            Self::Saturated { window } => saturated::measure(child, options, window),
            Self::Paced => paced::measure(child, options),
            Self::Idle => idle::measure(child, options),
        }
    }
}

/// Measures every scenario against every target, round by round.
pub fn run_all(scenarios: &[Scenario], options: &Options) -> Outcome<Vec<Measurement>> {
    let mut measured: Vec<Measurement> = Vec::new();
    let jobs = || scenarios.iter().flat_map(|scenario| scenario.jobs(options));
    for round in 1..=options.rounds {
        for job in jobs() {
            for target in options.target.iter().filter(|target| job.suits(**target)) {
                let bytes = delivery_bytes(&measured);
                let found = run_one(job, *target, options, bytes)?;
                eprintln!("round {round}: {} {} done", found.scenario, found.target);
                measured.push(found);
            }
        }
    }
    Ok(measured)
}

fn run_one(job: Job, target: Target, options: &Options, bytes: usize) -> Outcome<Measurement> {
    let child = Child::start(target, options, bytes)?;
    let measured = job.measure(&child, options);
    let mut measured = measured.map_err(|fault| format!("{}: {fault}", target.name()))?;
    measured.target = target.name();
    Ok(measured)
}

/// The peer writes frames as long as Parlor's were, if they are known by now.
fn delivery_bytes(measured: &[Measurement]) -> usize {
    let last = measured.iter().rev().find_map(|row| row.value(BYTES));
    last.map_or(DELIVERY_BYTES, |bytes| bytes.round() as usize)
}
