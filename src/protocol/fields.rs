//! The fields of a client frame: taken from the wire as they stand, checked one by one.
//!
//! Past this file a request cannot be built wrong. Whatever is missing or does not fit is told
//! with its name, its rule and a frame that would have worked.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::code::{Code, Refusal};
use super::order::{MAX_MINUTES, MAX_SECONDS, MUTE_SECONDS, Order, Patch};
use super::request::{After, Draft, Hello, Page, Request};
use super::words::{
    parse_caption, parse_client_id, parse_nick, parse_reason, parse_room, parse_text,
};
use crate::model::{
    ClientId, Emoji, Epoch, ImageId, KEEP_RULE, MessageText, Nick, Reason, Role, RoomName,
    RoomSettings, TokenHash, Topic, Unfit, Visibility,
};

/// How many events `join` and `history` give unless told otherwise.
const DEFAULT_LIMIT: u64 = 50;
/// How many they give at most.
pub const MAX_LIMIT: u64 = 200;
/// How many pictures one message may have.
const MAX_IMAGES: usize = 10;
/// How often an invitation works at most.
const MAX_USES: u32 = 10_000;
/// How long an invitation works where nobody says, in seconds: a week.
const INVITE_SECONDS: u64 = 7 * 86_400;

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
    #[serde(borrow)]
    invite: Option<&'a RawValue>,
    #[serde(borrow)]
    visibility: Option<&'a RawValue>,
    #[serde(borrow)]
    history: Option<&'a RawValue>,
    #[serde(borrow)]
    uses: Option<&'a RawValue>,
    #[serde(borrow)]
    seconds: Option<&'a RawValue>,
    #[serde(borrow)]
    minutes: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    everywhere: Option<&'a RawValue>,
    #[serde(borrow)]
    address: Option<&'a RawValue>,
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    guests: Option<&'a RawValue>,
    #[serde(borrow)]
    slow_s: Option<&'a RawValue>,
    #[serde(borrow)]
    topic_locked: Option<&'a RawValue>,
    #[serde(borrow)]
    image: Option<&'a RawValue>,
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
        text_of(self.room, "room")?.map(|text| parse_room(&text)).transpose()
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
        flag(self.on, "on").map(|on| on.unwrap_or(true))
    }

    fn reason(&self) -> Checked<Reason> {
        parse_reason(&text_of(self.reason, "reason")?.unwrap_or_default())
    }

    /// For how long; for good if it says nothing.
    fn seconds(&self) -> Checked<Option<u64>> {
        let seconds = number(self.seconds, "seconds")?;
        if seconds.is_some_and(|seconds| !(1..=MAX_SECONDS).contains(&seconds)) {
            return Err(invalid("seconds", "a whole number from 1 to 316224000 (ten years)"));
        }
        Ok(seconds)
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
        if self.nick.is_none() {
            return Ok(Request::Hello(Hello::Known));
        }
        self.nick().map(|nick| Request::Hello(Hello::Nick(nick)))
    }

    pub fn join(&self) -> Checked<Request> {
        let rule = "an object with `epoch` (a string) and `seq` (a whole number)";
        let after = self.after.map(|raw| after(raw).ok_or_else(|| invalid("after", rule)));
        let invite = text_of(self.invite, "invite")?.map(|secret| TokenHash::of(&secret));
        let (room, limit) = (self.room()?, self.limit(0)?);
        Ok(Request::Join { room, after: after.transpose()?, limit, invite })
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

    pub fn read(&self) -> Checked<Request> {
        Ok(Request::Read { room: self.room()?, seq: self.seq()? })
    }

    pub fn report(&self) -> Checked<Request> {
        Ok(Request::Report { room: self.room()?, seq: self.seq()?, reason: self.reason()? })
    }

    pub fn create(&self) -> Checked<Request> {
        let room = self.room()?.ok_or_else(|| missing("room"))?;
        let visibility = self.visibility()?.unwrap_or_default();
        let history = match text_of_number(self.history, "history")? {
            Some(text) => Some(text.parse().map_err(|_| invalid("history", KEEP_RULE))?),
            None => None,
        };
        Ok(Request::Create { room, visibility, history })
    }

    fn visibility(&self) -> Checked<Option<Visibility>> {
        let Some(text) = text_of(self.visibility, "visibility")? else { return Ok(None) };
        text.parse().map(Some).map_err(|()| invalid("visibility", "open or private"))
    }

    pub fn invite(&self) -> Checked<Request> {
        let uses = number(self.uses, "uses")?.unwrap_or(1);
        let uses = u32::try_from(uses).ok().filter(|uses| (1..=MAX_USES).contains(uses));
        let uses = uses.ok_or_else(|| invalid("uses", "a whole number from 1 to 10000"))?;
        let seconds = self.seconds()?.unwrap_or(INVITE_SECONDS);
        Ok(Request::Invite { room: self.room()?, uses, seconds })
    }

    fn order(&self, order: Order) -> Checked<Request> {
        Ok(Request::Moderate { room: self.room()?, order })
    }

    pub fn kick(&self) -> Checked<Request> {
        let (nick, seconds, reason) = (self.nick()?, self.seconds()?, self.reason()?);
        self.order(Order::Kick { nick, seconds, reason })
    }

    pub fn mute(&self) -> Checked<Request> {
        let seconds = self.seconds()?.unwrap_or(MUTE_SECONDS);
        self.order(Order::Mute { nick: self.nick()?, seconds, reason: self.reason()? })
    }

    pub fn unmute(&self) -> Checked<Request> {
        self.order(Order::Unmute { nick: self.nick()? })
    }

    fn everywhere(&self) -> Checked<bool> {
        Ok(flag(self.everywhere, "everywhere")?.unwrap_or(false))
    }

    pub fn ban(&self) -> Checked<Request> {
        let (nick, seconds, reason) = (self.nick()?, self.seconds()?, self.reason()?);
        let address = flag(self.address, "address")?.unwrap_or(true);
        let everywhere = self.everywhere()?;
        self.order(Order::Ban { nick, seconds, reason, everywhere, address })
    }

    pub fn unban(&self) -> Checked<Request> {
        self.order(Order::Unban { nick: self.nick()?, everywhere: self.everywhere()? })
    }

    pub fn role(&self) -> Checked<Request> {
        let text = text_of(self.role, "role")?.ok_or_else(|| missing("role"))?;
        let everywhere = self.everywhere()?;
        let role = match (&*text, text.parse()) {
            ("none", _) if !everywhere => None,
            (_, Ok(role)) if role != Role::Guest && (everywhere || role != Role::Owner) => {
                Some(role)
            }
            _ if everywhere => return Err(invalid("role", "owner, moderator or member")),
            _ => return Err(invalid("role", "moderator, member or none")),
        };
        self.order(Order::Role { nick: self.nick()?, role, everywhere })
    }

    pub fn remove(&self) -> Checked<Request> {
        let minutes = number(self.minutes, "minutes")?.ok_or_else(|| missing("minutes"))?;
        if !(1..=MAX_MINUTES).contains(&minutes) {
            return Err(invalid("minutes", "a whole number from 1 to 10080 (a week)"));
        }
        self.order(Order::Remove { nick: self.nick()?, minutes, reason: self.reason()? })
    }

    pub fn settings(&self) -> Checked<Request> {
        let slow_s = number(self.slow_s, "slow_s")?.map(|seconds| {
            let seconds = u32::try_from(seconds).ok();
            let seconds = seconds.filter(|seconds| *seconds <= RoomSettings::MAX_SLOW_S);
            seconds.ok_or_else(|| invalid("slow_s", "a whole number from 0 to 21600"))
        });
        let patch = Patch {
            visibility: self.visibility()?,
            guests: flag(self.guests, "guests")?,
            slow_s: slow_s.transpose()?,
            topic_locked: flag(self.topic_locked, "topic_locked")?,
        };
        if patch == Patch::default() {
            return Err(missing("slow_s"));
        }
        self.order(Order::Settings(patch))
    }

    pub fn approve(&self) -> Checked<Request> {
        let text = text_of(self.image, "image")?.ok_or_else(|| missing("image"))?;
        let unknown = || Refusal::new(Code::ImageNotFound).field("image");
        let image = ImageId::parse(&text).ok_or_else(unknown)?;
        self.order(Order::Approve { seq: self.seq()?, image })
    }

    pub fn sanctions(&self) -> Checked<Request> {
        self.order(Order::Sanctions)
    }

    pub fn reports(&self) -> Checked<Request> {
        self.order(Order::Reports)
    }

    pub fn dismiss(&self) -> Checked<Request> {
        self.order(Order::Dismiss { seq: self.seq()? })
    }
}

fn flag(raw: Option<&RawValue>, field: &'static str) -> Checked<Option<bool>> {
    raw.map(|raw| serde_json::from_str(raw.get()).map_err(|_| invalid(field, "true or false")))
        .transpose()
}

/// A text, or a whole number as one would type it.
fn text_of_number<'a>(
    raw: Option<&'a RawValue>,
    field: &'static str,
) -> Checked<Option<Cow<'a, str>>> {
    match raw {
        Some(raw) if raw.get().bytes().all(|b| b.is_ascii_digit()) => Ok(Some(raw.get().into())),
        raw => text_of(raw, field),
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
