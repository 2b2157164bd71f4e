//! What is refused, with which code, and that nothing but the answer comes of it.

use serde_json::{Value, json};

use crate::stage::TestApp;

#[tokio::test]
async fn before_hello_only_hello_ping_and_help_are_answered() {
    let app = TestApp::start();
    let mut person = app.knock().await;
    for request in [
        json!({ "type": "join", "room": "lobby" }),
        json!({ "type": "send", "room": "lobby", "text": "hi" }),
        json!({ "type": "rooms" }),
        json!({ "type": "rename", "nick": "bob" }),
        json!({ "type": "typing", "room": "lobby", "on": true }),
        json!({ "type": "leave", "room": "lobby" }),
    ] {
        let refusal = person.refused(request).await;
        assert_eq!(refusal.code, "hello_first");
        assert_eq!(refusal.example.expect("it teaches")["type"], "hello");
    }
    assert_eq!(person.ask(json!({ "type": "ping" })).await.kind(), "pong");
    assert_eq!(person.ask(json!({ "type": "help" })).await.kind(), "help");
    person.hello(json!({ "nick": "ada" })).await;
    for again in [json!({ "nick": "bob" }), json!({ "resume": person.token.clone() })] {
        let mut frame = again;
        frame["type"] = "hello".into();
        assert_eq!(person.refused(frame).await.code, "already_welcome");
    }
}

#[tokio::test]
async fn every_refusal_names_its_code_and_its_field() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    bob.say("lobby", "bob's own").await;
    let images: Vec<String> = (0..11).map(|n| format!("u{n}")).collect();
    let rows: Vec<(Value, &str, Option<&str>)> = vec![
        (json!({}), "missing_field", Some("type")),
        (json!({ "type": "shout" }), "unknown_type", Some("type")),
        (json!({ "type": "send" }), "missing_field", Some("text")),
        (json!({ "type": "send", "text": "" }), "text_empty", Some("text")),
        (json!({ "type": "send", "text": " \t\r\n" }), "text_empty", Some("text")),
        (json!({ "type": "send", "text": "x".repeat(4001) }), "text_too_long", Some("text")),
        (json!({ "type": "send", "text": 5 }), "invalid_field", Some("text")),
        (json!({ "type": "send", "text": "x", "room": "a b" }), "room_invalid", Some("room")),
        (
            json!({ "type": "send", "text": "x", "room": "x".repeat(65) }),
            "room_invalid",
            Some("room"),
        ),
        (json!({ "type": "send", "text": "x", "room": "nowhere" }), "not_in_room", None),
        (json!({ "type": "send", "text": "x", "reply_to": 99 }), "message_not_found", None),
        (
            json!({ "type": "send", "text": "x", "reply_to": "1" }),
            "invalid_field",
            Some("reply_to"),
        ),
        (
            json!({ "type": "send", "text": "x", "client_id": "" }),
            "invalid_field",
            Some("client_id"),
        ),
        (
            json!({ "type": "send", "text": "x", "client_id": "x".repeat(65) }),
            "invalid_field",
            Some("client_id"),
        ),
        (
            json!({ "type": "send", "text": "x", "images": ["u1"] }),
            "image_not_found",
            Some("images"),
        ),
        (
            json!({ "type": "send", "text": "x", "images": images }),
            "too_many_images",
            Some("images"),
        ),
        (json!({ "type": "send", "text": "x", "images": "u1" }), "invalid_field", Some("images")),
        (json!({ "type": "edit", "seq": 1 }), "missing_field", Some("text")),
        (json!({ "type": "edit", "text": "x" }), "missing_field", Some("seq")),
        (json!({ "type": "edit", "seq": 99, "text": "x" }), "message_not_found", None),
        (json!({ "type": "edit", "seq": 1, "text": "x" }), "not_yours", None),
        (json!({ "type": "edit", "seq": 1.5, "text": "x" }), "invalid_field", Some("seq")),
        (json!({ "type": "edit", "seq": -1, "text": "x" }), "invalid_field", Some("seq")),
        (json!({ "type": "delete", "seq": 1 }), "not_yours", None),
        (json!({ "type": "delete", "seq": 0 }), "message_not_found", None),
        (json!({ "type": "react", "seq": 1 }), "missing_field", Some("emoji")),
        (json!({ "type": "react", "seq": 1, "emoji": "" }), "invalid_field", Some("emoji")),
        (
            json!({ "type": "react", "seq": 1, "emoji": "x".repeat(17) }),
            "invalid_field",
            Some("emoji"),
        ),
        (json!({ "type": "react", "seq": 99, "emoji": "x" }), "message_not_found", None),
        (json!({ "type": "react", "seq": 1, "emoji": "x", "on": 1 }), "invalid_field", Some("on")),
        (json!({ "type": "topic" }), "missing_field", Some("topic")),
        (json!({ "type": "topic", "topic": "a\nb" }), "invalid_field", Some("topic")),
        (json!({ "type": "topic", "topic": "x".repeat(257) }), "text_too_long", Some("topic")),
        (json!({ "type": "rename" }), "missing_field", Some("nick")),
        (json!({ "type": "rename", "nick": "" }), "nick_invalid", Some("nick")),
        (json!({ "type": "rename", "nick": "Bob" }), "nick_taken", Some("nick")),
        (json!({ "type": "typing", "on": "yes" }), "invalid_field", Some("on")),
        (json!({ "type": "typing", "room": "nowhere" }), "not_in_room", None),
        (json!({ "type": "join", "room": "" }), "room_invalid", Some("room")),
        (json!({ "type": "join", "room": "x", "after": 7 }), "invalid_field", Some("after")),
        (
            json!({ "type": "join", "room": "x", "after": { "seq": 1 } }),
            "invalid_field",
            Some("after"),
        ),
        (json!({ "type": "join", "room": "x", "limit": 201 }), "invalid_field", Some("limit")),
        (json!({ "type": "leave", "room": "nowhere" }), "not_in_room", None),
        (json!({ "type": "members", "room": "nowhere" }), "not_in_room", None),
        (json!({ "type": "history", "room": "nowhere" }), "not_in_room", None),
        (json!({ "type": "history", "before": 1, "after": 1 }), "invalid_field", Some("before")),
        (json!({ "type": "history", "limit": 0 }), "invalid_field", Some("limit")),
        (json!({ "type": "help", "topic": "nonsense" }), "invalid_field", Some("topic")),
    ];
    bob.heard().await;
    for batch in rows.chunks(15) {
        // Bad frames are counted for each connection: a fresh one now and then.
        let mut person = app.arrive_in("lobby", "cleo").await;
        for (frame, code, field) in batch {
            let refusal = person.refused(frame.clone()).await;
            assert_eq!(refusal.code, *code, "{frame}");
            if field.is_some() {
                assert_eq!(refusal.field.as_deref(), *field, "{frame}");
            }
        }
        person.leave_politely().await;
    }
    let heard = bob.heard().await;
    assert!(heard.iter().all(|frame| frame.kind() == "presence"), "{heard:?}");
    assert_eq!(ada.join("lobby").await.room.seq, 1, "nothing entered the log");
}

#[tokio::test]
async fn what_needs_an_account_asks_for_a_login() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for request in [
        json!({ "type": "kick", "nick": "bob" }),
        json!({ "type": "mute", "nick": "bob", "seconds": 60 }),
        json!({ "type": "ban", "nick": "bob" }),
        json!({ "type": "unban", "nick": "bob" }),
        json!({ "type": "create", "room": "garden" }),
        json!({ "type": "invite" }),
        json!({ "type": "read", "seq": 1 }),
    ] {
        assert_eq!(ada.refused(request).await.code, "login_required");
    }
    let mut thief = app.knock().await;
    let refusal = thief.refused(json!({ "type": "hello", "token": "guess" })).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.field.as_deref()),
        ("bad_credentials", Some("token"))
    );
}

#[tokio::test]
async fn a_refused_hello_may_be_tried_again() {
    let app = TestApp::start();
    let _ada = app.arrive("ada").await;
    let mut person = app.knock().await;
    assert_eq!(person.refused(json!({ "type": "hello", "nick": "ada" })).await.code, "nick_taken");
    assert_eq!(person.refused(json!({ "type": "hello" })).await.code, "missing_field");
    assert_eq!(
        person.refused(json!({ "type": "hello", "resume": "?" })).await.code,
        "bad_credentials"
    );
    person.hello(json!({ "nick": "bob" })).await;
}

#[tokio::test]
async fn where_guests_are_not_admitted_a_name_is_not_enough() {
    let app = TestApp::with(&["guests=false"]);
    let mut person = app.knock().await;
    let refusal = person.refused(json!({ "type": "hello", "nick": "ada" })).await;
    assert_eq!(refusal.code, "guests_not_admitted");
    app.post("lobby", "?nick=ada", &[], "hi").refused(403, "guests_not_admitted");
    for path in ["/api/v1/rooms", "/api/v1/rooms/lobby/events", "/api/v1/rooms/lobby/stream"] {
        app.get(path).refused(401, "login_required");
    }
    assert_eq!(app.get("/").status, 200, "the page can be seen, to log in");
}

#[tokio::test]
async fn where_rooms_are_not_opened_by_joining_an_unknown_one_is_not_found() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    drop(ada);
    app.restart_with(&["rooms.open_creation=false"]);
    let mut ada = app.arrive("ada").await;
    assert_eq!(ada.refused(json!({ "type": "join", "room": "new" })).await.code, "room_not_found");
    assert_eq!(ada.join("lobby").await.room.seq, 1, "one that is there is entered as ever");
}

#[tokio::test]
async fn a_server_full_of_rooms_says_that_it_is_busy() {
    let app = TestApp::with(&["rooms.max=2"]);
    let mut ada = app.arrive_in("one", "ada").await;
    ada.join("two").await;
    let refusal = ada.refused(json!({ "type": "join", "room": "three" })).await;
    assert_eq!(refusal.code, "busy");
    assert!(refusal.retry_after_ms.is_some());
    ada.join("ONE").await;
}
