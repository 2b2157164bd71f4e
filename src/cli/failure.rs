//! Why the program ends without having done what it was asked.

use std::fmt;
use std::io;
use std::process::ExitCode;

use parlor::auth::prompt::NoPassword;
use parlor::model::config::Refusal;
use parlor::operator::Undone;

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
    /// There is no password to be had.
    Password(NoPassword),
    /// What the operator wanted was not done.
    Undone(Undone),
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
            Self::Password(why) => why.fmt(f),
            Self::Undone(why) => why.fmt(f),
        }
    }
}

impl From<Undone> for Failure {
    fn from(undone: Undone) -> Self {
        Self::Undone(undone)
    }
}
