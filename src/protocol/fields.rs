//! The fields of a client frame: taken from the wire as they stand, checked one by one.
//!
//! Past this file a request cannot be built wrong. Whatever is missing or does not fit is told
//! with its name, its rule and a frame that would have worked.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::code::{Code, Refusal};
use super::request::{After, Draft, Hello, Page, Request};
use super::words::{parse_caption, parse_client_id, parse_nick, parse_text};
use crate::model::{ClientId, Emoji, Epoch, ImageId, MessageText, Nick, RoomName, Topic, Unfit};

/// How many events `join` and `history` give unless told otherwise.
const DEFAULT_LIMIT: u64 = 50;
/// How many they give at most.
pub const MAX_LIMIT: u64 = 200;
/// How many pictures one message may have.
const MAX_IMAGES: usize = 10;

/// All fields of all client frames, untouched. Unknown fields are ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<&'a RawValue>,
    #[serde(borrow)]
    pub id: Option<&'a RawValue>,
    #[serde(borrow)]
    nick: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    resume: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    after: Option<&'a RawValue>,
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    #[serde(borrow)]
    limit: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
    #[serde(borrow)]
    reply_to: Option<&'a RawValue>,
    #[serde(borrow)]
    client_id: Option<&'a RawValue>,
    #[serde(borrow)]
    seq: Option<&'a RawValue>,
    #[serde(borrow)]
    emoji: Option<&'a RawValue>,
    #[serde(borrow)]
    on: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(skip)]
    pub text_chars: usize,
}

type Checked<T> = Result<T, Refusal>;

pub(super) fn invalid(field: &'static str, rule: &'static str) -> Refusal {
    Refusal::because(Code::InvalidField, format!("`{field}` must be {rule}.")).field(field)
}

fn missing(field: &'static str) -> Refusal {
    Refusal::because(Code::MissingField, format!("The field `{field}` is missing.")).field(field)
}

/// A JSON string, without a copy where nothing is escaped.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text>(raw.get()).ok().map(|text| text.0)
}

fn text_of<'a>(raw: Option<&'a RawValue>, field: &'static str) -> Checked<Option<Cow<'a, str>>> {
    raw.map(|raw| string(raw).ok_or_else(|| invalid(field, "a string of Unicode text"))).transpose()
}

fn number(raw: Option<&RawValue>, field: &'static str) -> Checked<Option<u64>> {
    raw.map(|raw| {
        let number = serde_json::from_str::<u64>(raw.get()).ok();
        // The log's places are SQLite integers.
        let number = number.filter(|n| i64::try_from(*n).is_ok());
        number.ok_or_else(|| invalid(field, "a whole number of at least 0"))
    })
    .transpose()
}

impl Fields<'_> {
    fn room(&self) -> Checked<Option<RoomName>> {
        let Some(text) = text_of(self.room, "room")? else { return Ok(None) };
        let room = RoomName::parse(&text).ok_or_else(|| {
            let message = format!("A room's name is {}.", RoomName::RULE);
            Refusal::because(Code::RoomInvalid, message).field("room")
        })?;
        Ok(Some(room))
    }

    fn nick(&self) -> Checked<Nick> {
        let text = text_of(self.nick, "nick")?.ok_or_else(|| missing("nick"))?;
        parse_nick(&text)
    }

    fn seq(&self) -> Checked<u64> {
        number(self.seq, "seq")?.ok_or_else(|| missing("seq"))
    }

    fn limit(&self, least: u64) -> Checked<usize> {
        let limit = number(self.limit, "limit")?.unwrap_or(DEFAULT_LIMIT);
        if !(least..=MAX_LIMIT).contains(&limit) {
            let rule = if least == 0 {
                "a whole number from 0 to 200"
            } else {
                "a whole number from 1 to 200"
            };
            return Err(invalid("limit", rule));
        }
        Ok(limit as usize)
    }

    fn on(&self) -> Checked<bool> {
        let Some(raw) = self.on else { return Ok(true) };
        serde_json::from_str(raw.get()).map_err(|_| invalid("on", "true or false"))
    }

    fn message_text(&self) -> Checked<MessageText> {
        let text = text_of(self.text, "text")?.ok_or_else(|| missing("text"))?;
        parse_text(&text, self.text_chars)
    }

    /// A text that pictures do not need.
    fn caption(&self) -> Checked<MessageText> {
        let text = text_of(self.text, "text")?.unwrap_or_default();
        parse_caption(&text, self.text_chars)
    }

    fn client_id(&self) -> Checked<Option<ClientId>> {
        let Some(text) = text_of(self.client_id, "client_id")? else { return Ok(None) };
        parse_client_id(&text).map(Some)
    }

    fn images(&self) -> Checked<Vec<ImageId>> {
        let Some(raw) = self.images else { return Ok(Vec::new()) };
        let rule = "a list of upload ids, each once";
        let texts: Vec<Cow<'_, str>> =
            serde_json::from_str(raw.get()).map_err(|_| invalid("images", rule))?;
        if texts.len() > MAX_IMAGES {
            return Err(Refusal::new(Code::TooManyImages).field("images"));
        }
        let mut ids = Vec::with_capacity(texts.len());
        for text in texts {
            let unknown = || Refusal::new(Code::ImageNotFound).field("images");
            let id = ImageId::parse(&text).ok_or_else(unknown)?;
            if ids.contains(&id) {
                return Err(invalid("images", rule));
            }
            ids.push(id);
        }
        Ok(ids)
    }

    pub fn hello(&self) -> Checked<Request> {
        if let Some(token) = text_of(self.resume, "resume")? {
            return Ok(Request::Hello(Hello::Resume(token.into_owned())));
        }
        if let Some(token) = text_of(self.token, "token")? {
            return Ok(Request::Hello(Hello::Token(token.into_owned())));
        }
        self.nick().map(|nick| Request::Hello(Hello::Nick(nick)))
    }

    pub fn join(&self) -> Checked<Request> {
        let rule = "an object with `epoch` (a string) and `seq` (a whole number)";
        let after = self.after.map(|raw| after(raw).ok_or_else(|| invalid("after", rule)));
        Ok(Request::Join { room: self.room()?, after: after.transpose()?, limit: self.limit(0)? })
    }

    pub fn leave(&self) -> Checked<Request> {
        Ok(Request::Leave { room: self.room()? })
    }

    pub fn send(&self) -> Checked<Request> {
        let room = self.room()?;
        let images = self.images()?;
        let text = if images.is_empty() { self.message_text()? } else { self.caption()? };
        let reply_to = number(self.reply_to, "reply_to")?;
        let draft = Draft { text, images, reply_to, client_id: self.client_id()? };
        Ok(Request::Send { room, draft })
    }

    pub fn edit(&self) -> Checked<Request> {
        Ok(Request::Edit { room: self.room()?, seq: self.seq()?, text: self.message_text()? })
    }

    pub fn delete(&self) -> Checked<Request> {
        Ok(Request::Delete { room: self.room()?, seq: self.seq()? })
    }

    pub fn react(&self) -> Checked<Request> {
        let text = text_of(self.emoji, "emoji")?.ok_or_else(|| missing("emoji"))?;
        let rule = "1 to 16 characters without space";
        let emoji = Emoji::new(&text).map_err(|_| invalid("emoji", rule))?;
        Ok(Request::React { room: self.room()?, seq: self.seq()?, emoji, on: self.on()? })
    }

    pub fn topic(&self) -> Checked<Request> {
        let text = text_of(self.topic, "topic")?.ok_or_else(|| missing("topic"))?;
        let topic = Topic::new(&text).map_err(|unfit| match unfit {
            Unfit::TooLong => {
                Refusal::because(Code::TextTooLong, "A topic has at most 256 characters.")
                    .field("topic")
            }
            Unfit::Empty | Unfit::Characters => invalid("topic", "one line of text"),
        })?;
        Ok(Request::Topic { room: self.room()?, topic })
    }

    pub fn rename(&self) -> Checked<Request> {
        Ok(Request::Rename { nick: self.nick()? })
    }

    pub fn typing(&self) -> Checked<Request> {
        Ok(Request::Typing { room: self.room()?, on: self.on()? })
    }

    pub fn rooms(&self) -> Checked<Request> {
        Ok(Request::Rooms)
    }

    pub fn members(&self) -> Checked<Request> {
        Ok(Request::Members { room: self.room()? })
    }

    pub fn history(&self) -> Checked<Request> {
        let page = match (number(self.before, "before")?, number(self.after, "after")?) {
            (None, None) => Page::Latest,
            (Some(seq), None) => Page::Before(seq),
            (None, Some(seq)) => Page::After(seq),
            (Some(_), Some(_)) => return Err(invalid("before", "left out where `after` is given")),
        };
        Ok(Request::History { room: self.room()?, page, limit: self.limit(1)? })
    }

    pub fn ping(&self) -> Checked<Request> {
        Ok(Request::Ping)
    }

    pub fn help(&self) -> Checked<Request> {
        let topic = text_of(self.topic, "topic")?.map(Cow::into_owned);
        let known = |name: &String| super::COMMANDS.iter().any(|row| row.name == name);
        if topic.as_ref().is_some_and(|name| !known(name)) {
            return Err(invalid("topic", "the type of a request, or left out for all of them"));
        }
        Ok(Request::Help { topic })
    }

    /// Requests that come with accounts.
    pub fn account(&self) -> Checked<Request> {
        Err(Refusal::new(Code::LoginRequired))
    }
}

fn after(raw: &RawValue) -> Option<After> {
    #[derive(Deserialize)]
    struct Wire {
        epoch: String,
        seq: u64,
    }
    let wire: Wire = raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())??;
    i64::try_from(wire.seq).ok()?;
    Some(After { epoch: Epoch(wire.epoch), seq: wire.seq })
}
