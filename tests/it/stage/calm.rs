//! Whether a machine was ours while something was measured: who shares it cannot measure a wait.

use std::fs;
use std::time::Instant;

use super::TestApp;

/// A hundredth of a second, the unit in which Linux tells processor time.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time, in ticks.
pub struct Share {
    since: Instant,
    others: u64,
}

impl Share {
    /// Begins to measure.
    pub fn begin(app: &TestApp) -> Self {
        Self { since: Instant::now(), others: others(app) }
    }

    /// How many processors the others kept busy since then: neither the server nor this test.
    pub fn of_others(&self, app: &TestApp) -> f64 {
        let ticks = others(app).saturating_sub(self.others) as f64;
        ticks / TICKS_PER_SECOND / self.since.elapsed().as_secs_f64()
    }
}

fn others(app: &TestApp) -> u64 {
    let stat = fs::read_to_string("/proc/stat").expect("Linux tells how busy it is");
    let numbers = |text: &str| -> Vec<u64> {
        text.split_whitespace().filter_map(|field| field.parse().ok()).collect()
    };
    let all = numbers(stat.lines().next().expect("the sum comes first"));
    // User, nice, system, interrupts twice, stolen; not idle, and not waiting for a disk.
    let busy: u64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| all.get(*at)).sum();
    let of = |process: &str| -> u64 {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("its name is in brackets");
        fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
    };
    busy.saturating_sub(of(&app.pid().to_string()) + of("self"))
}
