//! Those who take their time: heads and bodies that come a byte at a time, answers that nobody reads,
//! sockets that say nothing.

use std::time::{Duration, Instant};

use crate::stage::pictures::png;
use crate::stage::{RawSocket, TestApp, eventually, nobody_notices};

const MIB: u64 = 1 << 20;
/// So many at once.
const CROWD: usize = 300;
/// Two seconds are given, and this much more than a machine needs.
const LATE: Duration = Duration::from_secs(5);

async fn crowd(app: &TestApp, window: Option<u32>) -> Vec<RawSocket> {
    let mut sockets = Vec::new();
    for _ in 0..CROWD {
        sockets.push(app.connect(window).await);
    }
    sockets
}

/// Each gets one byte of `bytes` after the other, until it has ended.
async fn trickle(sockets: &mut [RawSocket], bytes: &[u8]) -> Duration {
    let since = Instant::now();
    for byte in bytes.iter().cycle() {
        let mut open = 0;
        for socket in &mut *sockets {
            open += usize::from(!socket.take_in() && socket.try_write(&[*byte]).await.is_ok());
        }
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    since.elapsed()
}

#[test]
fn heads_that_come_a_byte_at_a_time_are_given_up() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.head_ms=2000"]);
    nobody_notices("300 slow heads", &app, 20 * MIB, async |app| {
        let mut sockets = crowd(app, None).await;
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ";
        let took = trickle(&mut sockets, head).await;
        eprintln!("all given up after {took:?}");
        assert!(took < LATE, "{took:?}");
        for socket in &mut sockets {
            let answer = socket.answer().await;
            answer.refused(408, "request_timeout");
            assert_eq!(answer.header("connection"), "close");
        }
    });
    let cut = app.metric(r#"parlor_http_connections_cut_total{cause="slow_head"}"#);
    assert!(cut >= CROWD as f64, "{cut}");
}

#[test]
fn so_are_heads_behind_a_request_that_was_answered() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.head_ms=2000"]);
    nobody_notices("300 slow second heads", &app, 20 * MIB, async |app| {
        let mut sockets = crowd(app, None).await;
        for socket in &mut sockets {
            socket.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        }
        for socket in &mut sockets {
            assert_eq!(socket.answer().await.status, 200);
        }
        let took = trickle(&mut sockets, b"GET / HTTP/1.1\r\nX-Slow: ").await;
        eprintln!("all cut after {took:?}");
        assert!(took < LATE, "{took:?}");
        for socket in &mut sockets {
            socket.answer().await.refused(408, "request_timeout");
        }
    });
    let cut = app.metric(r#"parlor_http_connections_cut_total{cause="slow_head"}"#);
    assert!(cut >= CROWD as f64, "{cut}");
}

#[test]
fn bodies_that_come_a_byte_at_a_time_are_given_up() {
    let app = TestApp::unhurried();
    nobody_notices("300 slow bodies", &app, 30 * MIB, async |app| {
        let mut sockets = crowd(app, None).await;
        let head = b"POST /api/v1/rooms/lobby/messages?nick=eve HTTP/1.1\r\nHost: a\r\n\
                     Content-Length: 60000\r\n\r\n";
        for socket in &mut sockets {
            socket.write(head).await;
        }
        let took = trickle(&mut sockets, b"x").await;
        eprintln!("all given up after {took:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
        for socket in &mut sockets {
            socket.answer().await.refused(408, "request_timeout");
        }
    });
    assert!(app.metric(r#"parlor_refusals_total{code="request_timeout"}"#) >= CROWD as f64);
}

#[test]
fn sockets_that_say_nothing_are_closed() {
    let app = TestApp::with(&[
        "limits.messages_per_second=0",
        "limits.hello_ms=1000",
        "heartbeat.interval_ms=500",
    ]);
    nobody_notices("300 silent sockets", &app, 20 * MIB, async |app| {
        let mut sockets = Vec::new();
        for _ in 0..CROWD {
            sockets.push(app.raw().await);
        }
        let since = Instant::now();
        for socket in &mut sockets {
            assert_eq!(socket.close_code().await.0, 4002);
        }
        eprintln!("all closed after {:?}", since.elapsed());
        assert!(since.elapsed() < Duration::from_secs(5));
    });
    assert!(app.metric(r#"parlor_closed_total{code="4002"}"#) >= CROWD as f64);
    assert!(app.metric("parlor_silent_peers_cut_total") >= CROWD as f64);
}

#[test]
fn answers_that_nobody_reads_are_given_up() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.unread_ms=2000"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let carol = runtime.block_on(app.arrive_in("lobby", "carol"));
    // More than the kernel takes in for a reader that stopped.
    let picture = carol.upload(&app, "lobby", &png(1700, 1700, 1));
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
        picture.url, carol.token
    );
    nobody_notices("60 unread answers", &app, 60 * MIB, async |app| {
        let before = app.metric(r#"parlor_http_connections_cut_total{cause="unread_answer"}"#);
        let mut sockets = Vec::new();
        for _ in 0..60 {
            let mut socket = app.connect(Some(16 << 10)).await;
            socket.write(request.as_bytes()).await;
            sockets.push(socket);
        }
        let since = Instant::now();
        eventually("all are cut", async || {
            let cut = app.metric(r#"parlor_http_connections_cut_total{cause="unread_answer"}"#);
            (cut - before >= sockets.len() as f64).then_some(())
        })
        .await;
        eprintln!("all cut after {:?}", since.elapsed());
        assert!(since.elapsed() < Duration::from_secs(10));
    });
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_comes_to_its_end() {
    let app = TestApp::with(&["limits.unread_ms=1000"]);
    let carol = app.arrive_in("lobby", "carol").await;
    let picture = carol.upload(&app, "lobby", &png(1000, 1000, 1));
    let mut socket = app.connect(Some(64 << 10)).await;
    let (url, token) = (&picture.url, &carol.token);
    let request = format!("GET {url} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
    socket.write(request.as_bytes()).await;
    // Longer than one may take for a single piece.
    socket.read_in_pauses(Duration::from_millis(100), 30).await;
    let answer = socket.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.bytes.len().to_string(), answer.header("content-length"));
}

#[tokio::test]
async fn a_stream_that_nobody_reads_is_given_up() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.unread_ms=1000"]);
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut socket = app.connect(Some(16 << 10)).await;
    socket.write(b"GET /api/v1/rooms/lobby/stream HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let text = "🐌".repeat(3900);
    eventually("it is cut", async || {
        talker.say("lobby", &text).await;
        let cut = app.metric(r#"parlor_http_connections_cut_total{cause="unread_answer"}"#);
        (cut == 1.0).then_some(())
    })
    .await;
}
