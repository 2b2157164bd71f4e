//! The frames that the server says, except the log's events (see [`super::event_json`]).
//!
//! Each is a struct whose fields are the fields of the frame, in the order in which they are read.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Code, Command, Refusal, ReplyId};
use crate::model::{
    Act, ClientId, Epoch, Nick, Reason, Role, RoomName, Settings, Timestamp, Topic, Visibility,
};

/// How somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Connected.
    Online,
    /// The connection dropped; name and place are held for the grace.
    Reconnecting,
    /// Gone; only in `presence.left`.
    Offline,
}

/// One of a room's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The name.
    pub nick: Nick,
    /// Whether the name is a guest's.
    pub guest: bool,
    /// What they may do.
    pub role: Role,
    /// How they are there.
    pub state: State,
    /// The name before a rename; only in `presence.changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Nick>,
}

/// Which program this is.
#[derive(Serialize)]
pub struct Server {
    /// `parlor`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Server {
    /// This program.
    pub const THIS: Self = Self { name: "parlor", version: env!("CARGO_PKG_VERSION") };
}

/// Who you are.
#[derive(Serialize)]
pub struct User<'a> {
    /// Your name.
    pub nick: &'a Nick,
    /// Whether you are a guest.
    pub guest: bool,
    /// What you may do.
    pub role: Role,
}

/// How to come back.
#[derive(Serialize)]
pub struct ResumeOffer<'a> {
    /// The secret for `hello.resume`, and the bearer token over HTTP.
    pub token: &'a str,
    /// For how long name and places are held after a drop, in milliseconds.
    pub grace_ms: u64,
}

/// How life is checked.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HeartbeatOffer {
    /// Between two pings, in milliseconds.
    pub interval_ms: u64,
    /// Silence after which a connection counts as gone, in milliseconds.
    pub timeout_ms: u64,
}

/// What one may do at most.
#[derive(Clone, Debug, Serialize)]
pub struct LimitsOffer {
    /// Bytes of one message on the wire.
    pub frame_bytes: usize,
    /// Characters of a text.
    pub text_chars: usize,
    /// Bytes of a picture.
    pub image_bytes: u64,
    /// Pixels of a picture.
    pub image_pixels: u64,
    /// Pictures in one message.
    pub images_per_message: usize,
    /// Messages a second in the long run; 0: no limit.
    pub messages_per_second: u64,
    /// Messages at once.
    pub burst: u64,
    /// Rooms at once.
    pub rooms: usize,
}

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? $type:literal
        { $($(#[$fdoc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Serialize)]
        #[serde(tag = "type", rename = $type)]
        pub struct $name $(<$life>)? {
            $($(#[$fdoc])* pub $field: $kind,)*
        }
    )*};
}

frames! {
    /// The answer to `hello`.
    Welcome<'a> "welcome" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The protocol's version.
        protocol: u32,
        /// Which program this is.
        server: Server,
        /// The name of this session; not a secret.
        session: String,
        /// Who you are.
        user: User<'a>,
        /// How to come back.
        resume: ResumeOffer<'a>,
        /// How life is checked.
        heartbeat: HeartbeatOffer,
        /// What one may do at most.
        limits: &'a LimitsOffer,
        /// The rooms still held after a resume.
        rooms: Vec<&'a RoomName>,
        /// Whether this session went on.
        resumed: bool,
    }
    /// The answer to `join`; its `events` follow behind these fields.
    Joined<'a> "joined" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room as it is now.
        room: RoomView<'a>,
        /// At most 500 of the members.
        members: Vec<Member>,
        /// How many there are.
        count: usize,
        /// How far your account has read; absent for guests and where it has not.
        #[serde(skip_serializing_if = "Option::is_none")]
        read: Option<u64>,
        /// Whether the events are all since `after`.
        complete: bool,
    }
    /// The answer to `leave`.
    Left<'a> "left" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room that was left.
        room: &'a RoomName,
    }
    /// The answer to whatever enters a room's log: it is kept.
    Sent<'a> "sent" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// The life of its log.
        epoch: &'a Epoch,
        /// The event's place.
        seq: u64,
        /// When it was taken.
        at: Timestamp,
        /// The sender's own id of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<&'a ClientId>,
        /// It was there already; nothing was said again.
        duplicate: bool,
    }
    /// The answer to `rename`.
    Renamed<'a> "renamed" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// Your name now.
        nick: &'a Nick,
    }
    /// The answer to `rooms`.
    Rooms<'a> "rooms" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The open rooms, the fullest first.
        rooms: Vec<RoomEntry<'a>>,
        /// There are more than these.
        more: bool,
    }
    /// The answer to `members`.
    Members<'a> "members" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// At most 500 of them.
        members: Vec<Member>,
        /// How many there are.
        count: usize,
    }
    /// The answer to `history`; its `events` follow behind these fields.
    History<'a> "history" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// The life of its log.
        epoch: &'a Epoch,
        /// Whether there is more in that direction.
        more: bool,
    }
    /// The answer to what needs no other: it is done.
    Done<'a> "ok" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
    }
    /// The answer to `create`.
    Created<'a> "created" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// Who may see and enter it.
        visibility: Visibility,
        /// How long its log is kept.
        history: String,
    }
    /// The answer to `invite`.
    Invited<'a> "invited" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// The secret, for `join`; it is shown this once.
        invite: &'a str,
        /// The address for a browser, relative to the server. What stands behind `#` is never sent.
        link: String,
        /// How often it works.
        uses: u32,
        /// Until when.
        expires_at: Timestamp,
    }
    /// The answer to `sanctions`.
    Sanctions<'a> "sanctions" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// The newest 200 mutes and bans that hold there.
        sanctions: Vec<SanctionView>,
        /// There are more than these.
        more: bool,
    }
    /// The answer to `reports`.
    Reports<'a> "reports" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The room.
        room: &'a RoomName,
        /// The oldest 200 reports that have not been dealt with.
        reports: Vec<ReportView>,
        /// There are more than these.
        more: bool,
    }
    /// To who was sent out of a room, or may not speak in it.
    Moderation<'a> "moderation" {
        /// Where; everywhere if it says nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<&'a RoomName>,
        /// What was done.
        action: Act,
        /// Who did it.
        by: &'a Nick,
        /// Why.
        reason: &'a Reason,
        /// Until when; for good, or no longer, if it says nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    }
    /// To the other devices of an account: how far it has read.
    ReadMark<'a> "read" {
        /// The room.
        room: &'a RoomName,
        /// The last event that it has read.
        seq: u64,
    }
    /// To the moderators of a room: somebody reported a message.
    Reported<'a> "reported" {
        /// The room.
        room: &'a RoomName,
        /// The message.
        seq: u64,
        /// Who reported it.
        by: &'a Nick,
        /// Why.
        reason: &'a Reason,
    }
    /// The answer to `ping`.
    Pong<'a> "pong" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The server's time.
        at: Timestamp,
    }
    /// The answer to `help`.
    Help<'a> "help" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The requests, as the server's own table has them.
        requests: Vec<&'static Command>,
    }
    /// Who came, went or changed since the last one.
    Presence<'a> "presence" {
        /// The room.
        room: &'a RoomName,
        /// Who came.
        joined: Vec<Member>,
        /// Who went.
        left: Vec<Member>,
        /// Whose state or name changed.
        changed: Vec<Member>,
        /// How many are there now.
        count: usize,
    }
    /// Somebody types, or stopped.
    Typing<'a> "typing" {
        /// The room.
        room: &'a RoomName,
        /// Who.
        nick: &'a Nick,
        /// Whether they do.
        on: bool,
    }
    /// Sent just before the close frame.
    Closing "closing" {
        /// The close code.
        code: u16,
        /// Why.
        reason: &'static str,
        /// When to come back, in milliseconds; absent: stay away.
        #[serde(skip_serializing_if = "Option::is_none")]
        reconnect_after_ms: Option<u64>,
    }
    /// A refusal.
    ErrorFrame<'a> "error" {
        /// The request's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a ReplyId>,
        /// The stable code.
        code: Code,
        /// A sentence for a person.
        message: &'a str,
        /// The field that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'static str>,
        /// When trying again makes sense, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
        /// A frame that would have worked.
        #[serde(skip_serializing_if = "Option::is_none")]
        example: Option<&'a RawValue>,
    }
}

impl<'a> ErrorFrame<'a> {
    /// The `error` frame of a refusal.
    pub fn of(id: Option<&'a ReplyId>, refusal: &'a Refusal) -> Self {
        Self {
            id,
            code: refusal.code,
            message: &refusal.message,
            field: refusal.field,
            retry_after_ms: refusal.retry_after_ms,
            example: refusal.example.and_then(|json| serde_json::from_str(json).ok()),
        }
    }
}

/// A room as `joined` shows it.
#[derive(Serialize)]
pub struct RoomView<'a> {
    /// Its name.
    pub name: &'a RoomName,
    /// What it is about.
    pub topic: &'a Topic,
    /// Who may see and enter it, and its other rules.
    #[serde(flatten)]
    pub settings: Settings,
    /// The life of its log.
    pub epoch: &'a Epoch,
    /// The newest event's place; 0 in an empty log.
    pub seq: u64,
}

/// A mute or a ban, as moderators see it.
#[derive(Clone, Debug, Serialize)]
pub struct SanctionView {
    /// `mute` or `ban`.
    pub kind: &'static str,
    /// Whom it is about.
    pub nick: Nick,
    /// It holds on the whole server.
    pub everywhere: bool,
    /// It is about other guests from the same address, too.
    pub address: bool,
    /// Until when; until it is lifted if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who pronounced it.
    pub by: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// A report, as moderators see it.
#[derive(Clone, Debug, Serialize)]
pub struct ReportView {
    /// The message.
    pub seq: u64,
    /// Who reported it.
    pub by: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// A room as `rooms` lists it.
#[derive(Serialize)]
pub struct RoomEntry<'a> {
    /// Its name.
    pub name: &'a RoomName,
    /// What it is about.
    pub topic: &'a Topic,
    /// How many are there.
    pub count: usize,
    /// Who may see and enter it.
    pub visibility: Visibility,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_begins_with_its_type_and_leaves_out_what_does_not_apply() {
        let frame = serde_json::to_string(&Pong { id: None, at: Timestamp(0) }).unwrap();
        assert_eq!(frame, r#"{"type":"pong","at":"1970-01-01T00:00:00.000Z"}"#);
    }

    #[test]
    fn an_error_carries_its_example_as_a_frame() {
        let refusal = Refusal::new(Code::NotInRoom)
            .field("room")
            .example(r#"{"type":"join","room":"lobby"}"#);
        let frame = serde_json::to_value(ErrorFrame::of(None, &refusal)).unwrap();
        assert_eq!(frame["example"]["type"], "join");
        assert_eq!(frame["code"], "not_in_room");
        assert!(frame.get("retry_after_ms").is_none());
    }
}
