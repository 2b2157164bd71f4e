//! Many connections that have joined and say nothing: what each holds of the
//! server's memory, what it cost to let it in, and what keeping it alive costs.

use std::time::Duration;

use super::stretch::Stretch;
use crate::Outcome;
use crate::child::Child;
use crate::measurement::{
    ANONYMOUS, CPU_PER_JOIN, IDLE_CPU, Measurement, PER_CONNECTION, RSS_AFTER, RSS_BEFORE,
};
use crate::options::Options;
use crate::process::{self, Memory};
use crate::swarm::Swarm;

/// Presence is told at most once a second a room, so this is silence.
const QUIET: Duration = Duration::from_millis(2_500);
const QUIET_LIMIT: Duration = Duration::from_secs(60);

pub fn measure(child: &Child, options: &Options) -> Outcome<Measurement> {
    let mut swarm = Swarm::new()?;
    let before = process::memory(child.pid())?;
    let opening = Stretch::start(child.pid(), &mut swarm.tally, 1)?;
    let rooms = options.rooms.max(1);
    swarm.open(child.address, options.connections, |index| format!("idle-{}", index % rooms))?;
    swarm.settle(QUIET, QUIET_LIMIT)?;
    let (opened, _) = opening.server_use()?;
    let after = process::memory(child.pid())?;

    let idle = Stretch::start(child.pid(), &mut swarm.tally, 1)?;
    swarm.rest(options.measure())?;
    let (used, wall) = idle.server_use()?;

    let count = options.connections.max(1) as f64;
    let each = |figure: fn(&Memory) -> f64| (figure(&after) - figure(&before)) / count;
    Ok(Measurement {
        scenario: format!("{} idle in {rooms} rooms", options.connections),
        target: "",
        values: vec![
            (RSS_BEFORE, before.resident),
            (RSS_AFTER, after.resident),
            (PER_CONNECTION, each(|memory| memory.resident)),
            (ANONYMOUS, each(|memory| memory.anonymous)),
            (CPU_PER_JOIN, opened.as_secs_f64() * 1e6 / count),
            (IDLE_CPU, used.as_secs_f64() * 100.0 / wall.as_secs_f64()),
        ],
    })
}
