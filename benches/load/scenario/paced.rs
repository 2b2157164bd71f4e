//! A room that is sent messages by the clock, as an open loop: members take
//! turns, and a message leaves when it is due, whether or not earlier ones have
//! been answered. Latency counts from when it was due, so a server that stalls
//! pays for everything that came due meanwhile.

use std::time::{Duration, Instant};

use super::ROOM;
use super::stretch::Stretch;
use crate::Outcome;
use crate::child::Child;
use crate::measurement::Measurement;
use crate::message::Message;
use crate::options::Options;
use crate::swarm::{Swarm, TICK};

const QUIET: Duration = Duration::from_millis(1_500);
const QUIET_LIMIT: Duration = Duration::from_secs(30);

pub fn measure(child: &Child, options: &Options) -> Outcome<Measurement> {
    let mut swarm = Swarm::new()?;
    swarm.open(child.address, options.members, |_| ROOM.to_owned())?;
    swarm.settle(QUIET, QUIET_LIMIT)?;

    let mut pace = Pace::new(&swarm, options);
    pace.keep(&mut swarm, options.warm())?;
    let stretch = Stretch::start(child.pid(), &mut swarm.tally, 1)?;
    pace.keep(&mut swarm, options.measure())?;
    let values = stretch.end(&mut swarm.tally)?;

    swarm.settle(Duration::from_millis(500), QUIET_LIMIT)?;
    swarm.check_all_saw_all()?;
    Ok(Measurement {
        scenario: format!("room of {}, {} messages/s", options.members, options.rate),
        target: "",
        values,
    })
}

/// The schedule: message `sent` is due `sent` intervals after the start.
struct Pace {
    message: Message,
    began: u64,
    interval: u64,
    sent: u64,
}

impl Pace {
    fn new(swarm: &Swarm, options: &Options) -> Self {
        Self {
            message: Message::new(ROOM, options.client_id),
            began: swarm.now(),
            interval: 1_000_000_000 / u64::from(options.rate.max(1)),
            sent: 0,
        }
    }

    fn keep(&mut self, swarm: &mut Swarm, length: Duration) -> Outcome<()> {
        let end = Instant::now() + length;
        while Instant::now() < end {
            let wait = self.send_due(swarm)?;
            swarm.turn(wait.min(TICK), |_, _, _| {})?;
        }
        swarm.tally.check()
    }

    /// Sends what is due and answers how long until the next is.
    fn send_due(&mut self, swarm: &mut Swarm) -> Outcome<Duration> {
        loop {
            let due = self.began + self.sent * self.interval;
            let now = swarm.now();
            if due > now {
                return Ok(Duration::from_nanos(due - now));
            }
            let member = self.sent as usize % swarm.connections.len();
            swarm.send(member, &mut self.message, due)?;
            self.sent += 1;
        }
    }
}
