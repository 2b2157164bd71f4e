//! A room's log as the tests look at it.

use super::{Event, History, TestApp};

/// The places of `events`.
pub fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

/// The texts of the messages among `events`.
pub fn texts(events: &[Event]) -> Vec<String> {
    let messages = events.iter().filter(|event| event.r#type == "message");
    messages.map(|event| event.text.clone().expect("a message has a text")).collect()
}

/// Fails unless the places of `events` are `first`, `first + 1`, …
pub fn assert_dense(events: &[Event], first: u64) {
    let expected: Vec<u64> = (first..first + events.len() as u64).collect();
    assert_eq!(seqs(events), expected);
}

/// The whole log of a room over HTTP, page by page.
pub fn log(app: &TestApp, room: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.seq);
        let path = format!("/api/v1/rooms/{room}/events?after={after}&limit=200");
        let page: History = app.get(&path).json(200);
        events.extend(page.events);
        if !page.more {
            return events;
        }
    }
}
