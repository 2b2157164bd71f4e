//! What every response carries, whatever it answers.

use crate::stage::pictures::shown_in_the_lobby;
use crate::stage::{Answer, TestApp, request};

/// The headers that tell a browser what it may do with what comes from here.
const SECURITY: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", ""),
    ("content-security-policy", ""),
];

/// Fails unless an answer carries all of them, each once; `secure`: whether it came by a secure way.
pub fn is_protected(answer: &Answer, secure: bool, what: &str) {
    for (name, value) in SECURITY {
        let found = answer.header(name);
        assert!(
            !found.is_empty() && (value.is_empty() || found == value),
            "{what} {name}: {found}"
        );
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{what} {name}");
    }
    let policy = answer.header("content-security-policy");
    for rule in
        ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]
    {
        assert!(policy.contains(rule), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    let transport = answer.header("strict-transport-security");
    let expected = if secure { "max-age=31536000; includeSubDomains" } else { "" };
    assert_eq!(transport, expected, "{what}");
    let open = answer.headers.keys().find(|name| name.as_str().starts_with("access-control"));
    assert_eq!(open, None, "{what}");
}

/// One of each kind of response: a method, an address, its status.
const KINDS: [(&str, &str, u16); 27] = [
    ("GET", "/", 200),
    ("GET", "/r/lobby", 200),
    ("GET", "/r/a%20b", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/static/js/main.js", 200),
    ("GET", "/static/nothing.js", 404),
    ("GET", "/static/../Cargo.toml", 404),
    ("GET", "/static/%2e%2e/Cargo.toml", 404),
    ("GET", "/favicon.ico", 200),
    ("GET", "/ws", 426),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/api/v1/rooms", 200),
    ("GET", "/api/v1/rooms/lobby/events", 200),
    ("GET", "/api/v1/rooms/lobby/events?limit=0", 422),
    ("GET", "/api/v1/rooms/lobby/events?limit=1&limit=2", 422),
    ("GET", "/api/v1/rooms/nowhere/events", 404),
    ("GET", "/api/v1/rooms/nowhere/stream", 404),
    ("GET", "/uploads/00000000000000000000000000000000", 401),
    ("POST", "/api/v1/rooms/lobby/messages", 401),
    ("POST", "/", 405),
    ("DELETE", "/api/v1/rooms", 405),
    ("HEAD", "/", 200),
    ("HEAD", "/nowhere", 404),
    ("OPTIONS", "/api/v1/rooms", 204),
    ("BREW", "/", 405),
];

async fn everything_is_protected(app: TestApp, secure: bool) {
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let (picture, _) = shown_in_the_lobby(&app, &mut ada).await;
    is_protected(&ada.fetch(&app, &picture.url), secure, "a picture");
    for (method, path, status) in KINDS {
        let answer = app.ask(method, path, &[], "");
        assert_eq!(answer.status, status, "{method} {path}");
        is_protected(&answer, secure, &format!("{method} {path}"));
        if status >= 400 && method != "HEAD" && !path.starts_with("/r/") {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        }
        if status == 200 && path.starts_with("/static/") {
            let tag = answer.header("etag").to_owned();
            let known = app.ask("GET", path, &[("If-None-Match", &tag)], "");
            assert_eq!(known.status, 304);
            is_protected(&known, secure, "what is known already");
        }
    }
    for (path, more) in [("/ws", "Origin: null\r\n"), ("/elsewhere", "")] {
        is_protected(&app.exchange(&request(path, more)).await, secure, path);
    }
    is_protected(&app.exchange("NONSENSE\r\n\r\n").await, secure, "an answer to nonsense");
}

#[tokio::test]
async fn every_kind_of_response_is_protected() {
    everything_is_protected(TestApp::start(), false).await;
}

#[tokio::test]
async fn over_tls_every_kind_of_response_asks_to_stay_there() {
    everything_is_protected(TestApp::secure(&[]), true).await;
}

#[tokio::test]
async fn a_full_house_is_protected_as_well() {
    let app = TestApp::secure(&["limits.connections_per_address=1"]);
    let _ada = app.knock().await;
    let refused = app.get("/");
    refused.refused(429, "rate_limited");
    is_protected(&refused, true, "a full house");
}

#[tokio::test]
async fn behind_a_trusted_proxy_its_word_says_whether_the_way_is_secure() {
    let app = TestApp::with(&["trusted_proxies=127.0.0.1"]);
    let untrusting = TestApp::start();
    for (header, value, secure) in [
        ("X-Forwarded-Proto", "https", true),
        ("X-Forwarded-Proto", "http", false),
        ("Forwarded", "for=198.51.100.1;proto=https", true),
        ("Forwarded", "for=198.51.100.1;proto=http", false),
    ] {
        let headers = [(header, value)];
        let page = app.ask("GET", "/", &headers, "");
        is_protected(&page, secure, value);
        let cookie = page.header("set-cookie").to_owned();
        assert_eq!(cookie.starts_with("__Host-"), secure, "{cookie}");
        assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
        let pair = cookie.split(';').next().expect("a pair");
        let again = app.ask("GET", "/", &[(header, value), ("Cookie", pair)], "");
        assert_eq!(again.header("set-cookie"), "", "it is known again");
        is_protected(&app.ask("GET", "/nowhere", &headers, ""), secure, value);
        let upgrade = format!("{header}: {value}\r\nOrigin: null\r\n");
        is_protected(&app.exchange(&request("/ws", &upgrade)).await, secure, value);
        let believed_by_nobody = untrusting.ask("GET", "/", &headers, "");
        is_protected(&believed_by_nobody, false, value);
        assert!(!believed_by_nobody.header("set-cookie").contains("Secure"));
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
