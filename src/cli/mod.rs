//! The command line: what may be said.
//!
//! Here are the commands and what becomes of them; where the configuration is read from is `options`,
//! the commands about accounts are `people`, why the program ends is `failure`. What a key may hold
//! and who beats whom is `model::config`, serving is `app`.

mod failure;
mod options;
mod people;

use std::io::{self, Write};

use clap::{Parser, Subcommand};
use parlor::gate::Keyring;
use parlor::inventory::Inventory;
use parlor::model::Timestamp;
use parlor::model::config::{self, Config};
use serde::Serialize;

pub use failure::Failure;
use options::Options;
use people::{Audit, User};

const CLOSING_WORDS: &str = "\
Examples:
  parlor                                   serve http://127.0.0.1:8080/, data in this directory
  parlor --listen 0.0.0.0:80 --data /srv   serve everybody, data in /srv
  parlor --set history.keep=30d            keep messages for 30 days
  parlor config                            every key, its value and where that came from
  parlor images                            every picture that lives, and until when
  parlor user add ada --role owner         make the first owner; asks for a password
  parlor user role bob moderator           let bob keep the peace
  parlor audit                             who did what, the newest first

Every key can also be set in the environment (PARLOR_HISTORY_KEEP=30d) and in the file.
The command line beats the environment, that beats the file, and that beats the default.
RUST_LOG says what is logged to standard error.

Exit codes: 0 done, or stopped as asked; 1 something went wrong or was refused; 2 the command line or
the configuration is wrong.";

/// Parlor: a real-time chat server that one program serves.
#[derive(Parser, Debug)]
#[command(name = "parlor", version, after_help = CLOSING_WORDS)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve until told to stop (what parlor does without a command, too)
    Serve(Options),
    /// Print every key of the configuration: value, unit, default, and where the value came from
    Config {
        #[command(flatten)]
        options: Options,
        /// Print docs/configuration.md instead
        #[arg(long)]
        markdown: bool,
    },
    /// List the pictures that live, and prove that the disk holds just these (exit code 1 if not)
    Images {
        #[command(flatten)]
        options: Options,
        /// Print one JSON object instead
        #[arg(long)]
        json: bool,
    },
    /// Accounts: add, list, change and delete them, invite, export what is stored of a person
    User(User),
    /// Who did what: every deed of moderators and owners, the newest first
    Audit(Audit),
}

impl Cli {
    /// Does what the command line asks for; serving returns when the server has stopped.
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            None => serve(&self.options),
            Some(Command::Serve(later)) => serve(&self.options.and(later)),
            Some(Command::Config { markdown: true, .. }) => print(&config::manual()),
            Some(Command::Config { options: later, .. }) => {
                print(&config::listing(&self.options.and(later).resolve()?))
            }
            Some(Command::Images { options: later, json }) => {
                images(&self.options.and(later).resolve()?.config, json)
            }
            Some(Command::User(user)) => user.run(self.options),
            Some(Command::Audit(audit)) => audit.run(self.options),
        }
    }
}

fn serve(options: &Options) -> Result<(), Failure> {
    let resolved = options.clone().resolve()?;
    let keyring = Keyring::open(&resolved.config.tls)
        .map_err(|flaw| Failure::Refused(resolved.unusable(flaw.key, &flaw.why)))?;
    parlor::app::serve(resolved.config, keyring).map_err(Failure::Serve)
}

fn images(config: &Config, json: bool) -> Result<(), Failure> {
    let inventory = Inventory::take(&config.data, Timestamp::now()).map_err(Failure::Inventory)?;
    show(&inventory, json)?;
    if inventory.agrees() { Ok(()) } else { Err(Failure::Differ) }
}

/// Prints something for people, or as JSON for programs.
fn show(it: &(impl Serialize + ToString), json: bool) -> Result<(), Failure> {
    if json {
        let text = serde_json::to_string(it).map_err(|e| Failure::Print(e.into()))?;
        print(&format!("{text}\n"))
    } else {
        print(&it.to_string())
    }
}

/// A reader that closes early (`parlor config | head`) has what it wanted.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}
