//! What an operator is told about a configuration that cannot be used: where, what, and what would
//! have worked. Always one short paragraph; the program adds its name and the exit code.

use std::fmt;

use super::environment;
use super::raw::Raw;
use super::row::Row;
use super::setting::Setting;
use super::sources::Source;
use super::table;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// A value breaks its key's rule.
    Value { key: &'static str, written: String, source: Source },
    /// No key has this name.
    Unknown { source: Source, given: String, nearest: Option<String> },
    /// A `--set` without `=`.
    NoValue { given: String },
    /// A file that is no TOML.
    Broken { source: Source, why: String },
    /// A file that cannot be read at all.
    Unreadable { path: String, why: String },
    /// One of two keys that are set together or not at all.
    Alone { key: &'static str, written: String, source: Source, missing: &'static str },
    /// A value that keeps its rule, and yet cannot be used: what it names is not what it should be.
    Unusable { key: &'static str, written: String, source: Source, why: String },
    /// Clients would be given up before they were asked; values in milliseconds.
    Silence { interval: (u64, Source), timeout: (u64, Source) },
}

impl Refusal {
    pub(super) fn value(row: &Row, written: &str, source: Source) -> Self {
        Self::Value { key: row.key, written: written.to_owned(), source }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { key, written, source } => value(f, key, written, source),
            Self::Unknown { source, given, nearest } => {
                unknown(f, source, given, nearest.as_deref())
            }
            Self::NoValue { given } => {
                write!(f, "--set takes KEY=VALUE, not {}. Try: --set limits.burst=50", brief(given))
            }
            Self::Broken { source, why } => {
                write!(f, "{source} is not TOML: {}. Nothing of the file was used.", brief(why))
            }
            Self::Unreadable { path, why } => {
                write!(f, "the configuration file {path} cannot be read: {why}.")
            }
            Self::Alone { key, written, source, missing } => {
                alone(f, key, written, source, missing)
            }
            Self::Unusable { key, written, source, why } => unusable(f, key, written, source, why),
            Self::Silence { interval, timeout } => silence(f, interval, timeout),
        }
    }
}

impl std::error::Error for Refusal {}

fn value(f: &mut fmt::Formatter<'_>, key: &str, written: &str, source: &Source) -> fmt::Result {
    write!(f, "{key} = {} (from {source}) is refused", brief(written))?;
    match table::row(key) {
        Some(row) => {
            write!(f, ": it must be {}. Try: {}", row.rule, said(row, &row.example(), source))
        }
        None => f.write_str("."),
    }
}

fn alone(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    written: &str,
    source: &Source,
    missing: &str,
) -> fmt::Result {
    let written = brief(written);
    write!(f, "{key} = {written} (from {source}) is refused: it needs {missing} as well.")?;
    match table::row(missing) {
        Some(row) => write!(f, " Try: {}", said(row, &row.example(), source)),
        None => Ok(()),
    }
}

fn unusable(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    written: &str,
    source: &Source,
    why: &str,
) -> fmt::Result {
    let written = brief(written);
    write!(f, "{key} = {written} (from {source}) is refused: {}", brief(why))?;
    match table::row(key) {
        Some(row) => {
            write!(f, "; it must be {}. Try: {}", row.rule, said(row, &row.example(), source))
        }
        None => f.write_str("."),
    }
}

fn unknown(
    f: &mut fmt::Formatter<'_>,
    source: &Source,
    given: &str,
    nearest: Option<&str>,
) -> fmt::Result {
    let given = brief(given);
    match source {
        Source::Variable(_) => {
            write!(f, "the variable {given} belongs to no key of the configuration.")?
        }
        _ => write!(f, "{given} (from {source}) is no key of the configuration.")?,
    }
    match nearest {
        _ if table::is_section(&given) => {
            write!(f, " It is a section: its keys go under [{given}] or begin with {given}.")
        }
        Some(name) => write!(f, " Did you mean {name}? `parlor config` lists every key."),
        None => f.write_str(" `parlor config` lists every key."),
    }
}

fn silence(
    f: &mut fmt::Formatter<'_>,
    interval: &(u64, Source),
    timeout: &(u64, Source),
) -> fmt::Result {
    write!(
        f,
        "heartbeat.timeout_ms = {} (from {}) is refused: it must be more than \
         heartbeat.interval_ms = {} (from {}), or clients are given up before they are asked.",
        timeout.0, timeout.1, interval.0, interval.1
    )?;
    let source = if timeout.1 == Source::Default { &interval.1 } else { &timeout.1 };
    let enough = interval.0.saturating_mul(5) / 2;
    match table::row("heartbeat.timeout_ms") {
        Some(row) => write!(f, " Try: {}", said(row, &enough.show(), source)),
        None => Ok(()),
    }
}

/// A value, the way its source would have to say it.
fn said(row: &Row, toml: &str, source: &Source) -> String {
    match (source, row.place()) {
        (Source::File { .. }, (Some(section), name)) => {
            format!("{name} = {toml} under [{section}]")
        }
        (Source::File { .. }, (None, name)) => format!("{name} = {toml}"),
        (Source::Variable(_), _) => format!("{}={}", environment::variable(row), shell(toml)),
        (Source::Option(option), _) => format!("{option} {}", shell(toml)),
        (Source::Set | Source::Default, _) => format!("--set {}={}", row.key, shell(toml)),
    }
}

/// A TOML value as one word of a shell.
fn shell(toml: &str) -> String {
    let typed = Raw::typed_by_hand(toml);
    let plain = |c: char| c.is_alphanumeric() || "_-.:/,+@%".contains(c);
    if typed.chars().all(plain) { typed } else { format!("'{typed}'") }
}

/// What somebody wrote, on one line and not too long.
fn brief(text: &str) -> String {
    const MOST: usize = 80;
    let text = text.trim();
    let shown = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c });
    match text.chars().count() {
        0 => "(nothing)".into(),
        count if count > MOST => shown.chain(['…']).collect(),
        _ => shown.collect(),
    }
}
