//! The table of requests: dispatch, `help`, rate limits and documentation come from these rows.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::code::Refusal;
use super::fields::Fields;
use super::request::Request;

/// Which bucket a request draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Not limited by a bucket: bounded by what its answer costs to read.
    Free,
    /// `limits.messages_per_second` and `limits.burst`.
    Message,
    /// Twice that: reading.
    Read,
    /// As much as messages, in a bucket of its own: pictures.
    Upload,
}

/// One request: a row of [`COMMANDS`].
#[derive(Serialize)]
pub struct Command {
    /// Its `type`.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Its fields besides `type` and `id`.
    pub fields: &'static [Field],
    /// The `type` of the answer; empty: an error or nothing.
    pub reply: &'static str,
    /// A frame that works as pasted.
    #[serde(serialize_with = "as_frame")]
    pub example: &'static str,
    /// Which bucket it draws from.
    #[serde(skip)]
    pub rate: Rate,
    #[serde(skip)]
    pub(super) parse: fn(&Fields<'_>) -> Result<Request, Refusal>,
}

/// One field of a request.
#[derive(Serialize)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// `string`, `integer`, `boolean`, `object`, `list`.
    pub kind: &'static str,
    /// Whether the request is refused without it.
    pub required: bool,
    /// What fits.
    pub rule: &'static str,
}

const fn must(name: &'static str, kind: &'static str, rule: &'static str) -> Field {
    Field { name, kind, required: true, rule }
}

const fn may(name: &'static str, kind: &'static str, rule: &'static str) -> Field {
    Field { name, kind, required: false, rule }
}

const ROOM: Field = may("room", "string", "may be left out while you are in exactly one room");
const SEQ: Field = must("seq", "integer", "the message's place in the room's log");
const CAPTION: Field =
    may("text", "string", "at most limits.text_chars characters; may be left out beside images");
const TEXT: Field = must("text", "string", "at most limits.text_chars characters, not only space");
const NICK: Field = must("nick", "string", "1 to 32 characters (RFC 8266)");
const SECONDS: Field = may("seconds", "integer", "for how long");
const REASON: Field = may("reason", "string", "why, for the one concerned and the audit log");

const fn row(
    name: &'static str,
    reply: &'static str,
    summary: &'static str,
    fields: &'static [Field],
    example: &'static str,
    rate: Rate,
    parse: fn(&Fields<'_>) -> Result<Request, Refusal>,
) -> Command {
    Command { name, summary, fields, reply, example, rate, parse }
}

/// Every request of the protocol.
#[rustfmt::skip]
pub const COMMANDS: &[Command] = &[
    row("hello", "welcome", "Say who you are: a guest's name, a login's token, or a session to go on with.",
        &[may("nick", "string", "1 to 32 characters (RFC 8266)"), may("token", "string", "a login's token"),
          may("resume", "string", "the token of an earlier welcome")],
        r#"{"type":"hello","nick":"ada"}"#, Rate::Free, |f| f.hello()),
    row("join", "joined", "Enter a room, or catch up with it after a drop.",
        &[ROOM, may("after", "object", "{epoch, seq} of the last event you have: the answer brings all since"),
          may("limit", "integer", "0 to 200 latest events, 50 by default")],
        r#"{"type":"join","room":"lobby"}"#, Rate::Message, |f| f.join()),
    row("send", "sent", "Say something.",
        &[ROOM, CAPTION, may("images", "list", "ids of your own uploads in this room, at most 10, each once"),
          may("reply_to", "integer", "the seq of the message you answer"),
          may("client_id", "string", "your own key of it, 1 to 64 characters: a retry is not said twice")],
        r#"{"type":"send","room":"lobby","text":"hi","client_id":"k-1"}"#, Rate::Message, |f| f.send()),
    row("edit", "sent", "Replace the text of a message of yours.", &[ROOM, SEQ, TEXT],
        r#"{"type":"edit","room":"lobby","seq":1,"text":"hi there"}"#, Rate::Message, |f| f.edit()),
    row("react", "sent", "React to a message, or take that back.",
        &[ROOM, SEQ, must("emoji", "string", "1 to 16 characters"), may("on", "boolean", "true by default")],
        r#"{"type":"react","room":"lobby","seq":1,"emoji":"👍"}"#, Rate::Message, |f| f.react()),
    row("topic", "sent", "Say what the room is about.",
        &[ROOM, must("topic", "string", "one line of at most 256 characters; empty removes it")],
        r#"{"type":"topic","room":"lobby","topic":"Tea at five"}"#, Rate::Message, |f| f.topic()),
    row("delete", "sent", "Take a message of yours back; its text is gone from the log.", &[ROOM, SEQ],
        r#"{"type":"delete","room":"lobby","seq":1}"#, Rate::Message, |f| f.delete()),
    row("rename", "renamed", "Take another name.", &[NICK],
        r#"{"type":"rename","nick":"ada l"}"#, Rate::Message, |f| f.rename()),
    row("typing", "", "Say that you type, or stopped; it ends by itself after 10 s.",
        &[ROOM, may("on", "boolean", "true by default")],
        r#"{"type":"typing","room":"lobby","on":true}"#, Rate::Message, |f| f.typing()),
    row("rooms", "rooms", "List the open rooms.", &[], r#"{"type":"rooms"}"#, Rate::Read, |f| f.rooms()),
    row("members", "members", "List who is in a room.", &[ROOM],
        r#"{"type":"members","room":"lobby"}"#, Rate::Read, |f| f.members()),
    row("history", "history", "Read the room's log.",
        &[ROOM, may("before", "integer", "the newest events before this seq"),
          may("after", "integer", "the oldest events after this seq; not with before"),
          may("limit", "integer", "1 to 200, 50 by default")],
        r#"{"type":"history","room":"lobby","before":10,"limit":20}"#, Rate::Read, |f| f.history()),
    row("ping", "pong", "Ask for the server's time.", &[], r#"{"type":"ping"}"#, Rate::Free, |f| f.ping()),
    row("help", "help", "Ask what requests there are.",
        &[may("topic", "string", "the type of one request")],
        r#"{"type":"help","topic":"send"}"#, Rate::Free, |f| f.help()),
    row("leave", "left", "Leave a room.", &[ROOM],
        r#"{"type":"leave","room":"lobby"}"#, Rate::Free, |f| f.leave()),
    row("read", "ok", "Set your account's read mark (with a login).", &[ROOM, SEQ],
        r#"{"type":"read","room":"lobby","seq":1}"#, Rate::Read, |f| f.account()),
    row("kick", "ok", "Send somebody out of the room (moderators).", &[ROOM, NICK, REASON],
        r#"{"type":"kick","room":"lobby","nick":"bob"}"#, Rate::Message, |f| f.account()),
    row("mute", "ok", "Let somebody only listen (moderators).", &[ROOM, NICK, SECONDS, REASON],
        r#"{"type":"mute","room":"lobby","nick":"bob","seconds":600}"#, Rate::Message, |f| f.account()),
    row("ban", "ok", "Keep somebody out (moderators).", &[ROOM, NICK, SECONDS, REASON],
        r#"{"type":"ban","room":"lobby","nick":"bob","seconds":3600}"#, Rate::Message, |f| f.account()),
    row("unban", "ok", "Let somebody in again (moderators).", &[ROOM, NICK],
        r#"{"type":"unban","room":"lobby","nick":"bob"}"#, Rate::Message, |f| f.account()),
    row("create", "created", "Open a room with its own rules (with a login).",
        &[must("room", "string", "the new room's name"), may("visibility", "string", "open or private"),
          may("history", "string", "how long its log is kept")],
        r#"{"type":"create","room":"garden","visibility":"private"}"#, Rate::Message, |f| f.account()),
    row("invite", "invited", "Make a link into a private room (with a login).",
        &[ROOM, may("uses", "integer", "how often it works"), SECONDS],
        r#"{"type":"invite","room":"garden","uses":5}"#, Rate::Message, |f| f.account()),
];

impl Command {
    /// The row of a `type`, if there is one.
    pub fn named(name: &str) -> Option<&'static Command> {
        COMMANDS.iter().find(|row| row.name == name)
    }
}

fn as_frame<S: Serializer>(json: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    let frame: &RawValue = serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
    frame.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Code, decode};

    #[test]
    fn every_example_is_understood_by_its_own_row() {
        for command in COMMANDS {
            let decoded = decode(command.example, 4000);
            assert_eq!(decoded.command.map(|row| row.name), Some(command.name));
            match decoded.request {
                Ok(_) => {}
                Err(refusal) => assert_eq!(refusal.code, Code::LoginRequired, "{}", command.name),
            }
        }
    }

    #[test]
    fn every_field_of_an_example_is_in_its_row() {
        for command in COMMANDS {
            let frame: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(command.example).unwrap();
            for name in frame.keys().filter(|name| *name != "type") {
                assert!(command.fields.iter().any(|field| field.name == name), "{name}");
            }
        }
    }
}
