//! Heads and bodies without end, on every kind of route.

use std::time::{Duration, Instant};

use crate::stage::{RawSocket, TestApp, log, nobody_notices, texts};

const MIB: u64 = 1 << 20;
/// So many do it at once.
const OFFENDERS: usize = 20;

/// Writes `piece` behind `head` until the server does not take it any more; what it said meanwhile.
async fn endless(mut socket: RawSocket, head: &str, piece: &[u8]) -> (String, u64) {
    let mut written = 0;
    if socket.try_write(head.as_bytes()).await.is_ok() {
        while socket.try_write(piece).await.is_ok() {
            written += piece.len() as u64;
            socket.take_in();
        }
    }
    (socket.everything().await, written)
}

/// All of them at once; each is answered with one of `statuses` or just cut, in a bounded time.
async fn are_cut(app: &TestApp, head: &str, piece: &[u8], statuses: &[&str]) {
    let since = Instant::now();
    let local = tokio::task::LocalSet::new();
    let mut floods = Vec::new();
    for _ in 0..OFFENDERS {
        let (socket, head, piece) = (app.connect(None).await, head.to_owned(), piece.to_vec());
        floods.push(local.spawn_local(async move { endless(socket, &head, &piece).await }));
    }
    let (mut told, mut most) = (0, 0);
    local
        .run_until(async {
            for flood in floods {
                let (answer, written) = flood.await.expect("the flood ends");
                let status = answer.split(' ').nth(1).unwrap_or_default();
                assert!(statuses.contains(&status), "{answer}");
                told += usize::from(!status.is_empty());
                most = most.max(written);
            }
        })
        .await;
    let took = since.elapsed();
    let first = head.lines().next().unwrap_or_default();
    eprintln!("{first}: {told} told, all cut after {took:?} and at most {most} bytes");
    assert!(told > 0 && took < Duration::from_secs(20), "{told} {took:?}");
}

#[test]
fn heads_without_end_are_refused_and_cut() {
    let app = TestApp::unhurried();
    nobody_notices("20 endless heads", &app, 30 * MIB, async |app| {
        let line = b"X-More: and more and more and more and more and more\r\n".repeat(100);
        are_cut(app, "GET / HTTP/1.1\r\nHost: a\r\n", &line, &["431", "400", ""]).await;
        let one = [b'x'; 4096];
        are_cut(app, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", &one, &["431", "400", ""]).await;
        are_cut(app, "GET /", &one, &["414", "431", "400", ""]).await;
    });
    let cut = app.metric(r#"parlor_http_connections_cut_total{cause="bad_head"}"#);
    assert!(cut >= 3.0 * OFFENDERS as f64, "{cut}");
}

fn chunked(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
}

fn chunk() -> Vec<u8> {
    [b"1000\r\n".to_vec(), vec![b'x'; 0x1000], b"\r\n".to_vec()].concat()
}

#[test]
fn bodies_without_end_are_cut_on_routes_that_take_none() {
    let app = TestApp::unhurried();
    nobody_notices("endless bodies that nobody asked for", &app, 30 * MIB, async |app| {
        for (line, status) in [
            ("GET /healthz", "200"),
            ("GET /static/js/client.js", "200"),
            ("POST /", "405"),
            ("POST /nowhere", "404"),
            ("PUT /api/v1/rooms", "405"),
            ("DELETE /api/v1/uploads/none", "401"),
        ] {
            are_cut(app, &chunked(line), &chunk(), &[status, ""]).await;
        }
    });
    let cut = app.metric(r#"parlor_http_connections_cut_total{cause="unread_body"}"#);
    assert!(cut >= 6.0 * OFFENDERS as f64, "{cut}");
}

#[test]
fn bodies_without_end_are_refused_and_cut_on_routes_that_take_one() {
    let app = TestApp::unhurried();
    nobody_notices("endless bodies", &app, 30 * MIB, async |app| {
        let post = "POST /api/v1/rooms/lobby/messages?nick=eve";
        are_cut(app, &chunked(post), &chunk(), &["413", ""]).await;
        are_cut(app, &chunked("POST /api/v1/uploads"), &chunk(), &["401", ""]).await;
        let long = "Content-Length: 1000000000000\r\n\r\n";
        let head = format!("{post} HTTP/1.1\r\nHost: a\r\n{long}");
        are_cut(app, &head, &[b'x'; 4096], &["413", ""]).await;
        let head = format!("POST /nowhere HTTP/1.1\r\nHost: a\r\n{long}");
        are_cut(app, &head, &[b'x'; 4096], &["404", ""]).await;
    });
    assert!(app.metric(r#"parlor_refusals_total{code="payload_too_large"}"#) > 0.0);
}

#[test]
fn requests_that_come_all_at_once_take_turns() {
    let app = TestApp::unhurried();
    let many = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(400);
    nobody_notices("20 x 400 requests in a row", &app, 40 * MIB, async |app| {
        let mut sockets = Vec::new();
        for _ in 0..OFFENDERS {
            sockets.push(app.connect(None).await);
        }
        for socket in &mut sockets {
            socket.write(&many).await;
        }
        for socket in &mut sockets {
            for _ in 0..400 {
                assert_eq!(socket.answer().await.status, 200);
            }
        }
    });
}

#[tokio::test]
async fn requests_of_every_kind_in_one_write_are_answered_in_order() {
    let app = TestApp::unhurried();
    let _ada = app.arrive_in("lobby", "ada").await;
    let post = "POST /api/v1/rooms/lobby/messages?nick=eve HTTP/1.1\r\nHost: a\r\n";
    let sized = format!("{post}Content-Length: 5\r\n\r\nhello");
    let chunks =
        format!("{post}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x=y\r\n!\r\n0\r\n\r\n");
    let get = "\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let unwanted = "GET /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET";
    let upgrade = crate::stage::request("/ws", "");
    let all = [sized.as_str(), get, &chunks, get, get, &sized, &chunks, unwanted].concat();
    let mut socket = app.connect(None).await;
    socket.write(all.as_bytes()).await;
    for status in [201, 200, 201, 200, 200, 201, 201, 404] {
        assert_eq!(socket.answer().await.status, status);
    }
    assert_eq!(texts(&log(&app, "lobby")), ["hello", "hi!", "hello", "hi!"]);
    // Byte by byte it is the same, and a socket may be the last of them.
    let mut socket = app.connect(None).await;
    for byte in [&sized, get, &chunks, get, &upgrade].concat().bytes() {
        socket.write(&[byte]).await;
    }
    for status in [201, 200, 201, 200, 101] {
        assert_eq!(socket.answer().await.status, status);
    }
    socket.text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.next().await.kind(), "pong");
}
