//! What a client may ask for, as it is once it has been checked.

use super::order::Order;
use crate::model::{
    ClientId, Emoji, Epoch, ImageId, Keep, MessageText, Nick, Reason, RoomName, TokenHash, Topic,
    Visibility,
};

/// What a client asks for, checked. A `room` left out means the one room that the session is in.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Say who you are.
    Hello(Hello),
    /// Enter a room, or come back to it; `invite` is the hash of an invitation's secret.
    Join { room: Option<RoomName>, after: Option<After>, limit: usize, invite: Option<TokenHash> },
    /// Leave a room.
    Leave { room: Option<RoomName> },
    /// Say something.
    Send { room: Option<RoomName>, draft: Draft },
    /// Replace a message's text.
    Edit { room: Option<RoomName>, seq: u64, text: MessageText },
    /// Take a message back.
    Delete { room: Option<RoomName>, seq: u64 },
    /// React to a message.
    React { room: Option<RoomName>, seq: u64, emoji: Emoji, on: bool },
    /// Set the topic.
    Topic { room: Option<RoomName>, topic: Topic },
    /// Take another name.
    Rename { nick: Nick },
    /// Say that you type.
    Typing { room: Option<RoomName>, on: bool },
    /// List the open rooms.
    Rooms,
    /// List a room's members.
    Members { room: Option<RoomName> },
    /// Read the log.
    History { room: Option<RoomName>, page: Page, limit: usize },
    /// Note how far one has read.
    Read { room: Option<RoomName>, seq: u64 },
    /// Tell the moderators of a message.
    Report { room: Option<RoomName>, seq: u64, reason: Reason },
    /// Open a room with its own rules.
    Create { room: RoomName, visibility: Visibility, history: Option<Keep> },
    /// Make a link into a room.
    Invite { room: Option<RoomName>, uses: u32, seconds: u64 },
    /// Keep the peace.
    Moderate { room: Option<RoomName>, order: Order },
    /// Ask for the server's time.
    Ping,
    /// Ask what there is.
    Help { topic: Option<String> },
}

/// A message before it is in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it says; empty only where pictures speak.
    pub text: MessageText,
    /// Ids of uploaded pictures, each once.
    pub images: Vec<ImageId>,
    /// The message that it answers.
    pub reply_to: Option<u64>,
    /// The idempotency key.
    pub client_id: Option<ClientId>,
}

/// Who somebody says to be.
#[derive(Clone, PartialEq)]
pub enum Hello {
    /// A guest with this name.
    Nick(Nick),
    /// The holder of this resume token.
    Resume(String),
    /// The holder of this login.
    Token(String),
    /// Whoever the handshake's cookie or `Authorization` said.
    Known,
}

impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nick(nick) => write!(f, "Nick({nick:?})"),
            Self::Resume(_) => f.write_str("Resume(…)"),
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Known => f.write_str("Known"),
        }
    }
}

/// The last event that a client has: what it wants is everything since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// The log's life that `seq` belongs to.
    pub epoch: Epoch,
    /// The last seq that the client has; 0: none.
    pub seq: u64,
}

/// Which part of the log to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest events.
    Latest,
    /// The newest of those before this seq.
    Before(u64),
    /// The oldest of those after this seq.
    After(u64),
}
