//! How a connection ended, for the chat and for the metrics.

use crate::protocol::Close;

/// The end of a connection, as whoever ended it said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client said goodbye, with its code if there was one.
    Said(Option<u16>),
    /// The server closed.
    Closed(Close),
    /// The socket broke.
    Broken,
}

impl Ending {
    /// Whether the client left of its own will: its name is free at once.
    pub fn is_clean(self) -> bool {
        matches!(self, Self::Said(None | Some(1000 | 1001)))
    }

    /// The close code; 1005 and 1006 stand for none, as in RFC 6455 section 7.4.1.
    pub fn code(self) -> u16 {
        match self {
            Self::Said(code) => code.unwrap_or(1005),
            Self::Closed(close) => close.code(),
            Self::Broken => 1006,
        }
    }
}
