//! Very many very small frames in one write: pieces of one message, requests, and what is none.

use std::time::{Duration, Instant};

use crate::stage::{TestApp, mask, nobody_notices};

const MIB: u64 = 1 << 20;
/// So many do it at once.
const OFFENDERS: usize = 20;
/// So many frames each.
const FRAMES: usize = 10_000;

fn repeated(count: usize, frame: &[u8]) -> Vec<u8> {
    frame.repeat(count)
}

/// All of them write `bytes`; each is closed with `code`.
async fn are_closed(app: &TestApp, bytes: &[u8], code: u16) {
    let mut sockets = Vec::new();
    for _ in 0..OFFENDERS {
        sockets.push(app.raw().await);
    }
    let since = Instant::now();
    for socket in &mut sockets {
        socket.write(bytes).await;
    }
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await.0, code);
    }
    eprintln!("told after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[test]
fn fragments_of_one_byte_without_end_are_too_large_in_the_end() {
    let app = TestApp::unhurried();
    let bytes = [mask(0x01, b"{"), repeated(20_000, &mask(0x00, b" "))].concat();
    nobody_notices("20 x 20,000 fragments of a byte", &app, 20 * MIB, async |app| {
        are_closed(app, &bytes, 1009).await;
    });
    assert!(app.metric(r#"parlor_closed_total{code="1009"}"#) >= OFFENDERS as f64);
}

#[test]
fn fragments_of_nothing_without_end_are_too_many() {
    let app = TestApp::unhurried();
    let bytes = [mask(0x01, b"{"), repeated(20_000, &mask(0x00, b""))].concat();
    nobody_notices("20 x 20,000 empty fragments", &app, 20 * MIB, async |app| {
        are_closed(app, &bytes, 1009).await;
    });
}

#[test]
fn what_is_no_json_is_told_twenty_times_and_then_closed() {
    let app = TestApp::unhurried();
    let bytes = repeated(FRAMES, &mask(0x81, b"x"));
    nobody_notices("20 x 10,000 bad frames", &app, 20 * MIB, async |app| {
        are_closed(app, &bytes, 4501).await;
    });
    let told = app.metric(r#"parlor_refusals_total{code="bad_json"}"#);
    let closed = app.metric(r#"parlor_closed_total{code="4501"}"#);
    assert!(closed >= OFFENDERS as f64 && told == 20.0 * closed, "{told} {closed}");
}

#[test]
fn requests_beyond_the_limit_are_each_told_to_wait() {
    let app = TestApp::with(&["limits.messages_per_second=50", "limits.burst=20"]);
    let send = mask(0x81, br#"{"type":"send","text":"x"}"#);
    let bytes = repeated(FRAMES / 10, &send);
    let mut round = 0;
    nobody_notices("20 x 1,000 messages", &app, 30 * MIB, async |app| {
        round += 1;
        let mut sockets = Vec::new();
        for n in 0..OFFENDERS {
            let path = format!("/ws?nick=n{round}-{n}&room=street{n}");
            let mut socket = app.raw_with(&path, None).await;
            assert_eq!(socket.next().await.kind(), "welcome");
            sockets.push(socket);
        }
        let since = Instant::now();
        for socket in &mut sockets {
            socket.write(&bytes).await;
        }
        for socket in &mut sockets {
            let mut answers = 0;
            while answers < FRAMES / 10 {
                let frame = socket.next().await;
                assert!(frame.kind() != "error" || frame.0["code"] == "rate_limited", "{frame:?}");
                answers += usize::from(matches!(frame.kind(), "sent" | "error"));
            }
        }
        eprintln!("all answered after {:?}", since.elapsed());
    });
    let told = app.metric(r#"parlor_refusals_total{code="rate_limited"}"#);
    assert!(told > (OFFENDERS * FRAMES / 20) as f64, "{told}");
}

#[test]
fn ten_thousand_questions_at_once_are_all_answered() {
    let app = TestApp::unhurried();
    let ping = mask(0x81, br#"{"type":"ping"}"#);
    let bytes = repeated(FRAMES, &ping);
    nobody_notices("4 x 10,000 pings as requests", &app, 20 * MIB, async |app| {
        let mut sockets = Vec::new();
        for _ in 0..4 {
            sockets.push(app.raw().await);
        }
        for mut socket in sockets {
            let mut pieces = bytes.chunks(32 * 1024);
            let mut pongs = 0;
            // Written in pieces between which the answers are read, as any client does.
            while pongs < FRAMES {
                if let Some(piece) = pieces.next() {
                    socket.write(piece).await;
                    continue;
                }
                assert_eq!(socket.next().await.kind(), "pong");
                pongs += 1;
            }
        }
    });
}
