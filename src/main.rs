//! The program: hands the command line over, sets the exit code.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    env_logger::init_from_env(
        env_logger::Env::default().default_filter_or("info,actix_server=warn"),
    );
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("parlor: {failure}");
            failure.exit_code()
        }
    }
}
