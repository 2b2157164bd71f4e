//! Every request has its one reply, and the reply has the request's id.

use serde_json::{Value, json};

use crate::stage::{Joined, Members, Rooms, Sent, TestApp, Welcome};

/// `2026-11-22T18:00:00.000Z`, as a picture of it.
fn is_a_time(at: &str) -> bool {
    let picture: String = at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    picture == "0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn hello_is_answered_with_everything_that_a_client_needs_to_know() {
    let app = TestApp::with(&[
        "heartbeat.interval_ms=7000",
        "heartbeat.timeout_ms=9000",
        "resume.grace_ms=4000",
        "limits.text_chars=77",
    ]);
    let mut ada = app.knock().await;
    let frame = ada.ask(json!({ "type": "hello", "nick": "ada" })).await;
    let welcome: Welcome = frame.as_a("welcome");
    assert_eq!((welcome.protocol, welcome.resumed, welcome.rooms.len()), (1, false, 0));
    assert_eq!(frame.0["server"]["name"], "parlor");
    assert_eq!(frame.0["server"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(frame.0["user"], json!({ "nick": "ada", "guest": true, "role": "guest" }));
    assert_eq!((welcome.heartbeat.interval_ms, welcome.heartbeat.timeout_ms), (7000, 9000));
    assert_eq!(welcome.resume.grace_ms, 4000);
    assert!(welcome.resume.token.len() >= 32 && welcome.session != welcome.resume.token);
    assert_eq!(
        welcome.limits,
        json!({
            "frame_bytes": 16384, "text_chars": 77, "image_bytes": 10 << 20,
            "image_pixels": 40_000_000, "images_per_message": 10, "messages_per_second": 10,
            "burst": 30, "rooms": 50
        })
    );
}

#[tokio::test]
async fn a_life_in_a_room_is_answered_step_by_step() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive("ada").await;
    let joined: Joined = ada.join("Lobby").await;
    let room = &joined.room;
    assert_eq!((room.name.as_str(), room.topic.as_str(), room.seq), ("Lobby", "", 0));
    assert_eq!((room.visibility.as_str(), joined.count, joined.complete), ("open", 1, true));
    let me = json!({ "nick": "ada", "guest": true, "role": "guest", "state": "online" });
    assert_eq!(joined.members[0], serde_json::from_value(me).expect("a member"));

    let sent = ada.say_once("lobby", "hi", "k1").await;
    assert_eq!((sent.room.as_str(), sent.seq, sent.epoch.as_str()), ("Lobby", 1, &*room.epoch));
    assert_eq!((sent.client_id.as_deref(), sent.duplicate), (Some("k1"), false));
    assert!(is_a_time(&sent.at), "{}", sent.at);

    let requests = [
        json!({ "type": "edit", "seq": 1, "text": "hi there" }),
        json!({ "type": "react", "seq": 1, "emoji": "👍" }),
        json!({ "type": "react", "seq": 1, "emoji": "👍", "on": false }),
        json!({ "type": "topic", "topic": "Tea" }),
        json!({ "type": "send", "text": "re", "reply_to": 1 }),
        json!({ "type": "delete", "seq": 1 }),
    ];
    for (seq, request) in (2..).zip(requests) {
        let sent: Sent = ada.ask(request).await.as_a("sent");
        assert_eq!((sent.seq, sent.duplicate, sent.client_id), (seq, false, None));
    }
    let events = ada.next_events(7).await;
    let kinds: Vec<&str> = events.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(kinds, ["message", "edited", "reacted", "reacted", "topic", "message", "deleted"]);
    assert_eq!((events[2].emoji.as_deref(), events[2].on), (Some("👍"), Some(true)));
    assert_eq!((events[3].target, events[3].on), (Some(1), Some(false)));
    assert_eq!(events[4].topic.as_deref(), Some("Tea"));
    assert_eq!(events[5].reply_to, Some(1));
    assert!(events.iter().all(|event| event.from.nick == "ada" && event.from.guest));
    assert!(events.iter().all(|event| is_a_time(&event.at)));

    let rooms: Rooms = ada.ask(json!({ "type": "rooms" })).await.as_a("rooms");
    let entry = &rooms.rooms[0];
    assert_eq!((entry.name.as_str(), entry.topic.as_str(), entry.count), ("Lobby", "Tea", 1));
    assert!(!rooms.more);
    let members: Members = ada.ask(json!({ "type": "members" })).await.as_a("members");
    assert_eq!((members.count, members.members.len(), members.room.as_str()), (1, 1, "Lobby"));
    let left = ada.ask(json!({ "type": "leave" })).await;
    assert_eq!((left.kind(), &left.0["room"]), ("left", &"Lobby".into()));
}

#[tokio::test]
async fn a_reaction_that_is_so_already_is_a_duplicate() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let react = |on: bool| json!({ "type": "react", "seq": 1, "emoji": "👍", "on": on });
    for (on, seq, duplicate) in
        [(false, 1, true), (true, 2, false), (true, 2, true), (false, 3, false)]
    {
        let sent: Sent = ada.ask(react(on)).await.as_a("sent");
        assert_eq!((sent.seq, sent.duplicate), (seq, duplicate), "{on}");
    }
}

#[tokio::test]
async fn ids_come_back_as_they_were_written() {
    let app = TestApp::start();
    let mut ada = app.arrive("ada").await;
    let long = "ä".repeat(64);
    let ids = [json!("x"), json!(""), json!(7), json!(-3), json!(u64::MAX), json!(long)];
    for id in ids {
        ada.write(json!({ "type": "ping", "id": id }).to_string()).await;
        assert_eq!(ada.next().await.0["id"], id);
        ada.write(json!({ "type": "nonsense", "id": id }).to_string()).await;
        let error = ada.next().await;
        assert_eq!((error.kind(), &error.0["id"]), ("error", &id));
    }
    let digits = "9".repeat(64);
    ada.write(format!(r#"{{"type":"ping","id":{digits}}}"#)).await;
    assert_eq!(ada.next().await.kind(), "pong");
    for bad in [json!({}), json!([]), json!(1.5), json!(true), json!("x".repeat(65))] {
        ada.write(json!({ "type": "ping", "id": bad }).to_string()).await;
        let error = ada.next().await;
        assert_eq!((error.0["field"].as_str(), error.0.get("id")), (Some("id"), None));
    }
}

#[tokio::test]
async fn without_an_id_the_reply_comes_without_one() {
    let app = TestApp::start();
    let mut ada = app.knock().await;
    for (request, reply) in [
        (json!({ "type": "hello", "nick": "ada" }), "welcome"),
        (json!({ "type": "join", "room": "lobby" }), "joined"),
        (json!({ "type": "send", "text": "hi" }), "sent"),
        (json!({ "type": "history" }), "history"),
        (json!({ "type": "members" }), "members"),
        (json!({ "type": "rooms" }), "rooms"),
        (json!({ "type": "rename", "nick": "bob" }), "renamed"),
        (json!({ "type": "ping", "id": null }), "pong"),
        (json!({ "type": "help" }), "help"),
        (json!({ "type": "shout" }), "error"),
        (json!({ "type": "leave" }), "left"),
    ] {
        ada.write(request.to_string()).await;
        let answer = ada.wait_for(|frame| frame.kind() == reply).await;
        assert_eq!(answer.0.get("id"), None, "{answer:?}");
    }
}

#[tokio::test]
async fn many_requests_at_once_are_each_answered_and_what_is_said_in_its_order() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 1..=200 {
        let request = match n % 5 {
            3 => json!({ "type": "history", "limit": 1, "id": n }),
            4 => json!({ "type": "members", "id": n }),
            _ => json!({ "type": "send", "text": format!("m{n}"), "id": n }),
        };
        ada.write(request.to_string()).await;
    }
    let (mut said, mut read) = (Vec::new(), Vec::new());
    while said.len() + read.len() < 200 {
        let frame = ada.next().await;
        let Some(id) = frame.0["id"].as_u64() else { continue };
        if frame.kind() == "sent" { &mut said } else { &mut read }.push(id);
    }
    // What enters the log waits for the disk; reading need not wait for it.
    assert!(said.is_sorted() && said.len() == 120, "{said:?}");
    assert!(read.is_sorted() && read.len() == 80, "{read:?}");
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let frame = json!({ "type": "send", "text": "hi", "colour": "red", "later": [{ "a": null }] });
    assert_eq!(ada.ask(frame).await.kind(), "sent");
    let event: Value = json!(ada.next_event().await.text);
    assert_eq!(event, "hi");
}

#[tokio::test]
async fn a_room_may_be_left_out_while_one_is_in_exactly_one() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive("ada").await;
    let requests = [
        json!({ "type": "send", "text": "hi" }),
        json!({ "type": "edit", "seq": 1, "text": "hi there" }),
        json!({ "type": "react", "seq": 1, "emoji": "👍" }),
        json!({ "type": "topic", "topic": "Tea" }),
        json!({ "type": "members" }),
        json!({ "type": "history" }),
        json!({ "type": "delete", "seq": 1 }),
        json!({ "type": "join" }),
        json!({ "type": "leave" }),
    ];
    for request in &requests {
        let refusal = ada.refused(request.clone()).await;
        let expected = if request["type"] == "join" { "missing_field" } else { "not_in_room" };
        assert_eq!(refusal.code, expected, "in no room: {request}");
    }
    ada.join("lobby").await;
    ada.join("garden").await;
    for request in &requests {
        let refusal = ada.refused(request.clone()).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("missing_field", Some("room"))
        );
    }
    ada.ask(json!({ "type": "leave", "room": "garden" })).await;
    for request in requests {
        let answer = ada.ask(request.clone()).await;
        assert_ne!(answer.kind(), "error", "{request} {answer:?}");
    }
}

#[tokio::test]
async fn who_types_by_hand_is_greeted_and_placed_by_the_address() {
    let app = TestApp::start();
    let mut ada = app.knock_at("/ws?nick=Zo%C3%AB&room=lobby", "127.0.0.1").await;
    let welcome: Welcome = ada.next().await.as_a("welcome");
    assert_eq!(welcome.user.nick, "Zoë");
    assert_eq!(ada.next().await.as_a::<Joined>("joined").room.name, "lobby");
    ada.write(r#"{"type":"send","room":"lobby","text":"hi"}"#).await;
    assert_eq!(ada.next_event().await.text.as_deref(), Some("hi"));
    let mut bob = app.knock_at("/ws?nick=bob", "127.0.0.1").await;
    assert_eq!(bob.next().await.kind(), "welcome");
    assert_eq!(bob.ask(json!({ "type": "ping" })).await.kind(), "pong");
    let mut clash = app.knock_at("/ws?nick=BOB&room=lobby", "127.0.0.1").await;
    assert_eq!(clash.next().await.0["code"], "nick_taken");
    assert_eq!(clash.next().await.0["code"], "hello_first");
    clash.hello(json!({ "nick": "carol" })).await;
}

#[tokio::test]
async fn a_pong_tells_the_servers_time() {
    let app = TestApp::start();
    let mut ada = app.knock().await;
    let pong = ada.ask(json!({ "type": "ping" })).await;
    assert!(is_a_time(pong.0["at"].as_str().expect("a time")), "{pong:?}");
}
