//! Dead peers are found, live ones are left alone, whatever the others do.

use std::time::{Duration, Instant};

use crate::stage::{RawSocket, TestApp, mask, within};

const INTERVAL_MS: u64 = 250;
const TIMEOUT_MS: u64 = 2000;
const BEATS: [&str; 3] =
    ["heartbeat.interval_ms=250", "heartbeat.timeout_ms=2000", "limits.messages_per_second=0"];

/// With a backlog that nobody fills.
const PATIENT: [&str; 4] = [BEATS[0], BEATS[1], BEATS[2], "limits.backlog_bytes=1073741824"];

/// Time that a shared machine may add.
const SLACK: Duration = Duration::from_secs(5);

/// A member that does nothing by itself.
async fn member(app: &TestApp, nick: &str, window: Option<u32>) -> RawSocket {
    let mut socket = app.raw_with(&format!("/ws?nick={nick}&room=lobby"), window).await;
    assert_eq!(socket.next().await.kind(), "welcome");
    assert_eq!(socket.next().await.kind(), "joined");
    socket
}

/// Waits for the next ping.
async fn next_ping(socket: &mut RawSocket) {
    let ping = async {
        loop {
            let frame = socket.frame().await.expect("the connection is open");
            assert_ne!(frame.opcode, 8, "closed with {}", frame.close_code());
            if frame.opcode == 9 {
                return;
            }
        }
    };
    within("a ping", ping).await;
}

#[tokio::test]
async fn a_silent_peer_is_found_in_time_although_others_talk() {
    is_found_in_time(TestApp::with(&BEATS)).await;
}

#[tokio::test]
async fn a_silent_peer_is_found_in_time_over_tls_too() {
    is_found_in_time(TestApp::secure(&BEATS)).await;
}

async fn is_found_in_time(app: TestApp) {
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut silent = member(&app, "silent", None).await;
    let since = Instant::now();
    let closed = tokio::spawn(async move {
        let end = silent.close_code().await;
        (end, since.elapsed())
    });
    while !closed.is_finished() {
        talker.say("lobby", "on and on").await;
    }
    let ((code, last), after) = closed.await.expect("it is closed with a frame");
    let closing = last.expect("it is told why").0;
    assert_eq!((code, &closing["code"]), (4002, &4002.into()));
    assert!(closing["reconnect_after_ms"].as_u64().is_some());
    assert!(after > Duration::from_millis(TIMEOUT_MS / 2), "too early: {after:?}");
    assert!(after < Duration::from_millis(TIMEOUT_MS) + SLACK, "too late: {after:?}");
    talker.say("lobby", "and nobody else was cut off").await;
}

#[tokio::test]
async fn the_others_see_that_a_silent_peer_reconnects_and_then_that_it_left() {
    let app = TestApp::with(&[BEATS[0], BEATS[1], "resume.grace_ms=300"]);
    let mut bob = app.arrive_in("lobby", "bob").await;
    let _silent = member(&app, "silent", None).await;
    assert_eq!(bob.next_presence().await.joined[0].nick, "silent");
    assert_eq!(bob.next_presence().await.changed[0].state, "reconnecting");
    assert_eq!(bob.next_presence().await.left[0].nick, "silent");
}

#[tokio::test]
async fn a_peer_that_keeps_its_window_closed_is_found_as_well() {
    is_found_behind_its_window(TestApp::with(&PATIENT)).await;
}

#[tokio::test]
async fn so_is_one_over_tls() {
    is_found_behind_its_window(TestApp::secure(&PATIENT)).await;
}

async fn is_found_behind_its_window(app: TestApp) {
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let _closed = member(&app, "closed", Some(64 << 10)).await;
    assert_eq!(bob.next_presence().await.joined[0].nick, "closed");
    let since = Instant::now();
    let text = "🐌".repeat(3900);
    // Enough for every buffer between the two, and the backlog has no bound here.
    let found = async {
        loop {
            talker.say("lobby", &text).await;
            let heard = bob.heard().await;
            if heard.iter().any(|f| f.0["changed"][0]["state"] == "reconnecting") {
                return;
            }
        }
    };
    within("it is found", found).await;
    assert!(since.elapsed() < Duration::from_millis(TIMEOUT_MS) + SLACK, "{:?}", since.elapsed());
}

#[tokio::test]
async fn pings_come_in_their_interval_the_first_at_a_random_point() {
    let app = TestApp::with(&["heartbeat.interval_ms=400", "heartbeat.timeout_ms=60000"]);
    let mut socket = member(&app, "ada", None).await;
    next_ping(&mut socket).await;
    let since = Instant::now();
    for _ in 0..5 {
        next_ping(&mut socket).await;
    }
    let took = since.elapsed();
    assert!(took > Duration::from_millis(1500), "more often than told: {took:?}");
    assert!(took < Duration::from_millis(2000) + SLACK, "more seldom than told: {took:?}");
}

#[tokio::test]
async fn first_pings_are_spread() {
    let app = TestApp::with(&["heartbeat.interval_ms=2000", "heartbeat.timeout_ms=60000"]);
    let mut waits = Vec::new();
    for n in 0..12 {
        let mut socket = member(&app, &format!("n{n}"), None).await;
        let since = Instant::now();
        waits.push(tokio::spawn(async move {
            next_ping(&mut socket).await;
            since.elapsed()
        }));
    }
    let mut times = Vec::new();
    for wait in waits {
        times.push(wait.await.expect("a ping comes"));
    }
    let (first, last) = (times.iter().min().expect("some"), times.iter().max().expect("some"));
    assert!(*last < Duration::from_secs(2) + SLACK, "{times:?}");
    // Twelve random points within two seconds do not all lie within a tenth of a second.
    assert!(*last - *first > Duration::from_millis(100), "{times:?}");
}

#[tokio::test]
async fn whoever_answers_pings_stays() {
    let app = TestApp::with(&BEATS);
    let mut socket = member(&app, "ada", None).await;
    for _ in 0..2 * TIMEOUT_MS / INTERVAL_MS {
        next_ping(&mut socket).await;
        socket.write(&mask(0x8a, b"")).await;
    }
    socket.text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.next().await.kind(), "pong");
}

#[tokio::test]
async fn any_frame_counts_as_life() {
    let app = TestApp::with(&BEATS);
    let mut sockets = [
        (member(&app, "texts", None).await, mask(0x81, br#"{"type":"ping"}"#)),
        (member(&app, "pings", None).await, mask(0x89, b"hello?")),
        (member(&app, "typing", None).await, mask(0x81, br#"{"type":"typing","on":true}"#)),
    ];
    for _ in 0..2 * TIMEOUT_MS / INTERVAL_MS {
        for (socket, sign) in &mut sockets {
            next_ping(socket).await;
            socket.write(sign).await;
        }
    }
    for (socket, _) in &mut sockets {
        socket.text(r#"{"type":"rooms"}"#).await;
        while socket.next().await.kind() != "rooms" {}
    }
}

#[tokio::test]
async fn who_does_not_say_hello_in_time_is_let_go() {
    // However seldom it is pinged.
    let beats = ["heartbeat.interval_ms=60000", "heartbeat.timeout_ms=120000"];
    let app = TestApp::with(&["limits.hello_ms=300", beats[0], beats[1]]);
    let mut socket = app.raw().await;
    let since = Instant::now();
    socket.text(r#"{"type":"ping"}"#).await;
    let (code, last) = socket.close_code().await;
    assert_eq!((code, last.expect("it is told why").kind()), (4002, "closing"));
    assert!(since.elapsed() < Duration::from_millis(300) + SLACK);
}

#[tokio::test]
async fn the_welcome_says_how_life_is_checked() {
    let app = TestApp::with(&BEATS);
    let mut ada = app.knock().await;
    let welcome = ada.hello(serde_json::json!({ "nick": "ada" })).await;
    let heartbeat = welcome.heartbeat;
    assert_eq!((heartbeat.interval_ms, heartbeat.timeout_ms), (INTERVAL_MS, TIMEOUT_MS));
}
