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
mod moderated;
mod networks;
mod nick;
mod password_hash;
mod pictographs;
mod role;
mod room_name;
mod room_settings;
mod text;
mod timestamp;

pub use event::{
    Approved, Author, Body, Deleted, Edited, Event, Expired, Message, Reacted, TopicSet,
};
pub use ids::{ConnId, Epoch, LoginId, SessionId, TokenHash, UserId, secret, token};
pub use image::{AltText, Gone, Image, ImageId, ImageKind, Life};
pub use keep::{KEEP_RULE, Keep};
pub use moderated::{Act, Moderated, Settings};
pub use networks::{Networks, shortened};
pub use nick::{Nick, NickKeys, folded};
pub use password_hash::PasswordHash;
pub use pictographs::with_pictographs;
pub use role::{Role, RoomRole};
pub use room_name::{RoomKey, RoomName};
pub use room_settings::{RoomSettings, Visibility};
pub use text::{ClientId, Emoji, MessageText, Reason, Topic, Unfit};
pub use timestamp::{Timestamp, uptime_ms};
