//! Requests whose head is too long or no head at all, and bodies that nobody asked for: each is told
//! in a problem document, and costs no more than its bound.

use std::time::{Duration, Instant};

use crate::headers::is_protected;
use crate::stage::{Answer, RawSocket, TestApp, request};

const KIB: usize = 1024;

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n{more}\r\n")
}

async fn write(app: &TestApp, socket: &mut RawSocket, text: &str) {
    socket.write(text.replace("HOST", &app.address().to_string()).as_bytes()).await;
}

/// Asks on a new connection, and behind a request that was answered.
async fn asked_first_and_second(app: &TestApp, text: &str) -> [Answer; 2] {
    let first = app.exchange(text).await;
    let mut socket = app.connect(None).await;
    write(app, &mut socket, &get("/healthz", "")).await;
    assert_eq!(socket.answer().await.status, 200);
    write(app, &mut socket, text).await;
    [first, socket.answer().await]
}

async fn is_refused(app: &TestApp, text: &str, status: u16, code: &str) {
    for answer in asked_first_and_second(app, text).await {
        answer.refused(status, code);
        is_protected(&answer, app.is_secure(), code);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

async fn too_long_targets_are_refused(app: TestApp) {
    let path = |bytes: usize| format!("/{}", "a".repeat(bytes - 1));
    app.exchange(&get(&path(8 * KIB), "")).await.refused(404, "not_found");
    for bytes in [8 * KIB + 1, 20 * KIB, 40 * KIB, 70 * KIB, 200 * KIB] {
        is_refused(&app, &get(&path(bytes), ""), 414, "uri_too_long").await;
    }
    let query = format!("/api/v1/rooms?{}", "a".repeat(9 * KIB));
    is_refused(&app, &get(&query, ""), 414, "uri_too_long").await;
    let upgrade = app.exchange(&request(&format!("/ws?nick={}", "a".repeat(9 * KIB)), "")).await;
    upgrade.refused(414, "uri_too_long");
    is_protected(&upgrade, app.is_secure(), "an upgrade");
}

#[tokio::test]
async fn an_address_that_is_too_long_is_told_so() {
    too_long_targets_are_refused(TestApp::start()).await;
}

#[tokio::test]
async fn so_is_one_over_tls() {
    too_long_targets_are_refused(TestApp::secure(&[])).await;
}

#[tokio::test]
async fn headers_that_are_too_large_or_too_many_are_told_so() {
    let app = TestApp::start();
    let filled = |bytes: usize| format!("X-Filler: {}\r\n", "x".repeat(bytes));
    assert_eq!(app.exchange(&get("/healthz", &filled(15 * KIB))).await.status, 200);
    for bytes in [17 * KIB, 30 * KIB, 40 * KIB, 130 * KIB, 1024 * KIB] {
        is_refused(&app, &get("/healthz", &filled(bytes)), 431, "headers_too_large").await;
    }
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    assert_eq!(app.exchange(&get("/healthz", &many(90))).await.status, 200);
    is_refused(&app, &get("/healthz", &many(100)), 431, "headers_too_large").await;
    let upgrade = app.exchange(&request("/ws", &filled(17 * KIB))).await;
    upgrade.refused(431, "headers_too_large");
    is_protected(&upgrade, false, "an upgrade");
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let app = TestApp::start();
    for text in [
        "NONSENSE\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        is_refused(&app, text, 400, "bad_request").await;
    }
}

#[tokio::test]
async fn an_answer_under_way_is_finished_before_nonsense_is_answered() {
    let app = TestApp::start();
    let mut socket = app.connect(None).await;
    write(&app, &mut socket, &format!("{}NONSENSE\r\n\r\n", get("/static/js/client.js", ""))).await;
    let script = socket.answer().await;
    assert_eq!((script.status, &script.body), (200, &app.get("/static/js/client.js").body));
    // What was written in one piece with it has its words from actix-http: a bare status.
    assert_eq!(socket.answer().await.status, 400);
}

#[tokio::test]
async fn a_body_that_nobody_asked_for_is_not_waited_for() {
    let app = TestApp::start();
    for framing in ["Content-Length: 1000000000", "Transfer-Encoding: chunked"] {
        for (method, path, status) in
            [("GET", "/healthz", 200), ("POST", "/healthz", 405), ("POST", "/nowhere", 404)]
        {
            let mut socket = app.connect(None).await;
            let head = format!("{method} {path} HTTP/1.1\r\nHost: HOST\r\n{framing}\r\n\r\n");
            write(&app, &mut socket, &head).await;
            let answer = socket.answer().await;
            assert_eq!(answer.status, status, "{head}");
            is_protected(&answer, false, &head);
            // It goes on for as long as it is let, and that is not long.
            let since = Instant::now();
            let piece = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
            while socket.try_write(&piece).await.is_ok() {
                assert!(since.elapsed() < Duration::from_secs(20), "it is read without an end");
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_was_read_leaves_the_connection_open() {
    let app = TestApp::start();
    let _ada = app.arrive_in("lobby", "ada").await;
    let mut socket = app.connect(None).await;
    for n in 0..3 {
        let text = format!(
            "POST /api/v1/rooms/lobby/messages?nick=kettle HTTP/1.1\r\nHost: HOST\r\n\
             Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n{}",
            get("/healthz", "")
        );
        write(&app, &mut socket, &text).await;
        assert_eq!(socket.answer().await.status, 201, "{n}");
        assert_eq!(socket.answer().await.status, 200, "{n}");
    }
}

#[tokio::test]
async fn a_flood_of_heads_takes_a_bounded_amount() {
    let app = TestApp::start();
    let before = app.rss();
    let mut sockets = Vec::new();
    for _ in 0..300 {
        let mut socket = app.connect(None).await;
        write(&app, &mut socket, &format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(30 * KIB))).await;
        sockets.push(socket);
    }
    assert_eq!(app.get("/healthz").status, 200);
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 300 * 100 * KIB as u64, "{grown} bytes");
}
