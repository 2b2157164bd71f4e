//! The command line: what may be said, and where the rest of the configuration is read from.
//!
//! Only arguments, variables and the file are handled here; what a key may hold and who beats whom
//! is `model::config`, and serving is `app`.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use parlor::gate::Keyring;
use parlor::inventory::Inventory;
use parlor::model::Timestamp;
use parlor::model::config::{self, CONFIG_VARIABLE, Config, FileText, Inputs, Refusal, Resolved};

/// The file that is read when nobody names one, from the current directory.
const DEFAULT_FILE: &str = "parlor.toml";

/// A configuration file that is larger is somebody's mistake.
const FILE_BYTES: u64 = 1 << 20;

const CLOSING_WORDS: &str = "\
Examples:
  parlor                                   serve http://127.0.0.1:8080/, data in this directory
  parlor --listen 0.0.0.0:80 --data /srv   serve everybody, data in /srv
  parlor --set history.keep=30d            keep messages for 30 days
  parlor config                            every key, its value and where that came from
  parlor images                            every picture that lives, and until when

Every key can also be set in the environment (PARLOR_HISTORY_KEEP=30d) and in the file.
The command line beats the environment, that beats the file, and that beats the default.
RUST_LOG says what is logged to standard error.

Exit codes: 0 stopped as asked, 1 could not serve, 2 the command line or configuration is wrong.";

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
}

/// May stand before and after the command; said twice, the later one counts.
#[derive(Args, Clone, Debug, Default)]
struct Options {
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// The directory for everything that is kept [default: the current directory]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The configuration file, TOML [default: parlor.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set any key of the configuration; may be given many times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The configuration cannot be used.
    Refused(Refusal),
    /// The server could not start, or broke.
    Serve(io::Error),
    /// Standard output does not take what was printed.
    Print(io::Error),
    /// Table or directory of the pictures cannot be read.
    Inventory(io::Error),
    /// They do not hold the same.
    Differ,
}

impl Failure {
    /// 2 for what the operator said, 1 for what went wrong.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Refused(_)) { 2 } else { 1 })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Serve(error) => write!(f, "cannot serve: {error}"),
            Self::Print(error) => write!(f, "cannot print: {error}"),
            Self::Inventory(error) => write!(f, "cannot take stock of the pictures: {error}"),
            Self::Differ => f.write_str("table and disk do not hold the same pictures"),
        }
    }
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
        }
    }
}

impl Options {
    fn and(self, later: Self) -> Self {
        Self {
            listen: later.listen.or(self.listen),
            data: later.data.or(self.data),
            config: later.config.or(self.config),
            set: [self.set, later.set].concat(),
        }
    }

    fn resolve(self) -> Result<Resolved, Failure> {
        let inputs = Inputs {
            file: file(self.config.as_deref()).map_err(Failure::Refused)?,
            variables: std::env::vars_os().collect(),
            set: self.set,
            listen: self.listen,
            data: self.data,
        };
        Resolved::new(&inputs).map_err(Failure::Refused)
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
    if json {
        let text = serde_json::to_string(&inventory).map_err(|e| Failure::Print(e.into()))?;
        print(&format!("{text}\n"))?;
    } else {
        print(&inventory.to_string())?;
    }
    if inventory.agrees() { Ok(()) } else { Err(Failure::Differ) }
}

/// The configuration file: as told, or `parlor.toml` if it is there.
fn file(named: Option<&Path>) -> Result<Option<FileText>, Refusal> {
    let variable = std::env::var_os(CONFIG_VARIABLE).filter(|name| !name.is_empty());
    let named = named.map(PathBuf::from).or(variable.map(PathBuf::from));
    let path = named.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
    match text(path) {
        Ok(text) => Ok(Some(FileText { path: path.display().to_string(), text })),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Refusal::Unreadable { path: path.display().to_string(), why: error.to_string() })
        }
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// A reader that closes early (`parlor config | head`) has what it wanted.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}
