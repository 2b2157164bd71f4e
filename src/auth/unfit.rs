//! Why something cannot be a password.

use std::fmt;

use super::password::{MAX_CHARS, MIN_CHARS};
use crate::protocol::{Code, Refusal};

/// Why something cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It has too few characters.
    TooShort,
    /// It has too many.
    TooLong,
    /// Some of its characters cannot be relied upon.
    Characters,
    /// Whoever guesses tries it first.
    Common,
    /// It is nothing but the name of its owner, or of the program.
    Name,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => write!(f, "A password has at least {MIN_CHARS} characters."),
            Self::TooLong => write!(f, "A password has at most {MAX_CHARS} characters."),
            Self::Characters => f.write_str(
                "A password is made of letters, digits, symbols and spaces; this one holds \
                 something that does not come out the same on every keyboard.",
            ),
            Self::Common => f.write_str(
                "This password is one of the commonest; whoever guesses tries it first.",
            ),
            Self::Name => f.write_str("A password is more than a name; take other words."),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        Self::because(Code::PasswordUnfit, unfit.to_string()).field("password")
    }
}
