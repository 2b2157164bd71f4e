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
    /// `limits.uploads_per_minute`: pictures.
    Upload,
    /// `limits.joins_per_minute`.
    Join,
    /// `limits.renames_per_minute`.
    Rename,
    /// `limits.typing_per_minute`.
    Typing,
}

/// Who may make a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Whoever said hello.
    Hello,
    /// Whoever has an account.
    Login,
    /// Whoever moderates the room, or the server.
    Moderator,
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
    /// Who may make it.
    pub needs: Needs,
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
const SECONDS: Field = may("seconds", "integer", "for how long; until it is lifted by default");
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
    Command { name, summary, fields, reply, needs: Needs::Hello, example, rate, parse }
}

/// The same, for some only.
const fn only(needs: Needs, row: Command) -> Command {
    Command { needs, ..row }
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
          may("limit", "integer", "0 to 200 latest events, 50 by default"),
          may("invite", "string", "the secret of an invitation into a private room")],
        r#"{"type":"join","room":"lobby"}"#, Rate::Join, |f| f.join()),
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
    row("delete", "sent", "Take a message back, yours or (moderators) anybody's; its text is gone from the log.",
        &[ROOM, SEQ],
        r#"{"type":"delete","room":"lobby","seq":1}"#, Rate::Message, |f| f.delete()),
    row("rename", "renamed", "Take another name.", &[NICK],
        r#"{"type":"rename","nick":"ada l"}"#, Rate::Rename, |f| f.rename()),
    row("typing", "", "Say that you type, or stopped; it ends by itself after 10 s.",
        &[ROOM, may("on", "boolean", "true by default")],
        r#"{"type":"typing","room":"lobby","on":true}"#, Rate::Typing, |f| f.typing()),
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
    row("report", "ok", "Tell the moderators of a message.", &[ROOM, SEQ, REASON],
        r#"{"type":"report","room":"lobby","seq":1,"reason":"spam"}"#, Rate::Message, |f| f.report()),
    only(Needs::Login, row("read", "ok", "Note how far you have read, on all your devices.", &[ROOM, SEQ],
        r#"{"type":"read","room":"lobby","seq":1}"#, Rate::Read, |f| f.read())),
    only(Needs::Login, row("create", "created", "Open a room with its own rules; you moderate it.",
        &[must("room", "string", "the new room's name"),
          may("visibility", "string", "open (by default) or private"),
          may("history", "string", "how long its log is kept: 0 (memory only), a count, or a duration such as 30d")],
        r#"{"type":"create","room":"garden","visibility":"private"}"#, Rate::Join, |f| f.create())),
    only(Needs::Moderator, row("invite", "invited", "Make a link into a private room.",
        &[ROOM, may("uses", "integer", "how often it works: 1 to 10000, once by default"),
          may("seconds", "integer", "for how long; a week by default")],
        r#"{"type":"invite","room":"garden","uses":5}"#, Rate::Message, |f| f.invite())),
    only(Needs::Moderator, row("kick", "ok", "Send somebody out of the room.",
        &[ROOM, NICK, may("seconds", "integer", "for how long they may not come back; they may at once by default"), REASON],
        r#"{"type":"kick","room":"lobby","nick":"bob"}"#, Rate::Message, |f| f.kick())),
    only(Needs::Moderator, row("mute", "ok", "Let somebody only listen.",
        &[ROOM, NICK, may("seconds", "integer", "for how long; 600 by default"), REASON],
        r#"{"type":"mute","room":"lobby","nick":"bob","seconds":600}"#, Rate::Message, |f| f.mute())),
    only(Needs::Moderator, row("unmute", "ok", "Let somebody speak again.", &[ROOM, NICK],
        r#"{"type":"unmute","room":"lobby","nick":"bob"}"#, Rate::Message, |f| f.unmute())),
    only(Needs::Moderator, row("ban", "ok", "Keep somebody out.",
        &[ROOM, NICK, SECONDS, REASON,
          may("everywhere", "boolean", "off the whole server, not only out of the room (server moderators)"),
          may("address", "boolean", "guests: others who come from the same address later, too; true by default")],
        r#"{"type":"ban","room":"lobby","nick":"bob","seconds":3600}"#, Rate::Message, |f| f.ban())),
    only(Needs::Moderator, row("unban", "ok", "Let somebody in again.",
        &[ROOM, NICK, may("everywhere", "boolean", "lift a ban off the whole server")],
        r#"{"type":"unban","room":"lobby","nick":"bob"}"#, Rate::Message, |f| f.unban())),
    only(Needs::Moderator, row("role", "ok", "Say what an account is in the room.",
        &[ROOM, NICK, must("role", "string", "moderator, member or none; everywhere: owner, moderator or member"),
          may("everywhere", "boolean", "on the whole server (owners)")],
        r#"{"type":"role","room":"lobby","nick":"bob","role":"moderator"}"#, Rate::Message, |f| f.role())),
    only(Needs::Moderator, row("remove", "ok", "Remove what somebody said in the last minutes, pictures too.",
        &[ROOM, NICK, must("minutes", "integer", "1 to 10080 (a week)"), REASON],
        r#"{"type":"remove","room":"lobby","nick":"bob","minutes":10}"#, Rate::Message, |f| f.remove())),
    only(Needs::Moderator, row("settings", "ok", "Change the room's rules; what is left out stays.",
        &[ROOM, may("slow_s", "integer", "seconds between two messages of one person; 0: no slow mode"),
          may("guests", "boolean", "whether guests may be in the room"),
          may("topic_locked", "boolean", "whether only moderators set the topic"),
          may("visibility", "string", "open or private")],
        r#"{"type":"settings","room":"lobby","slow_s":10}"#, Rate::Message, |f| f.settings())),
    only(Needs::Moderator, row("approve", "sent", "Let everybody see a guest's picture that waits.",
        &[ROOM, SEQ, must("image", "string", "the picture's id")],
        r#"{"type":"approve","room":"lobby","seq":1,"image":"00000000000000000000000000000000"}"#,
        Rate::Message, |f| f.approve())),
    only(Needs::Moderator, row("sanctions", "sanctions", "List the mutes and bans of a room.", &[ROOM],
        r#"{"type":"sanctions","room":"lobby"}"#, Rate::Read, |f| f.sanctions())),
    only(Needs::Moderator, row("reports", "reports", "List the messages that were reported.", &[ROOM],
        r#"{"type":"reports","room":"lobby"}"#, Rate::Read, |f| f.reports())),
    only(Needs::Moderator, row("dismiss", "ok", "Say that a reported message has been dealt with.", &[ROOM, SEQ],
        r#"{"type":"dismiss","room":"lobby","seq":1}"#, Rate::Message, |f| f.dismiss())),
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
    use crate::protocol::decode;

    #[test]
    fn every_example_is_understood_by_its_own_row() {
        for command in COMMANDS {
            let decoded = decode(command.example, 4000);
            assert_eq!(decoded.command.map(|row| row.name), Some(command.name));
            assert!(decoded.request.is_ok(), "{}", command.name);
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
