//! Why the operator's wish was not done.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

/// Why it was not done.
#[derive(Debug)]
pub enum Undone {
    /// By the rules.
    Refused {
        /// The code of the protocol.
        code: String,
        /// The sentence.
        message: String,
    },
    /// There is no database in this directory.
    NoDatabase(PathBuf),
    /// There is no such account.
    NoAccount,
    /// Somebody has the database and does not answer at this socket.
    Silent(PathBuf),
    /// The server was asked at this socket and has not answered: it may have done it.
    Unanswered(PathBuf, io::Error),
    /// This user may not talk to the server at this socket.
    Forbidden(PathBuf),
    /// The database cannot be used.
    Store(StoreError),
    /// The system gives no thread, file or socket.
    System(io::Error),
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What was typed is the account, not a field of a form or somebody in a room.
            Self::Refused { code, .. } if code == "nick_taken" => f.write_str(
                "There is an account of this name, or of one that looks like it, already.",
            ),
            Self::Refused { message, .. } => f.write_str(message),
            Self::NoDatabase(data) => write!(
                f,
                "There is no parlor.db in {}. Say with --data where the server keeps its data.",
                data.display()
            ),
            Self::NoAccount => f.write_str("There is no such account."),
            Self::Silent(socket) => write!(
                f,
                "Another process has the database, and nobody answers at {}. Its log says why; \
                 stop it for a moment, or try again.",
                socket.display()
            ),
            Self::Unanswered(socket, error) => write!(
                f,
                "The server at {} has not answered ({error}). It may have done it all the same: \
                 see `parlor audit`.",
                socket.display()
            ),
            Self::Forbidden(socket) => write!(
                f,
                "This user may not talk to the server at {}. Do it as the user that it runs as.",
                socket.display()
            ),
            Self::Store(error) => error.fmt(f),
            Self::System(error) => write!(f, "The system does not allow it: {error}."),
        }
    }
}

impl std::error::Error for Undone {}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
