//! From the text of a client frame to a request, or to a refusal that teaches.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::code::{Code, Refusal};
use super::commands::{COMMANDS, Command};
use super::fields::{Fields, string};
use super::request::Request;

/// The `id` of a client frame, exactly as it was written: a string or an integer.
#[derive(Clone, Debug)]
pub struct ReplyId(Box<RawValue>);

impl ReplyId {
    /// The longest id, in characters.
    pub const MAX_CHARS: usize = 64;

    fn new(raw: &RawValue) -> Option<Self> {
        let digits = raw.get().strip_prefix('-').unwrap_or(raw.get());
        let fits = match string(raw) {
            Some(text) => text.chars().count() <= Self::MAX_CHARS,
            None => {
                raw.get().len() <= Self::MAX_CHARS && digits.bytes().all(|b| b.is_ascii_digit())
            }
        };
        fits.then(|| Self(raw.to_owned()))
    }
}

impl Serialize for ReplyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A client frame as far as it could be understood.
pub struct Decoded {
    /// The id that the answer carries.
    pub id: Option<ReplyId>,
    /// The row that its `type` names.
    pub command: Option<&'static Command>,
    /// What it asks for, or why that is refused.
    pub request: Result<Request, Refusal>,
}

/// How deep a frame may nest; nothing in this protocol needs more than three.
const MAX_DEPTH: usize = 32;

const EXAMPLE: &str = r#"{"type":"send","room":"lobby","text":"hi"}"#;

/// Reads one client frame; `text_chars` is the longest text it may carry.
pub fn decode(text: &str, text_chars: usize) -> Decoded {
    let mut fields = match parse(text) {
        Ok(fields) => fields,
        Err(refusal) => return Decoded { id: None, command: None, request: Err(refusal) },
    };
    fields.text_chars = text_chars;
    let (id, id_fits) = match fields.id.map(ReplyId::new) {
        None => (None, true),
        Some(id) => (id.clone(), id.is_some()),
    };
    match command(&fields) {
        Err(refusal) => Decoded { id, command: None, request: Err(refusal) },
        Ok(row) => {
            let request = if id_fits { (row.parse)(&fields) } else { Err(bad_id()) };
            let teach = |refusal: Refusal| refusal.example(row.example);
            Decoded { id, command: Some(row), request: request.map_err(teach) }
        }
    }
}

fn bad_id() -> Refusal {
    let rule = "`id` must be a string or an integer of at most 64 characters.";
    Refusal::because(Code::InvalidField, rule).field("id")
}

fn parse(text: &str) -> Result<Fields<'_>, Refusal> {
    let bad = |why: String| Refusal::because(Code::BadJson, why).example(EXAMPLE);
    if !text.trim_ascii_start().starts_with('{') {
        return Err(bad("A frame is one JSON object.".into()));
    }
    if depth(text) > MAX_DEPTH {
        return Err(bad(format!("A frame nests at most {MAX_DEPTH} deep.")));
    }
    serde_json::from_str(text).map_err(|error| bad(format!("This is not JSON: {error}.")))
}

fn command(fields: &Fields<'_>) -> Result<&'static Command, Refusal> {
    let Some(raw) = fields.kind else {
        let message = "The field `type` is missing: it says what you ask for.";
        let refusal = Refusal::because(Code::MissingField, message).field("type");
        return Err(refusal.example(EXAMPLE));
    };
    let Some(name) = string(raw) else {
        let refusal = Refusal::because(Code::InvalidField, "`type` must be a string.");
        return Err(refusal.field("type").example(EXAMPLE));
    };
    Command::named(&name).ok_or_else(|| {
        let known: Vec<&str> = COMMANDS.iter().map(|row| row.name).collect();
        let message = format!("There is no such type; there are: {}.", known.join(", "));
        Refusal::because(Code::UnknownType, message).field("type").example(r#"{"type":"help"}"#)
    })
}

/// How deep brackets nest outside of strings; the parser itself skips unknown fields unseen.
fn depth(text: &str) -> usize {
    if text.bytes().filter(|b| matches!(b, b'[' | b'{')).take(MAX_DEPTH + 1).count() <= MAX_DEPTH {
        return 0;
    }
    let (mut deepest, mut now, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Code, Option<&'static str>) {
        let refusal = decode(text, 10).request.expect_err(text);
        (refusal.code, refusal.field)
    }

    #[test]
    fn a_send_is_read_with_or_without_a_room() {
        let decoded = decode(r#"{"type":"send","id":7,"text":"hi","later":[{}]}"#, 10);
        assert_eq!(serde_json::to_string(&decoded.id).unwrap(), "7");
        assert!(matches!(decoded.request, Ok(Request::Send { room: None, .. })));
    }

    #[test]
    fn what_is_not_one_json_object_is_bad_json() {
        let deep = format!(r#"{{"type":"ping","x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        for text in [
            "",
            " ",
            "{",
            "[]",
            "null",
            "1",
            "\"hello\"",
            "{}{}",
            "{'type':'ping'}",
            "{\"type\":}",
            r#"{"type":"ping",}"#,
            r#"{"type":"ping"} x"#,
            r#"{"type":"send","text":"\ud800"#,
            r#"["ping"]"#,
            &deep,
            r#"{"type":"ping","type":"ping"}"#,
        ] {
            assert_eq!(refused(text).0, Code::BadJson, "{text:.40}");
        }
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named() {
        for (text, code, field) in [
            ("{}", Code::MissingField, "type"),
            (r#"{"type":5}"#, Code::InvalidField, "type"),
            (r#"{"type":"shout"}"#, Code::UnknownType, "type"),
            (r#"{"type":"send"}"#, Code::MissingField, "text"),
            (r#"{"type":"send","text":null}"#, Code::MissingField, "text"),
            (r#"{"type":"send","text":["x"]}"#, Code::InvalidField, "text"),
            (r#"{"type":"send","text":" "}"#, Code::TextEmpty, "text"),
            (r#"{"type":"send","text":"12345678901"}"#, Code::TextTooLong, "text"),
            (r#"{"type":"send","text":"x","room":"a b"}"#, Code::RoomInvalid, "room"),
            (r#"{"type":"send","text":"x","images":["u"]}"#, Code::ImageNotFound, "images"),
            (r#"{"type":"hello","nick":""}"#, Code::NickInvalid, "nick"),
            (r#"{"type":"edit","text":"x","seq":1.5}"#, Code::InvalidField, "seq"),
            (r#"{"type":"edit","text":"x","seq":-1}"#, Code::InvalidField, "seq"),
            (r#"{"type":"join","after":7}"#, Code::InvalidField, "after"),
            (r#"{"type":"history","limit":201}"#, Code::InvalidField, "limit"),
            (r#"{"type":"react","seq":1,"emoji":"a b"}"#, Code::InvalidField, "emoji"),
            (r#"{"type":"typing","on":"yes"}"#, Code::InvalidField, "on"),
            (r#"{"type":"ping","id":{}}"#, Code::InvalidField, "id"),
            (r#"{"type":"ping","id":1.5}"#, Code::InvalidField, "id"),
            (r#"{"type":"help","topic":"nonsense"}"#, Code::InvalidField, "topic"),
        ] {
            assert_eq!(refused(text), (code, Some(field)), "{text}");
        }
    }

    #[test]
    fn ids_have_at_most_64_characters_and_come_back_as_written() {
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "ä".repeat(64));
        assert!(decode(&long, 10).request.is_ok());
        let longer = format!(r#"{{"type":"ping","id":"{}"}}"#, "x".repeat(65));
        assert_eq!(refused(&longer), (Code::InvalidField, Some("id")));
        let digits = format!(r#"{{"type":"ping","id":-{}}}"#, "9".repeat(63));
        assert!(decode(&digits, 10).id.is_some());
    }
}
