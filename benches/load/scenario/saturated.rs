//! A room at saturation, as a closed loop: every member keeps a window of
//! messages under way and sends the next when one is acknowledged.
//!
//! The server is never idle and never drowned; how fast it goes is the answer.

use std::time::{Duration, Instant};

use super::ROOM;
use super::stretch::Stretch;
use crate::Outcome;
use crate::child::Child;
use crate::measurement::Measurement;
use crate::message::Message;
use crate::options::Options;
use crate::swarm::{Swarm, TICK};

/// Latency of one delivery in eight is enough of two million a second.
const SAMPLE: u64 = 8;
const QUIET: Duration = Duration::from_millis(1_500);
const QUIET_LIMIT: Duration = Duration::from_secs(30);

pub fn measure(child: &Child, options: &Options, window: u32) -> Outcome<Measurement> {
    let mut swarm = Swarm::new()?;
    let mut message = Message::new(ROOM, options.client_id);
    swarm.open(child.address, options.members, |_| ROOM.to_owned())?;
    swarm.settle(QUIET, QUIET_LIMIT)?;

    fill_windows(&mut swarm, &mut message, window)?;
    saturate(&mut swarm, &mut message, options.warm())?;
    let stretch = Stretch::start(child.pid(), &mut swarm.tally, SAMPLE)?;
    saturate(&mut swarm, &mut message, options.measure())?;
    let values = stretch.end(&mut swarm.tally)?;

    swarm.settle(Duration::from_millis(500), QUIET_LIMIT)?;
    swarm.check_all_saw_all()?;
    Ok(Measurement {
        scenario: format!("room of {}, window {window}", options.members),
        target: "",
        values,
    })
}

fn fill_windows(swarm: &mut Swarm, message: &mut Message, window: u32) -> Outcome<()> {
    for index in 0..swarm.connections.len() {
        for _ in 0..window {
            let now = swarm.now();
            swarm.send(index, message, now)?;
        }
    }
    Ok(())
}

/// Answers every acknowledgement with the next message, for `length`.
fn saturate(swarm: &mut Swarm, message: &mut Message, length: Duration) -> Outcome<()> {
    let end = Instant::now() + length;
    while Instant::now() < end {
        swarm.turn(TICK, |connection, acks, now| {
            for _ in 0..acks {
                connection.queue(message.stamped(now));
            }
        })?;
    }
    swarm.tally.check()
}
