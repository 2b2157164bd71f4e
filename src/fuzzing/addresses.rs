//! What an address says behind its `?`, and `Last-Event-ID`: read as it was meant, or refused.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Query;
use serde_json::Value;

use super::pieces::Tape;
use crate::protocol::{Code, MAX_LIMIT, Page, decode};
use crate::session::scripted;
use crate::web::{Part, last_event_id};

/// Any query and any header are understood or refused with their code; what was understood means
/// the same when it is written again.
pub fn addresses(data: &[u8]) {
    let mut tape = Tape(data);
    let door = tape.byte();
    let text = String::from_utf8_lossy(tape.0);
    match door % 4 {
        0 => upgrade(&text, false),
        1 => events(&text),
        2 => resumed(tape.0),
        _ => upgrade(&text, true),
    }
}

/// `?nick=&room=` of an upgrade; who shows a login may leave `nick` out.
fn upgrade(query: &str, knows_who: bool) {
    let frames = match scripted(Some(query), knows_who) {
        Ok(frames) => frames,
        Err(refusal) => return assert_eq!(refusal.code, Code::InvalidField),
    };
    assert!(frames.len() <= 2);
    let said = frames.iter().zip(["hello", "join"]).zip(["nick", "room"]);
    let said = said.filter_map(|((frame, kind), field)| {
        let decoded = decode(frame, 1);
        assert_eq!(decoded.command.map(|row| row.name), Some(kind), "{frame}");
        if let Err(refusal) = decoded.request {
            let nameless = knows_who && refusal.code == Code::MissingField;
            let is_no_name = matches!(refusal.code, Code::NickInvalid | Code::RoomInvalid);
            assert!(nameless || is_no_name, "{refusal:?}");
        }
        let frame: Value = serde_json::from_str(frame).expect("a scripted frame is JSON");
        let word = frame.get(field).and_then(Value::as_str);
        assert!(word.is_some() || (knows_who && kind == "hello"), "{frame} has no {field}");
        word.map(|word| format!("{field}={}", encoded(word)))
    });
    let again = said.collect::<Vec<_>>().join("&");
    assert_eq!(scripted(Some(&again), knows_who), Ok(frames), "{again}");
}

/// `?after=&before=&limit=` of a log.
fn events(query: &str) {
    let Some((page, limit)) = part(query) else { return };
    assert!((1..=MAX_LIMIT).contains(&(limit as u64)), "{limit} events");
    let again = match page {
        Page::Latest => format!("limit={limit}"),
        Page::Before(seq) => format!("limit={limit}&before={seq}"),
        Page::After(seq) => format!("limit={limit}&after={seq}"),
    };
    assert_eq!(part(&again), Some((page, limit)), "{again}");
    let (Page::Before(seq) | Page::After(seq)) = page else { return };
    assert!(i64::try_from(seq).is_ok(), "the store has no place {seq}");
}

fn part(query: &str) -> Option<(Page, usize)> {
    let part = Query::<Part>::from_query(query).ok()?.into_inner().page();
    part.inspect_err(|refusal| assert_eq!(refusal.code, Code::InvalidField)).ok()
}

/// The header of a stream that goes on.
fn resumed(header: &[u8]) {
    let read = |value: &[u8]| {
        let value = HeaderValue::from_bytes(value).ok()?;
        let name = HeaderName::from_static("last-event-id");
        let headers = HeaderMap::from_iter([(name, value)]);
        let after = last_event_id(&headers);
        after.inspect_err(|refused| assert_eq!(refused.code(), Code::InvalidField)).ok()?
    };
    let Some(after) = read(header) else { return };
    assert!(i64::try_from(after.seq).is_ok() && !after.epoch.0.contains(['\r', '\n', ':']));
    let again = format!("{}:{}", after.epoch, after.seq);
    assert_eq!(read(again.as_bytes()), Some(after), "{again:?}");
}

/// Every byte of a word as an address may always say it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Fields that a query may have, and others, with values that fit and others.
    fn query() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["nick", "room", "after", "before", "limit", "x", ""]);
        let value = prop_oneof![
            "\\PC{0,12}",
            "\\PC{0,12}".prop_map(|text| encoded(&text)),
            "(%[0-9a-fA-F]{0,2}|[+&=;a]){0,6}",
            any::<u64>().prop_map(|number| number.to_string()),
            (0..300u64).prop_map(|number| number.to_string()),
        ];
        let pair = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
        prop::collection::vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
    }

    proptest! {
        #[test]
        fn any_query_is_read_as_it_was_meant_or_refused(
            door in prop::sample::select(vec![0u8, 1, 3]),
            query in query(),
        ) {
            addresses(&[&[door][..], query.as_bytes()].concat());
        }

        #[test]
        fn any_nick_and_room_in_an_address_arrive_as_they_were_written(
            nick in any::<String>(),
            room in any::<String>(),
        ) {
            let query = format!("nick={}&room={}", encoded(&nick), encoded(&room));
            let frames = scripted(Some(&query), false).expect("each is said once");
            let said = |at: usize| serde_json::from_str::<Value>(&frames[at]).expect("it is JSON");
            prop_assert_eq!(&said(0)["nick"], &nick);
            prop_assert_eq!(&said(1)["room"], &room);
        }

        #[test]
        fn any_last_event_id_is_a_place_or_refused(
            id in prop_oneof!["\\PC{0,20}", "[a-z0-9]{0,12}:[+-]?[0-9]{0,21}"],
        ) {
            addresses(&[&[2][..], id.as_bytes()].concat());
        }
    }
}
