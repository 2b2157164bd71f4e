//! Client frames: every text is a request that keeps the rules, or is refused with what would have
//! worked.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::model::{ClientId, Emoji, Reason, RoomSettings, Topic};
use crate::protocol::{
    Decoded, MAX_LIMIT, MAX_MINUTES, MAX_SECONDS, Order, Page, Refusal, Request, decode, wire,
};

/// Characters of a text, few enough to be reached.
const TEXT_CHARS: usize = 20;
/// Characters of an id.
const ID_CHARS: usize = 64;

/// Any text is decoded or refused, both in order; JSON that another parser does not take is never
/// taken here, and space around a frame and fields that nobody knows change nothing.
pub fn requests(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Decoded { id, command, request } = decode(&text, TEXT_CHARS);
    // Of a field that nobody knows only the grammar counts: it may hold half a surrogate pair.
    let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
    if let Some(id) = &id {
        let id: Value = serde_json::from_slice(&wire::json(id)).expect("an id comes back as JSON");
        assert!(id.as_str().is_none_or(|text| text.chars().count() <= ID_CHARS), "{id}");
    }
    match &request {
        Ok(request) => {
            assert!(is_json && command.is_some(), "{request:?} from what is no JSON");
            in_order(request);
        }
        Err(refusal) => teaches(refusal),
    }
    let spaced = decode(&format!(" \t{text}\r\n"), TEXT_CHARS);
    assert_eq!(spaced.request.is_ok(), request.is_ok(), "space around it changes something");
    if let (Ok(request), Some(inside)) = (&request, text.trim_ascii_end().strip_suffix('}')) {
        let more = decode(&format!("{inside},\"\u{2603}\":[{{}}]}}"), TEXT_CHARS);
        assert_eq!(more.request.as_ref(), Ok(request), "an unknown field changes something");
    }
}

/// What came through the door keeps every bound.
fn in_order(request: &Request) {
    let fits = |text: &str, most: usize| text.chars().count() <= most;
    let good = match request {
        Request::Send { draft, .. } => {
            let key = draft.client_id.as_ref().map_or("", ClientId::as_str);
            fits(draft.text.as_str(), TEXT_CHARS)
                && fits(key, ClientId::MAX_CHARS)
                && (!draft.images.is_empty() || !draft.text.as_str().is_empty())
                && place(draft.reply_to.unwrap_or(0))
        }
        Request::Edit { text, seq, .. } => fits(text.as_str(), TEXT_CHARS) && place(*seq),
        Request::Delete { seq, .. } | Request::Read { seq, .. } => place(*seq),
        Request::Report { seq, reason, .. } => {
            place(*seq) && fits(reason.as_str(), Reason::MAX_CHARS)
        }
        Request::Invite { uses, seconds, .. } => *uses > 0 && (1..=MAX_SECONDS).contains(seconds),
        Request::Moderate { order, .. } => bounded(order),
        Request::React { seq, emoji, .. } => fits(emoji.as_str(), Emoji::MAX_CHARS) && place(*seq),
        Request::Topic { topic, .. } => fits(topic.as_str(), Topic::MAX_CHARS),
        Request::Join { after, limit, .. } => {
            *limit as u64 <= MAX_LIMIT && after.as_ref().is_none_or(|after| place(after.seq))
        }
        Request::History { page, limit, .. } => {
            let (Page::Before(seq) | Page::After(seq)) = *page else { return };
            *limit as u64 <= MAX_LIMIT && place(seq)
        }
        _ => true,
    };
    assert!(good, "{request:?}");
}

/// An order is about a bounded time, and its reason is short.
fn bounded(order: &Order) -> bool {
    let time = |seconds: u64| (1..=MAX_SECONDS).contains(&seconds);
    let short = |reason: &Reason| reason.as_str().chars().count() <= Reason::MAX_CHARS;
    match order {
        Order::Kick { seconds, reason, .. } | Order::Ban { seconds, reason, .. } => {
            seconds.is_none_or(time) && short(reason)
        }
        Order::Mute { seconds, reason, .. } => time(*seconds) && short(reason),
        Order::Remove { minutes, reason, .. } => {
            (1..=MAX_MINUTES).contains(minutes) && short(reason)
        }
        Order::Approve { seq, .. } | Order::Dismiss { seq } => place(*seq),
        Order::Settings(patch) => patch.slow_s.is_none_or(|s| s <= RoomSettings::MAX_SLOW_S),
        _ => true,
    }
}

/// A place in a log is a number that the store can hold.
fn place(seq: u64) -> bool {
    i64::try_from(seq).is_ok()
}

/// A refusal is short, names its field, and its example works.
fn teaches(refusal: &Refusal) {
    assert!(!refusal.message.is_empty() && refusal.message.len() < 600, "{refusal:?}");
    assert!(!refusal.message.contains(char::is_control), "{refusal:?}");
    if let Some(example) = refusal.example {
        assert!(decode(example, 4000).request.is_ok(), "{example} does not work");
    }
    wire::json(&refusal.message.as_ref());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;
    use crate::protocol::COMMANDS;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            "\\PC{0,24}".prop_map(Value::from),
            prop::sample::select(vec!["lobby", "ada", "a b", "👍", "", " "]).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop::sample::select(vec![i64::MAX as u64, 1 << 63, u64::MAX]).prop_map(Value::from),
            (0u64..300).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
            Just(json!({ "epoch": "abc", "seq": 7 })),
            Just(json!(["u_00000000000000000000000000000000"])),
        ]
    }

    /// A frame of a known type: its example with some of its fields changed, rightly or wrongly.
    fn frame() -> impl Strategy<Value = String> {
        prop::sample::select((0..COMMANDS.len()).collect::<Vec<_>>()).prop_flat_map(|row| {
            let row = &COMMANDS[row];
            let names = row.fields.iter().map(|field| field.name).chain(["id"]).collect::<Vec<_>>();
            let changes = prop::collection::vec((prop::sample::select(names), value()), 0..3);
            changes.prop_map(|changes| {
                let frame = serde_json::from_str(row.example);
                let mut frame: Map<String, Value> = frame.expect("an example is an object");
                frame.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
                Value::from(frame).to_string()
            })
        })
    }

    proptest! {
        #[test]
        fn any_text_is_a_request_that_keeps_the_rules_or_is_taught(text in "\\PC{0,80}") {
            requests(text.as_bytes());
        }

        #[test]
        fn any_fields_are_a_request_that_keeps_the_rules_or_are_taught(frame in frame()) {
            requests(frame.as_bytes());
        }

        #[test]
        fn a_frame_that_was_damaged_on_its_way_is_taught(
            frame in frame(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = frame.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            requests(&bytes);
            requests(&bytes[..at]);
        }
    }
}
