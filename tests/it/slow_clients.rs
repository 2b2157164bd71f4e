//! Who takes their time over HTTP is cut within a stated time, and nobody else waits.
//!
//! These tests take as long as the patience that they are about.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::http2::Client;
use crate::stage::pictures::png;
use crate::stage::{RawSocket, TestApp, within};

/// The head of a request, and a handshake.
const HEAD: Duration = Duration::from_secs(10);
/// What was written and is not read.
const READING: Duration = Duration::from_secs(30);
/// Time that a shared machine may add.
const SLACK: Duration = Duration::from_secs(15);

/// Writes a byte a second until the connection ends; returns after how long it did, and what came.
async fn trickles(mut socket: RawSocket, text: &'static str) -> (Duration, String) {
    let since = Instant::now();
    let mut bytes = text.bytes().cycle();
    loop {
        let byte = bytes.next().expect("it goes round");
        let pause = tokio::time::timeout(Duration::from_secs(1), socket.more()).await;
        if pause == Ok(false) || socket.try_write(&[byte]).await.is_err() {
            let came = socket.everything().await;
            return (since.elapsed(), came);
        }
        assert!(since.elapsed() < HEAD + SLACK, "{text} goes on for ever");
    }
}

fn is_in_time(what: &str, took: Duration, patience: Duration) {
    let earliest = patience.saturating_sub(Duration::from_secs(2));
    assert!(took > earliest && took < patience + SLACK, "{what}: {took:?}");
}

async fn after_a_request(app: &TestApp) -> RawSocket {
    let mut socket = app.connect(None).await;
    let text = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", app.address());
    socket.write(text.as_bytes()).await;
    assert_eq!(socket.answer().await.status, 200);
    socket
}

async fn slow_heads_end(app: TestApp) {
    let first = trickles(app.connect(None).await, "GET /aaaaaaaaaaaaaaaaaaaa");
    let second = trickles(after_a_request(&app).await, "GET /aaaaaaaaaaaaaaaaaaaa");
    let lines = trickles(after_a_request(&app).await, "\r\n");
    let mut talker = app.arrive_in("lobby", "ada").await;
    let slow = tokio::spawn(async { tokio::join!(first, second, lines) });
    let mut longest = Duration::ZERO;
    while !slow.is_finished() {
        let since = Instant::now();
        talker.say("lobby", "on and on").await;
        longest = longest.max(since.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (first, second, lines) = slow.await.expect("nobody panicked");
    for (what, (took, said)) in [("first", first), ("second", second), ("lines", lines)] {
        is_in_time(what, took, HEAD);
        assert!(said.starts_with("HTTP/1.1 408"), "{what}: {said}");
        assert!(said.contains("request_timeout") && said.contains("content-security-policy"));
    }
    assert!(longest < Duration::from_secs(1), "others waited {longest:?}");
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_whether_it_is_the_first_or_not_and_over_tls_too() {
    let (plain, tls) = (TestApp::unhurried(), TestApp::secure(&["limits.messages_per_second=0"]));
    tokio::join!(slow_heads_end(plain), slow_heads_end(tls));
}

#[tokio::test]
async fn a_handshake_that_stops_half_way_is_cut() {
    let app = TestApp::secure(&[]);
    let silent = app.connect_bare().await;
    let mut half = app.connect_bare().await;
    // A record of a handshake, of which most is missing.
    half.write(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).await;
    let since = Instant::now();
    for mut socket in [silent, half] {
        socket.everything().await;
        is_in_time("a handshake", since.elapsed(), HEAD);
    }
}

#[tokio::test]
async fn a_body_that_stops_is_answered_and_cut() {
    let app = TestApp::start();
    let mut socket = app.connect(None).await;
    let head = format!(
        "POST /api/v1/rooms/lobby/messages?nick=ada HTTP/1.1\r\nHost: {}\r\nContent-Length: 100\r\n\r\nhi",
        app.address()
    );
    socket.write(head.as_bytes()).await;
    let since = Instant::now();
    socket.answer().await.refused(408, "request_timeout");
    socket.everything().await;
    is_in_time("a body", since.elapsed(), HEAD);
}

/// Shows a large picture; returns its address and the token to see it with.
async fn large_picture(app: &TestApp) -> (String, String) {
    let mut ada = app.arrive_in("lobby", "ada").await;
    let file = png(1500, 1500, 1);
    assert!(file.len() > 5 << 20, "it is larger than every buffer: {}", file.len());
    let picture = ada.upload(app, "lobby", &file);
    ada.show("lobby", &[&picture.id]).await;
    let token = ada.token.clone();
    // Whoever goes takes nobody's picture along, and the token is good for its grace.
    drop(ada);
    (picture.url, token)
}

async fn slow_readers_end(app: TestApp) {
    let (path, token) = large_picture(&app).await;
    let mut socket = app.connect(Some(16 << 10)).await;
    let text = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
        app.address()
    );
    socket.write(text.as_bytes()).await;
    assert!(socket.more().await, "it begins");
    let since = Instant::now();
    let gone = async {
        loop {
            let metrics = app.get("/metrics").body;
            if metrics.contains(r#"parlor_http_connections_cut_total{cause="unread_answer"} 1"#) {
                return since.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let took = within("the slow reader is cut", gone).await;
    is_in_time("a reader", took, READING);
    let rest = socket.everything().await.len();
    assert!(rest < 2 << 20, "{rest} bytes");
}

#[tokio::test]
async fn a_reader_that_stops_in_the_middle_is_cut_whatever_it_speaks() {
    const LONG: [&str; 1] = ["resume.grace_ms=600000"];
    tokio::join!(
        slow_readers_end(TestApp::with(&LONG)),
        slow_readers_end(TestApp::secure(&LONG)),
        a_full_window_ends(TestApp::secure(&LONG)),
    );
}

async fn a_full_window_ends(app: TestApp) {
    let (path, token) = large_picture(&app).await;
    let mut client = Client::connect(&app).await;
    let bearer = format!("Bearer {token}");
    let request = client.request("GET", &path, &[("authorization", &bearer)]);
    let (response, _) = client.send.send_request(request, true).expect("it fits");
    let mut body = within("an answer", response).await.expect("an answer").into_body();
    let since = Instant::now();
    let mut held: Vec<Bytes> = Vec::new();
    // It reads what its window takes, and never says that it did.
    let end = within("it is cut", async {
        loop {
            match body.data().await {
                Some(Ok(piece)) => held.push(piece),
                other => return other.is_some_and(|piece| piece.is_err()),
            }
        }
    });
    assert!(end.await, "it is an error, not an end");
    is_in_time("a reader", since.elapsed(), READING);
    assert!(held.iter().map(Bytes::len).sum::<usize>() < 1 << 20);
}
