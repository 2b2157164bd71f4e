//! Where values come from, and who beats whom: command line, environment, file, default.
//!
//! A value that a stronger source overrides is checked all the same: it would bite later.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use super::environment::{self, PREFIX};
use super::nearest::nearest;
use super::raw::Raw;
use super::refusal::Refusal;
use super::row::Row;
use super::table;
use super::{Config, file};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A line of the file, counted from 1.
    File { path: String, line: usize },
    /// A variable of the environment.
    Variable(String),
    /// An option with a name of its own, such as `--listen`.
    Option(&'static str),
    /// `--set`.
    Set,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
            Self::Set => f.write_str("--set"),
        }
    }
}

/// A file that the program has read.
#[derive(Clone, Debug)]
pub struct FileText {
    /// As the operator named it.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// Everything that was said about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The file, if there is one.
    pub file: Option<FileText>,
    /// The environment; only names that begin with `PARLOR_` are looked at.
    pub variables: Vec<(OsString, OsString)>,
    /// Each `--set`, as `KEY=VALUE`; the last one of a key counts.
    pub set: Vec<String>,
    /// `--listen`; beats a `--set listen=…`.
    pub listen: Option<String>,
    /// `--data`; beats a `--set data=…`.
    pub data: Option<String>,
}

/// A value for a row, not judged yet.
pub(super) struct Given {
    pub row: &'static Row,
    pub raw: Raw,
    /// As its author wrote it.
    pub written: String,
    pub source: Source,
}

impl Given {
    fn bare(row: &'static Row, text: &str, source: Source) -> Self {
        Self { row, raw: Raw::Bare(text.to_owned()), written: text.to_owned(), source }
    }
}

/// The configuration that counts, and who said what in it.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The values.
    pub config: Config,
    /// Of keys that somebody set.
    sources: BTreeMap<&'static str, Source>,
}

impl Resolved {
    /// Weighs all sources; the first refusal ends it.
    pub fn new(inputs: &Inputs) -> Result<Self, Refusal> {
        let mut resolved = Self::default();
        let file = inputs.file.as_ref().map(file::read).transpose()?.unwrap_or_default();
        let weakest_first = [file, variables(&inputs.variables)?, command_line(inputs)?];
        for given in weakest_first.into_iter().flatten() {
            resolved.take(given)?;
        }
        resolved.agree()?;
        Ok(resolved)
    }

    /// Who set a key.
    pub fn source(&self, key: &str) -> &Source {
        self.sources.get(key).unwrap_or(&Source::Default)
    }

    fn take(&mut self, given: Given) -> Result<(), Refusal> {
        if !given.row.set(&mut self.config, &given.raw) {
            let Given { row, written, source, .. } = given;
            return Err(Refusal::value(row, &written, source));
        }
        self.sources.insert(given.row.key, given.source);
        Ok(())
    }

    /// The refusal of a value whose rule is kept, where what it names turned out to be of no use.
    pub fn unusable(&self, key: &'static str, why: &str) -> Refusal {
        let written = table::row(key).map(|row| row.show(&self.config)).unwrap_or_default();
        Refusal::Unusable { key, written, source: self.source(key).clone(), why: why.to_owned() }
    }

    /// What no single value can promise.
    fn agree(&self) -> Result<(), Refusal> {
        self.pairs()?;
        self.patience()
    }

    /// A certificate is of no use without its key, nor the other way round.
    fn pairs(&self) -> Result<(), Refusal> {
        let tls = &self.config.tls;
        let (key, missing) = match (&tls.certificate, &tls.key) {
            (Some(_), None) => ("tls.certificate", "tls.key"),
            (None, Some(_)) => ("tls.key", "tls.certificate"),
            _ => return Ok(()),
        };
        let written = table::row(key).map(|row| row.show(&self.config)).unwrap_or_default();
        Err(Refusal::Alone { key, written, source: self.source(key).clone(), missing })
    }

    /// A ping has to come before the silence is too long.
    fn patience(&self) -> Result<(), Refusal> {
        let heartbeat = &self.config.heartbeat;
        if heartbeat.timeout_ms > heartbeat.interval_ms {
            return Ok(());
        }
        Err(Refusal::Silence {
            interval: (heartbeat.interval_ms, self.source("heartbeat.interval_ms").clone()),
            timeout: (heartbeat.timeout_ms, self.source("heartbeat.timeout_ms").clone()),
        })
    }
}

/// Variables in the order of their names; an empty one counts as not set.
fn variables(all: &[(OsString, OsString)]) -> Result<Vec<Given>, Refusal> {
    let mut ours: Vec<_> = all.iter().filter(|(name, _)| begins_like_ours(name)).collect();
    ours.sort();
    let mut values = Vec::new();
    for (name, value) in ours {
        let (name, text) = (name.to_string_lossy(), value.to_string_lossy());
        if environment::is_foreign(&name, &text) {
            continue;
        }
        let source = Source::Variable(name.to_string());
        let Some(row) = environment::row_of(&name) else {
            // Far from every key it is somebody else's, such as a script's own PARLOR_URL.
            let Some(meant) = environment::meant(&name) else { continue };
            let given = name.to_string();
            return Err(Refusal::Unknown { source, given, nearest: Some(meant) });
        };
        if value.to_str().is_none() {
            return Err(Refusal::value(row, &text, source));
        }
        if !text.is_empty() {
            values.push(Given::bare(row, &text, source));
        }
    }
    Ok(values)
}

fn begins_like_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
}

fn command_line(inputs: &Inputs) -> Result<Vec<Given>, Refusal> {
    let mut values = inputs.set.iter().map(|text| set(text)).collect::<Result<Vec<_>, _>>()?;
    for (key, option, text) in
        [("listen", "--listen", &inputs.listen), ("data", "--data", &inputs.data)]
    {
        if let (Some(row), Some(text)) = (table::row(key), text) {
            values.push(Given::bare(row, text, Source::Option(option)));
        }
    }
    Ok(values)
}

fn set(text: &str) -> Result<Given, Refusal> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| Refusal::NoValue { given: text.to_owned() })?;
    let key = key.trim();
    table::row(key).map(|row| Given::bare(row, value, Source::Set)).ok_or_else(|| {
        let meant = nearest(key).map(String::from);
        Refusal::Unknown { source: Source::Set, given: key.to_owned(), nearest: meant }
    })
}
