//! A stretch of a run between two looks at the clocks and counters.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::measurement::{
    BYTES, CPU_PER_DELIVERY, DELIVERIES, LOAD_CPU, OTHERS_CPU, P50, P99, P999, Quantity, SERVER_CPU,
};
use crate::process;
use crate::tally::Tally;

/// Where clocks and counters stood when the stretch began.
pub struct Stretch {
    server: u32,
    began: Instant,
    server_cpu: Duration,
    load_cpu: Duration,
    busy: Duration,
    deliveries: u64,
    bytes: u64,
}

impl Stretch {
    /// Starts to measure; one delivery in `every` has its latency recorded.
    pub fn start(server: u32, tally: &mut Tally, every: u64) -> Outcome<Self> {
        tally.latency.start(every);
        Ok(Self {
            server,
            server_cpu: process::cpu_time(server)?,
            load_cpu: process::cpu_time(std::process::id())?,
            busy: process::busy_time()?,
            deliveries: tally.deliveries,
            bytes: tally.delivery_bytes,
            began: Instant::now(),
        })
    }

    /// The CPU time of the server since the start, and the time itself.
    pub fn server_use(&self) -> Outcome<(Duration, Duration)> {
        let used = process::cpu_time(self.server)?.saturating_sub(self.server_cpu);
        Ok((used, self.began.elapsed()))
    }

    /// The CPU time of this program, and that of whatever else ran. If that is
    /// more than a few percent of a core, the row is worth little.
    fn other_use(&self, server: Duration) -> Outcome<(Duration, Duration)> {
        let load = process::cpu_time(std::process::id())?.saturating_sub(self.load_cpu);
        let busy = process::busy_time()?.saturating_sub(self.busy);
        Ok((load, busy.saturating_sub(server + load)))
    }

    /// The figures that every scenario with deliveries has.
    ///
    /// # Errors
    /// If nothing was delivered at all.
    pub fn end(self, tally: &mut Tally) -> Outcome<Vec<(Quantity, f64)>> {
        let (server, wall) = self.server_use()?;
        let (load, others) = self.other_use(server)?;
        tally.latency.stop();
        let deliveries = (tally.deliveries - self.deliveries) as f64;
        if deliveries == 0.0 {
            return Err("nothing was delivered".into());
        }
        let wall = wall.as_secs_f64();
        let bytes = (tally.delivery_bytes - self.bytes) as f64;
        Ok(vec![
            (DELIVERIES, deliveries / wall),
            (CPU_PER_DELIVERY, server.as_secs_f64() * 1e6 / deliveries),
            (SERVER_CPU, server.as_secs_f64() * 100.0 / wall),
            (LOAD_CPU, load.as_secs_f64() * 100.0 / wall),
            (OTHERS_CPU, others.as_secs_f64() * 100.0 / wall),
            (P50, tally.latency.millis(0.5)),
            (P99, tally.latency.millis(0.99)),
            (P999, tally.latency.millis(0.999)),
            (BYTES, bytes / deliveries),
        ])
    }
}
