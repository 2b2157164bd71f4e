//! The words that every other room of the house uses: names, ids, times, events, limits.
//!
//! What lives here cannot be built wrong: a [`Nick`] is a valid nickname, a [`RoomName`] a valid
//! room, and past the door nobody asks again. Nothing here knows an actor, a socket, a database
//! or the clock; time and randomness come in as arguments.

pub mod config;
mod event;
mod ids;
mod image;
mod keep;
mod networks;
mod nick;
mod password_hash;
mod pictographs;
mod room_name;
mod text;
mod timestamp;

pub use event::{Author, Body, Deleted, Edited, Event, Expired, Message, Reacted, TopicSet};
pub use ids::{ConnId, Epoch, SessionId, TokenHash, UserId, secret, token};
pub use image::{AltText, Gone, Image, ImageId, ImageKind, Life};
pub use keep::Keep;
pub use networks::Networks;
pub use nick::{Nick, NickKeys, folded};
pub use password_hash::PasswordHash;
pub use pictographs::with_pictographs;
pub use room_name::{RoomKey, RoomName};
pub use text::{ClientId, Emoji, MessageText, Topic, Unfit};
pub use timestamp::{Timestamp, uptime_ms};
