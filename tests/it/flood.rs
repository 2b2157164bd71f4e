//! What one client throws at the server costs the server little, and the others nothing.

use serde_json::json;

use crate::stage::{TestApp, mask, within};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn twenty_frames_announced_at_a_gigabyte_each_cost_under_20_mib() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut sockets = Vec::new();
    for n in 0..20 {
        sockets.push(app.raw_with(&format!("/ws?nick=n{n}&room=lobby"), None).await);
    }
    for socket in &mut sockets {
        assert_eq!(socket.next().await.kind(), "welcome");
    }
    let before = app.rss();
    let header = [&[0x81, 0xff][..], &(1u64 << 30).to_be_bytes(), &[1, 2, 3, 4]].concat();
    let chunk = vec![b'x'; 64 * 1024];
    for socket in &mut sockets {
        socket.write(&header).await;
    }
    for _ in 0..16 {
        for socket in &mut sockets {
            // Refused at the header, so the rest may find the door shut.
            let _ = socket.try_write(&chunk).await;
        }
    }
    bob.say("lobby", "still here").await;
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 20 * MIB, "{grown} bytes");
}

#[tokio::test]
async fn a_gigabyte_announced_is_answered_with_1009_before_it_comes() {
    let app = TestApp::start();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = app.raw().await;
        socket.write(&[&[0x81, 0xff][..], &(1u64 << 30).to_be_bytes(), &[0; 4]].concat()).await;
        sockets.push(socket);
    }
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await.0, 1009);
    }
}

#[tokio::test]
async fn ten_thousand_tiny_frames_in_one_write_are_all_read() {
    let app = TestApp::start();
    let mut socket = app.raw().await;
    let mut bytes: Vec<u8> = (0..900).flat_map(|_| mask(0x8a, b"")).collect();
    bytes.extend(mask(0x81, br#"{"type":"ping","id":"pongs"}"#));
    // One message of ten thousand fragments, most of them empty.
    bytes.extend(mask(0x01, br#"{"type":"ping","#));
    bytes.extend((0..10_000).flat_map(|_| mask(0x00, b"")));
    bytes.extend(mask(0x80, br#""id":"fragments"}"#));
    bytes.extend((0..10_000).flat_map(|n| {
        let id = if n == 9_999 { r#","id":"texts""# } else { "" };
        mask(0x81, format!(r#"{{"type":"ping"{id}}}"#).as_bytes())
    }));
    let (mut pongs, mut ids) = (0, Vec::new());
    // Written in pieces between which the answers are read, as any client does.
    let mut pieces = bytes.chunks(32 * 1024);
    while ids.last().is_none_or(|id| id != "texts") {
        if let Some(piece) = pieces.next() {
            socket.write(piece).await;
            continue;
        }
        let frame = socket.next().await;
        assert_eq!(frame.kind(), "pong");
        pongs += 1;
        ids.extend(frame.0["id"].as_str().map(String::from));
    }
    assert_eq!((pongs, ids), (10_002, vec!["pongs".into(), "fragments".into(), "texts".into()]));
}

#[tokio::test]
async fn who_pings_without_reading_costs_a_bounded_amount() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut flooder = app.raw_with("/ws?nick=flooder&room=lobby", Some(64 << 10)).await;
    assert_eq!(flooder.next().await.kind(), "welcome");
    let before = app.rss();
    let pings: Vec<u8> = (0..500).flat_map(|_| mask(0x89, &[b'p'; 125])).collect();
    // Until the server closes: nobody asks so often.
    let flood = async {
        for _ in 0..500 {
            if flooder.try_write(&pings).await.is_err() {
                return true;
            }
        }
        false
    };
    assert!(within("the end of the flood", flood).await, "32 MB of pings were taken");
    bob.say("lobby", "still here").await;
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 20 * MIB, "{grown} bytes");
}

#[tokio::test]
async fn who_asks_without_reading_costs_a_bounded_amount() {
    let app = TestApp::unhurried();
    let mut bob = app.arrive_in("lobby", "bob").await;
    for n in 0..100 {
        bob.say("lobby", &format!("{n} {}", "x".repeat(3900))).await;
    }
    let mut asker = app.raw_with("/ws?nick=asker&room=lobby", Some(64 << 10)).await;
    assert_eq!(asker.next().await.kind(), "welcome");
    let before = app.rss();
    let requests: Vec<u8> = (0..200)
        .flat_map(|_| mask(0x81, br#"{"type":"history","room":"lobby","limit":50}"#))
        .collect();
    let flood = async {
        for _ in 0..2000 {
            asker.write(&requests).await;
        }
    };
    let blocked = tokio::time::timeout(std::time::Duration::from_secs(3), flood).await.is_err();
    assert!(blocked, "the requests were taken although no answer was read");
    bob.say("lobby", "still here").await;
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 20 * MIB, "{grown} bytes");
}

#[tokio::test]
async fn a_storm_of_connections_that_say_nothing_is_let_go() {
    let app = TestApp::with(&["limits.hello_ms=300", "heartbeat.interval_ms=200"]);
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(app.knock().await);
    }
    for mut person in silent {
        assert_eq!(person.ending().await.code, 4002);
    }
    let mut ada = app.arrive("ada").await;
    assert_eq!(ada.ask(json!({ "type": "ping" })).await.kind(), "pong");
}
