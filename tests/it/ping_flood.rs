//! Control frames as fast as the socket takes them: a few are answered each, many by the latest, and
//! whoever sends nothing else is closed.

use std::time::{Duration, Instant};

use crate::stage::{RawFrame, RawSocket, TestApp, mask, nobody_notices};

const MIB: u64 = 1 << 20;
/// So many flood at once.
const FLOODERS: usize = 20;

fn pings(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| mask(0x89, n.to_string().as_bytes())).collect()
}

/// Writes `bytes` again and again until the server does not take them any more.
async fn flood(socket: &mut RawSocket, bytes: &[u8]) {
    while socket.try_write(bytes).await.is_ok() {}
}

/// Whoever floods is told to stay away, and has no answer to most of it; the time until then.
async fn is_closed(app: &TestApp, bytes: &[u8]) -> Duration {
    let mut sockets = Vec::new();
    for _ in 0..FLOODERS {
        sockets.push(app.raw().await);
    }
    let since = Instant::now();
    for socket in &mut sockets {
        socket.write(bytes).await;
    }
    for socket in &mut sockets {
        let (code, closing) = socket.close_code().await;
        assert_eq!((code, closing.expect("it is told").kind()), (4501, "closing"));
    }
    let told = since.elapsed();
    for socket in &mut sockets {
        flood(socket, bytes).await;
    }
    eprintln!("told after {told:?}, cut after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(10));
    told
}

#[test]
fn a_flood_of_pings_is_closed_and_nobody_notices() {
    let app = TestApp::unhurried();
    let bytes = pings(10_000);
    nobody_notices("20 x 10,000 pings", &app, 20 * MIB, async |app| {
        is_closed(app, &bytes).await;
    });
    assert!(app.metric(r#"parlor_closed_total{code="4501"}"#) >= FLOODERS as f64);
    assert!(app.metric("parlor_pings_skipped_total") >= 800.0 * FLOODERS as f64);
}

#[test]
fn a_flood_of_pongs_is_closed_and_nobody_notices() {
    let app = TestApp::unhurried();
    let bytes: Vec<u8> = (0..10_000).flat_map(|_| mask(0x8a, b"")).collect();
    nobody_notices("20 x 10,000 pongs", &app, 20 * MIB, async |app| {
        is_closed(app, &bytes).await;
    });
}

#[test]
fn those_who_flood_again_and_again_are_not_noticed_either() {
    let app = TestApp::unhurried();
    let bytes = pings(2_000);
    nobody_notices("reconnecting flooders", &app, 20 * MIB, async |app| {
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            let mut sockets = Vec::new();
            for _ in 0..FLOODERS {
                let mut socket = app.raw().await;
                socket.write(&bytes).await;
                sockets.push(socket);
            }
        }
    });
}

#[tokio::test]
async fn a_hundred_pings_at_once_are_answered_one_by_one() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    socket.write(&pings(100)).await;
    for n in 0..100 {
        let pong = RawFrame { opcode: 10, payload: n.to_string().into_bytes() };
        assert_eq!(socket.frame().await, Some(pong));
    }
}

#[tokio::test]
async fn of_more_the_last_is_answered_and_the_connection_goes_on() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    socket.write(&pings(900)).await;
    let (mut pongs, mut last) = (0, None);
    while last != Some(899) {
        let pong = socket.frame().await.expect("it is open");
        let text = String::from_utf8(pong.payload).expect("a number");
        let number = text.parse().expect("a number");
        assert!(last < Some(number), "in the order of the pings");
        (pongs, last) = (pongs + 1, Some(number));
    }
    assert!((101..900).contains(&pongs), "{pongs}");
    socket.text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.next().await.kind(), "pong");
    assert_eq!(app.metric("parlor_pings_skipped_total"), f64::from(900 - pongs));
}

#[tokio::test]
async fn whoever_pings_and_says_goodbye_is_answered_first() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    socket.write(&[pings(150), mask(0x88, b"\x03\xe8")].concat()).await;
    let mut last = None;
    while let Some(frame) = socket.frame().await {
        match frame.opcode {
            10 => last = Some(frame.payload),
            _ => assert_eq!(frame.close_code(), 1000),
        }
    }
    assert_eq!(last.as_deref(), Some(&b"149"[..]));
}
