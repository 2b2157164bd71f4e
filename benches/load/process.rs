//! What a process has used, as the kernel accounts it, and what this program
//! arranges for itself.
//!
//! Invariant: figures are the kernel's own; nothing is estimated. Kernel work
//! that the server's own system calls cause is in its time, on both ends of the
//! loopback; socket buffers are not in its memory.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::Outcome;

/// The core that servers are pinned to.
pub const SERVER_CORE: &str = "0";
/// The core of this program.
const LOAD_CORE: &str = "1";

/// CPU time of all threads of `pid`, user and system together.
///
/// The scheduler's own figure has nanoseconds; where the kernel does not keep
/// it, `stat` has clock ticks of 10 ms.
///
/// # Errors
/// If the process is gone.
pub fn cpu_time(pid: u32) -> Outcome<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(task?.path().join("schedstat")) {
            Ok(line) => nanos += line.split(' ').next().unwrap_or("0").parse::<u64>()?,
            Err(_) => return ticks(pid),
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// The same from `/proc/<pid>/stat`, fields 14 and 15 (proc_pid_stat(5)).
fn ticks(pid: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name stands in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/<pid>/stat has no name")?;
    let mut used = 0;
    for field in fields.split(' ').skip(11).take(2) {
        used += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(used * 10))
}

/// Time that all cores together were busy since the machine started, with
/// whatever; in clock ticks of 10 ms.
pub fn busy_time() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let mut ticks = 0;
    // The first line sums all cores: user, nice, system, idle, iowait, irq,
    // softirq, steal (proc_stat(5)).
    for (field, value) in stat.split_whitespace().skip(1).take(8).enumerate() {
        if field != 3 && field != 4 {
            ticks += value.parse::<u64>()?;
        }
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// Resident memory of a process, in KiB.
#[derive(Clone, Copy)]
pub struct Memory {
    /// All resident pages.
    pub resident: f64,
    /// The pages that are the process's own data, without program text.
    pub anonymous: f64,
}

/// Memory of `pid` from `smaps_rollup`, which counts pages exactly.
///
/// # Errors
/// If the process is gone.
pub fn memory(pid: u32) -> Outcome<Memory> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let field = |name: &str| -> Outcome<f64> {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|line| line.split_whitespace().next());
        Ok(value.ok_or_else(|| format!("no {name} in smaps_rollup"))?.parse()?)
    };
    Ok(Memory { resident: field("Rss:")?, anonymous: field("Anonymous:")? })
}

/// Pins this program to its core, and lets it and its children open as many
/// files as the machine permits.
///
/// # Errors
/// If `taskset` or `prlimit` (util-linux) are missing, or there is one core only.
pub fn prepare_self() -> Outcome<()> {
    let pid = std::process::id().to_string();
    tool("taskset", &["-cp", LOAD_CORE, &pid])?;
    let limit =
        tool("prlimit", &["--pid", &pid, "--nofile", "--raw", "--noheadings", "--output=HARD"])?;
    let hard = limit.trim();
    tool("prlimit", &["--pid", &pid, &format!("--nofile={hard}:{hard}")])?;
    Ok(())
}

/// Runs a tool to its end and answers what it printed.
fn tool(name: &str, arguments: &[&str]) -> Outcome<String> {
    let output = Command::new(name)
        .args(arguments)
        .output()
        .map_err(|error| format!("{name} does not start: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(format!("{name} failed: {said}").into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
