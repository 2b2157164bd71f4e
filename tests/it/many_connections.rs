//! One address that opens connection after connection gets as many as it may have; the others are told
//! why, or end by themselves.

use std::time::{Duration, Instant};

use crate::stage::{RawSocket, TestApp, nobody_notices, request};

const MIB: u64 = 1 << 20;
/// So many at once.
const CROWD: usize = 5000;
/// What they may cost, in bytes.
const MEMORY: u64 = 120 * MIB;

async fn crowd(app: &TestApp) -> Vec<RawSocket> {
    rlimit::increase_nofile_limit(u64::MAX).expect("the test may open files");
    let mut sockets = Vec::new();
    for _ in 0..CROWD {
        sockets.push(app.connect(None).await);
    }
    sockets
}

#[test]
fn five_thousand_that_ask_at_once_are_answered_and_nobody_notices() {
    let app = TestApp::unhurried();
    let mut refused = 0;
    nobody_notices("5,000 upgrades at once", &app, MEMORY, async |app| {
        let mut sockets = crowd(app).await;
        let text = request("/ws", "").replace("HOST", &app.address().to_string());
        for socket in &mut sockets {
            socket.write(text.as_bytes()).await;
        }
        let mut opened = 0;
        for socket in &mut sockets {
            let answer = socket.answer().await;
            if answer.status == 101 {
                opened += 1;
                continue;
            }
            let refusal = answer.refused(429, "rate_limited");
            assert!(refusal.message.contains("address"), "{}", refusal.message);
            assert_eq!((answer.header("connection"), answer.header("retry-after")), ("close", "5"));
            assert!(!socket.peek().await, "the connection ends behind its answer");
            refused += 1;
        }
        assert_eq!(opened, 512);
    });
    let counted = app.metric(r#"parlor_upgrades_refused_total{code="rate_limited"}"#);
    assert_eq!(counted, f64::from(refused));
}

#[test]
fn five_thousand_that_say_nothing_are_let_go_and_nobody_notices() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.head_ms=1000"]);
    nobody_notices("5,000 that say nothing", &app, MEMORY, async |app| {
        let mut sockets = crowd(app).await;
        let since = Instant::now();
        for socket in &mut sockets {
            socket.answer().await.refused(408, "request_timeout");
        }
        let took = since.elapsed();
        eprintln!("all of them are gone after {took:?}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    });
    let cut = app.metric(r#"parlor_http_connections_cut_total{cause="slow_head"}"#);
    assert!(cut >= CROWD as f64, "{cut}");
}

#[test]
fn whoever_finds_no_room_to_stand_is_sent_away_at_once() {
    let settings = ["limits.messages_per_second=0", "limits.connections_per_address=50"];
    // A quarter of the files that one may open is for those that wait to be told.
    let app = TestApp::with_files(300, &settings);
    nobody_notices("more than there is room for", &app, MEMORY, async |app| {
        let mut sockets = Vec::new();
        for _ in 0..1000 {
            sockets.push(app.connect(None).await);
        }
        // Somebody from elsewhere still finds a place.
        let mut carol = app.knock_at("/ws", "127.0.0.3").await;
        carol.hello(serde_json::json!({ "nick": "carol" })).await;
        drop(sockets);
        carol.leave_politely().await;
    });
    assert!(app.metric(r#"parlor_http_connections_cut_total{cause="no_room"}"#) > 0.0);
}
