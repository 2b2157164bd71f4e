//! How much one may do, and what is said of it.

use std::time::Instant;

use serde_json::json;

use crate::stage::{Person, TestApp, eventually, log, texts};

/// Sends until it is too much; returns how often it was not.
async fn sends_until_refused(person: &mut Person) -> (usize, u64) {
    for sent in 0..1000 {
        let answer = person.ask(json!({ "type": "send", "room": "lobby", "text": "hi" })).await;
        if answer.kind() == "error" {
            assert_eq!(answer.0["code"], "rate_limited");
            return (sent, answer.0["retry_after_ms"].as_u64().expect("it says when"));
        }
    }
    panic!("there is no limit");
}

#[tokio::test]
async fn a_burst_is_taken_and_then_the_pace_counts() {
    let app = TestApp::with(&["limits.messages_per_second=1", "limits.burst=5"]);
    let mut ada = app.arrive("ada").await;
    ada.join("lobby").await;
    let (sent, retry_after_ms) = sends_until_refused(&mut ada).await;
    // The join counts as well; a slow machine may gain a token or two on the way.
    assert!((4..8).contains(&sent), "{sent}");
    assert!((1..=1000).contains(&retry_after_ms), "{retry_after_ms}");
    let mut bob = app.arrive_in("lobby", "bob").await;
    bob.say("lobby", "others are not concerned").await;
    assert_eq!(ada.ask(json!({ "type": "ping" })).await.kind(), "pong");
    let since = Instant::now();
    eventually("the time has passed", async || {
        // Asked anew at each try: the answer is the event that is waited for.
        (since.elapsed().as_millis() as u64 > retry_after_ms).then_some(())
    })
    .await;
    ada.say("lobby", "now").await;
}

#[tokio::test]
async fn being_rate_limited_neither_says_anything_nor_counts_as_abuse() {
    let app = TestApp::with(&["limits.messages_per_second=1", "limits.burst=3"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 0..60 {
        ada.write(json!({ "type": "send", "text": format!("m{n}"), "id": n }).to_string()).await;
    }
    let mut sent = 0;
    for n in 0..60 {
        let answer = ada.wait_for(|frame| frame.0["id"] == n).await;
        sent += usize::from(answer.kind() == "sent");
    }
    assert!((2..20).contains(&sent), "{sent}");
    assert_eq!(log(&app, "lobby").len(), sent);
}

#[tokio::test]
async fn by_default_thirty_at_once_are_taken() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 0..29 {
        ada.say("lobby", &format!("m{n}")).await;
    }
    sends_until_refused(&mut ada).await;
}

#[tokio::test]
async fn without_a_limit_nobody_is_told_to_wait() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 0..200 {
        ada.write(json!({ "type": "send", "text": format!("m{n}") }).to_string()).await;
    }
    ada.next_events(200).await;
}

#[tokio::test]
async fn a_resume_brings_no_new_burst() {
    let app = TestApp::with(&["limits.messages_per_second=1", "limits.burst=3"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    sends_until_refused(&mut ada).await;
    let token = ada.token.clone();
    drop(ada);
    let (mut ada, _) = app.resume(&token).await;
    let (sent, _) = sends_until_refused(&mut ada).await;
    assert!(sent < 3, "{sent}");
}

#[tokio::test]
async fn one_may_be_in_so_many_rooms_and_no_more() {
    let app = TestApp::with(&["limits.rooms=3"]);
    let mut ada = app.arrive("ada").await;
    for room in ["one", "two", "three"] {
        ada.join(room).await;
    }
    let refusal = ada.refused(json!({ "type": "join", "room": "four" })).await;
    assert_eq!(refusal.code, "too_many_rooms");
    ada.join("TWO").await;
    ada.ask(json!({ "type": "leave", "room": "one" })).await;
    ada.join("four").await;
    let rooms = ada.ask(json!({ "type": "rooms" })).await;
    assert_eq!(rooms.0["rooms"].as_array().map(Vec::len), Some(4), "the refused join made none");
}

#[tokio::test]
async fn an_address_opens_so_many_rooms_and_then_waits() {
    let app = TestApp::with(&[
        "limits.messages_per_second=100000",
        "limits.burst=100000",
        "limits.rooms=1000",
    ]);
    let mut ada = app.arrive("ada").await;
    let mut refusal = None;
    for n in 0..400 {
        let answer = ada.ask(json!({ "type": "join", "room": format!("room-{n}") })).await;
        if answer.kind() == "error" {
            refusal = Some(answer);
            break;
        }
    }
    let refusal = refusal.expect("there is a limit");
    assert_eq!(refusal.0["code"], "rate_limited");
    assert!(refusal.0["retry_after_ms"].as_u64().is_some_and(|millis| millis <= 1000));
    // A new session from there brings no new allowance; rooms that are there are open to it.
    let mut bob = app.arrive("bob").await;
    bob.join("room-0").await;
    let mut opened = 0;
    for n in 0..20 {
        let answer = bob.ask(json!({ "type": "join", "room": format!("bobs-{n}") })).await;
        opened += usize::from(answer.kind() == "joined");
    }
    assert!(opened < 20, "there is a new allowance");
}

#[tokio::test]
async fn texts_fit_up_to_their_limit_in_characters() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let fitting =
        ["x".repeat(4000), "ä".repeat(4000), "🦊".repeat(4000), " x ".into(), "\0".into()];
    for text in &fitting {
        ada.say("lobby", text).await;
    }
    for text in ["x".repeat(4001), "🦊".repeat(4001)] {
        let refusal = ada.refused(json!({ "type": "send", "text": text })).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("text_too_long", Some("text"))
        );
        assert!(refusal.message.contains("4000"), "{}", refusal.message);
    }
    for text in ["", " ", "\n\t\r \u{c}"] {
        assert_eq!(ada.refused(json!({ "type": "send", "text": text })).await.code, "text_empty");
    }
    assert_eq!(texts(&log(&app, "lobby")), fitting);
}

#[tokio::test]
async fn the_edges_of_every_other_text_hold() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive("ada").await;
    let wide = |count: usize| "ö".repeat(count);
    ada.join(&wide(64)).await;
    assert_eq!(ada.refused(json!({ "type": "join", "room": wide(65) })).await.code, "room_invalid");
    for frame in [
        json!({ "type": "topic", "topic": wide(256) }),
        json!({ "type": "topic", "topic": "" }),
        json!({ "type": "send", "text": "hi", "client_id": wide(64) }),
        json!({ "type": "react", "seq": 3, "emoji": wide(16) }),
        json!({ "type": "react", "seq": 3, "emoji": "👩‍👩‍👧‍👦" }),
    ] {
        assert_eq!(ada.ask(frame.clone()).await.kind(), "sent", "{frame}");
    }
    assert_eq!(ada.ask(json!({ "type": "rename", "nick": wide(32) })).await.kind(), "renamed");
    for (frame, code) in [
        (json!({ "type": "topic", "topic": wide(257) }), "text_too_long"),
        (json!({ "type": "send", "text": "hi", "client_id": wide(65) }), "invalid_field"),
        (json!({ "type": "react", "seq": 3, "emoji": wide(17) }), "invalid_field"),
        (json!({ "type": "rename", "nick": wide(33) }), "nick_invalid"),
    ] {
        assert_eq!(ada.refused(frame.clone()).await.code, code, "{frame}");
    }
}

#[tokio::test]
async fn rooms_are_one_in_every_spelling_and_shown_as_first_spelled() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("Küche", "ada").await;
    for spelling in ["küche", "KÜCHE", "Ku\u{308}che"] {
        let frame = json!({ "type": "join", "room": spelling });
        let answer = ada.ask(frame).await;
        if answer.kind() == "joined" {
            assert_eq!(answer.0["room"]["name"], "Küche");
        } else {
            assert_eq!(answer.0["code"], "room_invalid", "{spelling}");
        }
    }
    assert_eq!(ada.join("kÜche").await.room.name, "Küche");
    assert_eq!(ada.say("KÜCHE", "hi").await.room, "Küche");
}

#[tokio::test]
async fn rooms_have_names_that_fit_into_an_address() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive("ada").await;
    for room in ["lobby", "room_1", "v1.2", "日本", "a", "0", "x-y"] {
        ada.join(room).await;
    }
    let mut bob = app.arrive("bob").await;
    for room in ["a b", "a/b", "..", ".a", "-a", "a?b", "#a", "a\0", "😀", "a\u{202e}b", "%41"] {
        let refusal = bob.refused(json!({ "type": "join", "room": room })).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("room_invalid", Some("room"))
        );
    }
}
