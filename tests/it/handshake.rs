//! The door: what is upgraded, and how everything else is refused.

use crate::stage::{Answer, TestApp, request};

async fn without(app: &TestApp, line: &str) -> Answer {
    let whole = request("/ws", "");
    assert!(whole.contains(line));
    app.exchange(&whole.replace(line, "")).await
}

#[tokio::test]
async fn a_whole_handshake_is_upgraded() {
    let app = TestApp::start();
    let answer = app.exchange(&request("/ws", "")).await;
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(answer.header("upgrade").to_lowercase(), "websocket");
    assert!(answer.header("connection").to_lowercase().contains("upgrade"));
    assert_eq!(answer.header("sec-websocket-extensions"), "", "nothing is compressed");
}

#[tokio::test]
async fn header_lines_may_be_spelled_in_any_case_and_share_a_line() {
    let app = TestApp::start();
    let text = request("/ws", "")
        .replace("Connection: Upgrade", "CONNECTION: keep-alive, upgrade")
        .replace("Upgrade: websocket", "upgrade: WebSocket");
    assert_eq!(app.exchange(&text).await.status, 101);
}

#[tokio::test]
async fn http_1_0_is_not_upgraded() {
    let app = TestApp::start();
    let text = request("/ws", "").replace("HTTP/1.1", "HTTP/1.0");
    let answer = app.exchange(&text).await;
    assert!((400..500).contains(&answer.status), "{answer:?}");
    answer.refused(
        answer.status,
        if answer.status == 426 { "upgrade_required" } else { "handshake_invalid" },
    );
}

#[tokio::test]
async fn another_version_is_told_which_one_works() {
    let app = TestApp::start();
    for version in ["12", "8", "14", "x"] {
        let line = format!("Sec-WebSocket-Version: {version}\r\n");
        let text = request("/ws", "").replace("Sec-WebSocket-Version: 13\r\n", &line);
        let answer = app.exchange(&text).await;
        answer.refused(426, "upgrade_required");
        assert_eq!(answer.header("sec-websocket-version"), "13");
    }
    let answer = without(&app, "Sec-WebSocket-Version: 13\r\n").await;
    answer.refused(426, "upgrade_required");
}

#[tokio::test]
async fn a_handshake_that_lacks_something_is_no_handshake() {
    let app = TestApp::start();
    without(&app, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
        .await
        .refused(400, "handshake_invalid");
    without(&app, "Upgrade: websocket\r\n").await.refused(426, "upgrade_required");
    let other = request("/ws", "").replace("Upgrade: websocket", "Upgrade: h2c");
    app.exchange(&other).await.refused(426, "upgrade_required");
    let answer = without(&app, "Connection: Upgrade\r\n").await;
    assert!([400, 426].contains(&answer.status), "{answer:?}");
}

#[tokio::test]
async fn only_get_is_upgraded() {
    let app = TestApp::start();
    let text = request("/ws", "Content-Length: 0\r\n").replace("GET /ws", "POST /ws");
    let answer = app.exchange(&text).await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET"));
}

#[tokio::test]
async fn elsewhere_there_is_nothing_to_upgrade() {
    let app = TestApp::start();
    for path in ["/", "/ws2", "/wss", "/api/v1/rooms", "/WS"] {
        app.exchange(&request(path, "")).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn ws_without_an_upgrade_says_what_it_needs() {
    let app = TestApp::start();
    let answer = app.get("/ws");
    answer.refused(426, "upgrade_required");
    assert_eq!(answer.header("upgrade"), "websocket");
    assert_eq!(answer.header("sec-websocket-version"), "13");
}

#[tokio::test]
async fn an_address_that_says_two_names_is_refused() {
    let app = TestApp::start();
    let answer = app.exchange(&request("/ws?nick=ada&nick=bob", "")).await;
    answer.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_head_without_an_end_takes_no_memory_and_no_place_for_ever() {
    let app = TestApp::start();
    let mut socket = app.connect(None).await;
    let endless = format!("GET /ws HTTP/1.1\r\nX-Filler: {}", "x".repeat(64 * 1024));
    let mut refused = false;
    for _ in 0..64 {
        if socket.try_write(endless.as_bytes()).await.is_err() {
            refused = true;
            break;
        }
    }
    assert!(refused || socket.answer().await.status >= 400);
}

#[tokio::test]
async fn more_connections_than_one_address_may_have_are_refused_until_one_goes() {
    let app = TestApp::with(&["limits.connections_per_address=3"]);
    let mut people = Vec::new();
    for _ in 0..3 {
        people.push(app.knock().await);
    }
    let answer = app.exchange(&request("/ws", "")).await;
    let refusal = answer.refused(429, "rate_limited");
    assert!(refusal.retry_after_ms.is_some());
    app.get("/api/v1/rooms").refused(429, "rate_limited");
    assert_eq!(app.get("/healthz").status, 200, "whoever supervises it is answered");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    let _other = app.knock_at("/ws", "127.0.0.2").await;
    people.pop().expect("there are three").leave_politely().await;
    crate::stage::eventually("a place is free", async || {
        let status = app.exchange(&request("/ws", "")).await.status;
        (status == 101).then_some(())
    })
    .await;
}

#[tokio::test]
async fn more_connections_than_the_server_may_have_are_told_to_wait() {
    let app = TestApp::with(&["limits.connections=2"]);
    let _people = (app.knock().await, app.knock().await);
    let answer = app.exchange(&request("/ws", "")).await;
    answer.refused(503, "busy");
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(app.get("/healthz").status, 200);
}

#[tokio::test]
async fn without_a_limit_an_address_may_have_many() {
    let app = TestApp::with(&["limits.connections_per_address=0"]);
    let mut people = Vec::new();
    for _ in 0..600 {
        people.push(app.knock().await);
    }
    assert_eq!(people.len(), 600);
}
