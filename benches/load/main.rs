//! The load generator: how many deliveries a second one core of the server
//! carries, how long they take, and what an idle connection costs.
//!
//! One thread, epoll through mio, WebSocket frames by hand, so that the server
//! is the bottleneck and not this program; every row of the report shows how
//! busy this program's own core was. It starts the server itself, pinned to
//! core 0, and runs on core 1. Every delivery on every connection is counted,
//! and its sequence number checked.
//!
//! `cargo bench --bench load -- all --quick` prints the table;
//! `cargo bench --bench load -- --help` lists the rest.
//!
//! Not here: what is measured (`scenario`), against what (`target`, `peer`).
#![forbid(unsafe_code)]

mod child;
mod connection;
mod delivery;
mod frame;
mod latency;
mod measurement;
mod message;
mod options;
mod peer;
mod process;
mod report;
mod scenario;
mod swarm;
mod tally;
mod target;

use std::process::ExitCode;

use clap::Parser;

use options::Options;

/// What can go wrong here ends the run with a sentence.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("load: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    if let Some(peer) = options.peer {
        return peer::serve(peer, options.frame_bytes);
    }
    let wanted = options.scenarios();
    if wanted.is_empty() {
        println!("load: no scenario named, nothing measured (see --help)");
        return Ok(());
    }
    process::prepare_self()?;
    let measured = scenario::run_all(&wanted, options)?;
    print!("{}", report::table(&measured));
    if let Some(path) = &options.raw {
        std::fs::write(path, report::raw(&measured))?;
    }
    Ok(())
}
