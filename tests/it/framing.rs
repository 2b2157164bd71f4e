//! Frames that break the rules of the wire close the connection with the code that says which.

use crate::stage::{RawFrame, RawSocket, TestApp, mask};

/// A header that announces `length` bytes in its 64-bit form, with a mask of zeros.
fn announces(first: u8, length: u64) -> Vec<u8> {
    [&[first, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat()
}

async fn closes_with(app: &TestApp, bytes: &[u8], code: u16) {
    let mut socket = app.raw().await;
    socket.write(bytes).await;
    let shown = &bytes[..bytes.len().min(16)];
    assert_eq!(socket.close_code().await, (code, None), "{shown:02x?}");
    assert_eq!(socket.frame().await, None, "the connection ends with it: {shown:02x?}");
}

async fn is_alive(socket: &mut RawSocket) {
    socket.text(r#"{"type":"ping"}"#).await;
    assert_eq!(socket.next().await.kind(), "pong");
}

#[tokio::test]
async fn bytes_instead_of_text_close_with_1003() {
    let app = TestApp::start();
    closes_with(&app, &mask(0x82, b"{\"type\":\"ping\"}"), 1003).await;
    let fragments = [mask(0x02, b"a"), mask(0x80, b"b")].concat();
    closes_with(&app, &fragments, 1003).await;
}

#[tokio::test]
async fn more_than_the_limit_closes_with_1009() {
    let app = TestApp::start();
    closes_with(&app, &mask(0x81, &[b'x'; 16_385]), 1009).await;
    closes_with(&app, &announces(0x81, 1 << 30), 1009).await;
    closes_with(&app, &announces(0x01, 1 << 62), 1009).await;
    let fragments = [mask(0x01, &[b'x'; 9000]), mask(0x80, &[b'x'; 9000])].concat();
    closes_with(&app, &fragments, 1009).await;
    let many: Vec<u8> = std::iter::once(mask(0x01, b"x"))
        .chain((0..16_400).map(|_| mask(0x00, b"x")))
        .flatten()
        .collect();
    closes_with(&app, &many, 1009).await;
}

#[tokio::test]
async fn exactly_the_limit_is_read() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    let mut text = r#"{"type":"ping"}"#.to_owned();
    text.push_str(&" ".repeat(16_384 - text.len()));
    socket.text(&text).await;
    assert_eq!(socket.next().await.kind(), "pong");
    let (one, two) = text.as_bytes().split_at(10_000);
    socket.write(&[mask(0x01, one), mask(0x80, two)].concat()).await;
    assert_eq!(socket.next().await.kind(), "pong");
}

#[tokio::test]
async fn the_limit_is_the_operators() {
    let app = TestApp::with(&["limits.frame_bytes=512"]);
    closes_with(&app, &mask(0x81, &[b' '; 513]), 1009).await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_closes_with_1007() {
    let app = TestApp::start();
    for bytes in
        [&b"\xff"[..], b"\xc0\x80", b"{\"type\":\"\xed\xa0\x80\"}", b"\xf4\x90\x80\x80", b"\xc3"]
    {
        closes_with(&app, &mask(0x81, bytes), 1007).await;
    }
    // Found in the first fragment, before the message is complete.
    closes_with(&app, &mask(0x01, b"abc\xff"), 1007).await;
}

#[tokio::test]
async fn a_character_may_be_cut_by_fragments_and_reads() {
    let app = TestApp::start();
    let mut socket = app.raw_with("/ws?nick=ada&room=lobby", None).await;
    let text = r#"{"type":"send","text":"zoë 🦊"}"#.as_bytes();
    let cut = text.len() - 4;
    let bytes = [mask(0x01, &text[..cut]), mask(0x00, b""), mask(0x80, &text[cut..])].concat();
    for piece in bytes.chunks(7) {
        socket.write(piece).await;
    }
    let event = loop {
        let frame = socket.next().await;
        if frame.kind() == "message" {
            break frame;
        }
    };
    assert_eq!(event.0["text"], "zoë 🦊");
}

#[tokio::test]
async fn broken_framing_closes_with_1002() {
    let app = TestApp::start();
    let too_long_a_ping = mask(0x89, &[b'x'; 126]);
    let after_a_start = |bytes: Vec<u8>| [mask(0x01, b"{"), bytes].concat();
    for bytes in [
        b"\x81\x02{}".to_vec(),             // not masked
        mask(0xc1, b"{}"),                  // a reserved bit
        mask(0x83, b"{}"),                  // an unknown opcode
        mask(0x8b, b""),                    // an unknown control opcode
        mask(0x09, b""),                    // a ping in fragments
        too_long_a_ping,                    // a ping of 126 bytes
        mask(0x80, b"{}"),                  // a continuation of nothing
        after_a_start(mask(0x81, b"{}")),   // a new message within another
        mask(0x88, b"x"),                   // half a close code
        mask(0x88, &1005u16.to_be_bytes()), // a code that is never sent
        mask(0x88, &999u16.to_be_bytes()),  // a code below all
        announces(0x81, 1 << 63),           // a length with its top bit set
    ] {
        closes_with(&app, &bytes, 1002).await;
    }
}

#[tokio::test]
async fn control_frames_may_come_between_fragments() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    let pieces = [
        mask(0x01, b"{\"type\":"),
        mask(0x89, b"one"),
        mask(0x00, b"\"pi"),
        mask(0x8a, b"nobody asked"),
        mask(0x89, b"two"),
        mask(0x80, b"ng\"}"),
    ];
    socket.write(&pieces.concat()).await;
    let pong = |payload: &str| RawFrame { opcode: 10, payload: payload.into() };
    assert_eq!(socket.frame().await, Some(pong("one")));
    assert_eq!(socket.frame().await, Some(pong("two")));
    assert_eq!(socket.next().await.kind(), "pong");
}

#[tokio::test]
async fn a_close_frame_is_answered_in_kind() {
    let app = TestApp::start();
    for (payload, code) in
        [(&b""[..], 1005), (b"\x03\xe8", 1000), (b"\x03\xe9bye", 1001), (b"\x0f\xa0", 4000)]
    {
        let mut socket = app.raw().await;
        socket.write(&mask(0x88, payload)).await;
        assert_eq!(socket.close_code().await, (code, None));
        assert_eq!(socket.frame().await, None);
    }
}

#[tokio::test]
async fn what_comes_behind_a_close_frame_is_not_read() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut ada = app.raw_with("/ws?nick=ada&room=lobby", None).await;
    assert_eq!(ada.next().await.kind(), "welcome");
    assert_eq!(ada.next().await.kind(), "joined");
    let late = mask(0x81, br#"{"type":"send","text":"too late"}"#);
    ada.write(&[mask(0x88, b"\x03\xe8"), late].concat()).await;
    assert_eq!(ada.close_code().await.0, 1000);
    let heard = bob.heard().await;
    assert!(heard.iter().all(|frame| frame.kind() == "presence"), "{heard:?}");
}

#[tokio::test]
async fn frames_that_come_with_the_handshake_are_read() {
    let app = TestApp::start();
    let mut socket = app.connect(None).await;
    let head = crate::stage::request("/ws", "").replace("HOST", &app.address().to_string());
    let bytes = [head.as_bytes(), &mask(0x81, br#"{"type":"ping"}"#)].concat();
    socket.write(&bytes).await;
    assert_eq!(socket.answer().await.status, 101);
    assert_eq!(socket.next().await.kind(), "pong");
}

#[tokio::test]
async fn a_message_may_come_byte_by_byte() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    for byte in mask(0x81, br#"{"type":"ping"}"#) {
        socket.write(&[byte]).await;
    }
    assert_eq!(socket.next().await.kind(), "pong");
    is_alive(&mut socket).await;
}
