//! Plain HTTP requests, and what came back.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::HeaderMap;
use ureq::{Agent, Body, http};

use super::{PATIENCE, Refusal, TestApp};

/// A response, read to its end.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as text; bytes that are none are replaced.
    pub body: String,
    /// The body.
    pub bytes: Vec<u8>,
}

pub(super) fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(PATIENCE + Duration::from_secs(5))).proxy(None).build().into()
}

impl Answer {
    fn read(response: http::Response<Body>) -> Result<Self, ureq::Error> {
        let (parts, mut body) = response.into_parts();
        let bytes = body.with_config().limit(u64::MAX).read_to_vec()?;
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, body, bytes })
    }

    /// An answer that was read to the end of its connection.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = memchr::memmem::find(bytes, b"\r\n\r\n").expect("a head has an end");
        let head = std::str::from_utf8(&bytes[..end]).expect("heads are ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| {
            (name.parse().expect("a header's name"), value.parse().expect("its value"))
        });
        let mut parsed = HeaderMap::new();
        headers.for_each(|(name, value): (http::HeaderName, _)| {
            parsed.append(name, value);
        });
        let bytes = bytes[end + 4..].to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: status.expect("a status line"), headers: parsed, body, bytes }
    }

    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// The JSON that came with `status`.
    pub fn json<T: DeserializeOwned>(&self, status: u16) -> T {
        assert_eq!((self.status, self.header("content-type")), (status, "application/json"));
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The problem document that came with `status` and `code`.
    pub fn refused(&self, status: u16, code: &str) -> Refusal {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_str(&self.body).expect("a problem is JSON");
        assert_eq!((&problem["type"], &problem["status"]), (&"about:blank".into(), &status.into()));
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        let refusal: Refusal = serde_json::from_value(problem).expect("a problem tells");
        assert_eq!(refusal.code, code, "{}", refusal.message);
        assert!(refusal.message.ends_with('.') || refusal.message.contains(':'));
        refusal
    }
}

impl TestApp {
    /// `GET`.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Any method, with headers and a body.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.try_ask(method, path, headers, body).expect("the server answers")
    }

    /// The same of a server that may be gone.
    pub fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Result<Answer, ureq::Error> {
        if self.certificate.is_some() {
            let bytes = self.ask_encrypted(method, path, headers, &body.into())?;
            return Ok(Answer::parse(&bytes));
        }
        let mut request = http::Request::builder().method(method).uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("the test writes requests well");
        let request = self.agent.configure_request(request).allow_non_standard_methods(true);
        self.agent.run(request.build()).and_then(Answer::read)
    }

    /// Posts a message.
    pub fn post(&self, room: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask("POST", &format!("/api/v1/rooms/{room}/messages{query}"), headers, body)
    }
}
