//! The options that every command has, and where the rest of the configuration is read from:
//! variables and the file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use parlor::model::config::{CONFIG_VARIABLE, FileText, Inputs, Refusal, Resolved};

use super::Failure;

/// The file that is read when nobody names one, from the current directory.
const DEFAULT_FILE: &str = "parlor.toml";

/// A configuration file that is larger is somebody's mistake.
const FILE_BYTES: u64 = 1 << 20;

/// May stand before and after the command; said twice, the later one counts.
#[derive(Args, Clone, Debug, Default)]
pub struct Options {
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

impl Options {
    pub fn and(self, later: Self) -> Self {
        Self {
            listen: later.listen.or(self.listen),
            data: later.data.or(self.data),
            config: later.config.or(self.config),
            set: [self.set, later.set].concat(),
        }
    }

    pub fn resolve(self) -> Result<Resolved, Failure> {
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
