//! The wire: what a client may say, what the server says, in which words it refuses and closes.
//!
//! Reads as the specification: [`COMMANDS`] is the table of requests (dispatch, `help` and the
//! documentation come from it), [`Code`] that of errors, [`Close`] that of close codes. Nothing
//! here knows an actor, a socket or the store; frames are bytes in and bytes out.

mod close;
mod code;
mod commands;
mod decode;
mod event;
mod fields;
mod headers;
mod order;
pub mod problem;
mod request;
mod server;
pub mod wire;
mod words;

pub use close::Close;
pub use code::{Code, Refusal};
pub use commands::{COMMANDS, Command, Field, Needs, Rate};
pub use decode::{Decoded, ReplyId, decode};
pub use event::{event_json, uploaded_json};
pub use fields::MAX_LIMIT;
pub use headers::{SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use order::{MAX_MINUTES, MAX_SECONDS};
pub use order::{Order, Patch};
pub use request::{After, Draft, Hello, Page, Request};
pub use server::*;
pub use words::{parse_alt, parse_client_id, parse_nick, parse_room, parse_text};

pub use crate::model::Role;

/// The version of this protocol, in `welcome.protocol`.
pub const VERSION: u32 = 1;
