//! The program: hands the command line over, sets the exit code.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    env_logger::Builder::new()
        // It calls whatever a stranger sends an error, once for each; they are counted in the metrics.
        .filter_module("actix_http::h1::dispatcher", log::LevelFilter::Off)
        .parse_env(filter)
        .init();
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("parlor: {failure}");
            failure.exit_code()
        }
    }
}
