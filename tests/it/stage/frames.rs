//! What the server says, as types: the fields that docs and clients rely on.
//!
//! A field that is missing or of another kind fails the test that reads the frame; fields that
//! are not named here may come.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Picture;

/// One frame as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame(pub Value);

impl Frame {
    /// Its `type`.
    pub fn kind(&self) -> &str {
        self.0["type"].as_str().expect("every frame has a type")
    }

    /// The frame as the type that it should be.
    pub fn as_a<T: DeserializeOwned>(&self, kind: &str) -> T {
        assert_eq!(self.kind(), kind, "{}", self.0);
        T::deserialize(&self.0).unwrap_or_else(|error| panic!("{error}: {}", self.0))
    }

    /// The log's event that this is, if it is one.
    pub fn event(&self) -> Option<Event> {
        let kinds = [
            "message",
            "edited",
            "deleted",
            "expired",
            "reacted",
            "topic",
            "approved",
            "moderated",
        ];
        kinds.contains(&self.kind()).then(|| self.as_a(self.kind()))
    }
}

/// Who a message is from.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct From {
    pub nick: String,
    pub guest: bool,
}

/// An entry of a room's log.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Event {
    pub r#type: String,
    pub room: String,
    pub seq: u64,
    pub at: String,
    pub from: From,
    pub text: Option<String>,
    pub target: Option<u64>,
    pub reply_to: Option<u64>,
    pub client_id: Option<String>,
    pub emoji: Option<String>,
    pub on: Option<bool>,
    pub topic: Option<String>,
    pub images: Option<Vec<Picture>>,
    pub image: Option<String>,
    pub action: Option<String>,
    pub nick: Option<String>,
    pub until: Option<String>,
    pub role: Option<String>,
    pub settings: Option<Value>,
    #[serde(default)]
    pub edited: bool,
    #[serde(default)]
    pub deleted: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct User {
    pub nick: String,
    pub guest: bool,
    pub role: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ResumeOffer {
    pub token: String,
    pub grace_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Heartbeat {
    pub interval_ms: u64,
    pub timeout_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Welcome {
    pub protocol: u32,
    pub session: String,
    pub user: User,
    pub resume: ResumeOffer,
    pub heartbeat: Heartbeat,
    pub limits: Value,
    pub rooms: Vec<String>,
    pub resumed: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Member {
    pub nick: String,
    pub guest: bool,
    pub role: String,
    pub state: String,
    pub was: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Room {
    pub name: String,
    pub topic: String,
    pub visibility: String,
    pub epoch: String,
    pub seq: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Joined {
    pub id: Option<Value>,
    pub room: Room,
    pub members: Vec<Member>,
    pub count: usize,
    pub read: Option<u64>,
    pub events: Vec<Event>,
    pub complete: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Sent {
    pub room: String,
    pub epoch: String,
    pub seq: u64,
    pub at: String,
    pub client_id: Option<String>,
    pub duplicate: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct History {
    pub room: String,
    pub epoch: String,
    pub events: Vec<Event>,
    pub more: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Members {
    pub room: String,
    pub members: Vec<Member>,
    pub count: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RoomEntry {
    pub name: String,
    pub topic: String,
    pub count: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Rooms {
    pub rooms: Vec<RoomEntry>,
    pub more: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Presence {
    pub room: String,
    pub joined: Vec<Member>,
    pub left: Vec<Member>,
    pub changed: Vec<Member>,
    pub count: usize,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Typing {
    pub room: String,
    pub nick: String,
    pub on: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Closing {
    pub code: u16,
    pub reason: String,
    pub reconnect_after_ms: Option<u64>,
}

/// An `error` frame, or a problem document over HTTP (its sentence is `detail`).
#[derive(Clone, Debug, Deserialize)]
pub struct Refusal {
    pub code: String,
    #[serde(alias = "detail")]
    pub message: String,
    pub field: Option<String>,
    pub retry_after_ms: Option<u64>,
    pub example: Option<Value>,
}
