//! What every response carries, whatever it answers; and which methods there are.

use crate::stage::{Answer, TestApp, request};

/// The headers that tell a browser what it may do with what comes from here.
const SECURITY: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", ""),
];

fn is_protected(answer: &Answer, what: &str) {
    for (name, value) in SECURITY {
        let found = answer.header(name);
        assert!(
            !found.is_empty() && (value.is_empty() || found == value),
            "{what} {name}: {found}"
        );
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
}

#[tokio::test]
async fn every_kind_of_response_is_protected() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/r/lobby", 200),
        ("GET", "/r/a%20b", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/static/../Cargo.toml", 404),
        ("GET", "/static/%2e%2e/Cargo.toml", 404),
        ("GET", "/ws", 426),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/api/v1/rooms", 200),
        ("GET", "/api/v1/rooms/lobby/events", 200),
        ("GET", "/api/v1/rooms/lobby/events?limit=0", 422),
        ("GET", "/api/v1/rooms/nowhere/events", 404),
        ("GET", "/api/v1/rooms/nowhere/stream", 404),
        ("POST", "/api/v1/rooms/lobby/messages", 401),
        ("POST", "/", 405),
        ("DELETE", "/api/v1/rooms", 405),
        ("HEAD", "/", 200),
        ("HEAD", "/nowhere", 404),
        ("OPTIONS", "/api/v1/rooms", 405),
        ("BREW", "/", 405),
    ] {
        let answer = app.ask(method, path, &[], "");
        assert_eq!(answer.status, status, "{method} {path}");
        is_protected(&answer, &format!("{method} {path}"));
        if status >= 400 && method != "HEAD" && !path.starts_with("/r/") {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        }
    }
}

#[tokio::test]
async fn a_refused_upgrade_is_protected_as_well() {
    let app = TestApp::start();
    for (path, more) in [("/ws", "Origin: null\r\n"), ("/elsewhere", "")] {
        is_protected(&app.exchange(&request(path, more)).await, path);
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_told_which_ones_are() {
    let app = TestApp::start();
    for (method, path, allow) in [
        ("POST", "/", "GET, HEAD"),
        ("PUT", "/api/v1/rooms", "GET, HEAD"),
        ("DELETE", "/api/v1/rooms/lobby/events", "GET, HEAD"),
        ("GET", "/api/v1/rooms/lobby/messages", "POST"),
        ("PATCH", "/metrics", "GET, HEAD"),
        ("POST", "/ws", "GET, HEAD"),
    ] {
        let answer = app.ask(method, path, &[], "");
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    for path in
        ["/", "/r/lobby", "/healthz", "/api/v1/rooms", "/api/v1/rooms/lobby/events", "/nowhere"]
    {
        let (get, head) = (app.get(path), app.ask("HEAD", path, &[], ""));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn head_of_a_stream_ends_although_the_stream_would_not() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let head =
        "HEAD /api/v1/rooms/lobby/stream HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
    let answer = app.exchange(head).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8");
}

#[tokio::test]
async fn what_changes_is_not_stored_by_caches() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    for path in ["/api/v1/rooms", "/api/v1/rooms/lobby/events", "/nowhere"] {
        assert_eq!(app.get(path).header("cache-control"), "no-store", "{path}");
    }
    assert_eq!(app.get("/").header("cache-control"), "no-cache");
}

#[tokio::test]
async fn the_page_is_there_for_every_room_and_its_files_are_told_apart() {
    let app = TestApp::start();
    let page = app.get("/");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(app.get("/r/lobby").body.contains("lobby"));
    // A room that cannot be is not repeated into the page.
    assert!(!app.get("/r/%3Cscript%3E").body.contains("<script>\""));
    let files: Vec<&str> = page
        .body
        .split('"')
        .filter(|text| text.starts_with("/static/") && text.contains('.'))
        .collect();
    assert!(!files.is_empty(), "{}", page.body);
    for file in files {
        let answer = app.get(file);
        assert_eq!(answer.status, 200, "{file}");
        let expected = match file.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => continue,
        };
        assert_eq!(answer.header("content-type"), expected, "{file}");
        let tag = answer.header("etag").to_owned();
        let again = app.ask("GET", file, &[("If-None-Match", &tag)], "");
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{file}");
    }
}

#[tokio::test]
async fn a_slash_too_many_does_not_matter() {
    let app = TestApp::start();
    assert_eq!(app.get("/healthz/").status, 200);
    assert_eq!(app.get("/api/v1/rooms/").status, 200);
}
