//! A room's Server-Sent Events as a browser's `EventSource` would read them.

use std::io::{BufRead, BufReader};

use ureq::BodyReader;

use super::{Event, TestApp};

/// One dispatched event.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub id: String,
    pub event: String,
    pub data: String,
}

impl Told {
    /// The log's event that it carries.
    pub fn log_event(&self) -> Event {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// An open stream.
pub struct EventStream {
    lines: BufReader<BodyReader<'static>>,
    /// Comment lines so far: the heartbeat.
    pub comments: usize,
    last_id: String,
}

impl TestApp {
    /// Opens the stream of `room`, after the event with this id if there is one.
    pub fn stream(&self, room: &str, last_event_id: Option<&str>) -> EventStream {
        self.stream_with(room, last_event_id.map(|id| ("Last-Event-ID", id.to_owned())))
    }

    /// Opens the stream of `room` for the holder of a token.
    pub fn stream_as(&self, token: &str, room: &str) -> EventStream {
        self.stream_with(room, Some(("Authorization", format!("Bearer {token}"))))
    }

    fn stream_with(&self, room: &str, header: Option<(&str, String)>) -> EventStream {
        let mut request = self.agent.get(self.url(&format!("/api/v1/rooms/{room}/stream")));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = request.call().expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let lines = BufReader::new(response.into_body().into_reader());
        let mut stream = EventStream { lines, comments: 0, last_id: String::new() };
        // The first comment says that the stream listens.
        while stream.comments == 0 {
            assert!(stream.line().is_some());
        }
        stream
    }
}

impl EventStream {
    /// A line without its end; `None` at the end of the stream.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("the stream is UTF-8 and in time");
        if line.starts_with(':') {
            self.comments += 1;
        }
        (read > 0).then(|| line.trim_end_matches('\n').to_owned())
    }

    /// The next event; `None` at the end of the stream.
    pub fn next(&mut self) -> Option<Told> {
        let (mut event, mut data) = (String::new(), Vec::new());
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                _ if line.is_empty() && !data.is_empty() => {
                    return Some(Told { id: self.last_id.clone(), event, data: data.join("\n") });
                }
                Some(("id", value)) => self.last_id = value.to_owned(),
                Some(("event", value)) => event = value.to_owned(),
                Some(("data", value)) => data.push(value.to_owned()),
                _ => assert!(line.is_empty() || line.starts_with(':'), "{line}"),
            }
        }
    }

    /// Waits for a comment line.
    pub fn heartbeat(&mut self) {
        let before = self.comments;
        while self.comments == before {
            assert!(self.line().is_some(), "the stream ended");
        }
    }
}
