//! A log entry as the JSON that every member, every reader and every late joiner sees.

use bytes::Bytes;
use serde::Serialize;

use crate::model::{Body, Event, Image, Nick, RoomName, Timestamp};

#[derive(Serialize)]
struct EventFrame<'a> {
    r#type: &'static str,
    room: &'a RoomName,
    seq: u64,
    at: Timestamp,
    from: From<'a>,
    #[serde(flatten)]
    body: &'a Body,
}

#[derive(Serialize)]
struct From<'a> {
    nick: &'a Nick,
    guest: bool,
}

/// `{"type":…,"room":…,"seq":…,"at":…,"from":{…},…}`: the one form in which an event leaves.
pub fn event_json(room: &RoomName, event: &Event) -> Bytes {
    let frame = EventFrame {
        r#type: event.body.kind(),
        room,
        seq: event.seq,
        at: event.at,
        from: From { nick: &event.author.nick, guest: event.author.guest },
        body: &event.body,
    };
    super::wire::json(&frame).into()
}

/// The answer to an upload: the picture, and what its file said of its sender and says no more.
pub fn uploaded_json(image: &Image, metadata_removed: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Uploaded<'a, R> {
        #[serde(flatten)]
        image: &'a Image,
        metadata_removed: &'a R,
    }
    super::wire::json(&Uploaded { image, metadata_removed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, MessageText, UserId};

    #[test]
    fn an_event_is_one_readable_line() {
        let event = Event {
            seq: 7,
            at: Timestamp(0),
            author: Author { user: UserId(1), nick: Nick::parse("ada").unwrap(), guest: true },
            body: Body::message(MessageText::new("hi", 9).unwrap(), None, None),
        };
        let json = event_json(&RoomName::parse("lobby").unwrap(), &event);
        assert_eq!(
            std::str::from_utf8(&json).unwrap(),
            concat!(
                r#"{"type":"message","room":"lobby","seq":7,"at":"1970-01-01T00:00:00.000Z","#,
                r#""from":{"nick":"ada","guest":true},"text":"hi"}"#
            )
        );
    }
}
