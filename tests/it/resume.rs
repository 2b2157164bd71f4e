//! A name waits for whoever dropped; a goodbye frees it at once.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::stage::{Frame, Joined, TestApp, texts};

/// The states that `presence` told of `nick`, in order; a leave is `offline`.
fn told(frames: &[Frame], nick: &str) -> Vec<String> {
    let presence = frames.iter().filter(|frame| frame.kind() == "presence");
    let presence = presence.map(|frame| frame.as_a::<crate::stage::Presence>("presence"));
    presence
        .flat_map(|told| [told.joined, told.changed, told.left].concat())
        .filter(|member| member.nick == nick)
        .map(|member| member.state)
        .collect()
}

#[tokio::test]
async fn a_drop_is_no_leave_and_what_was_missed_comes_once() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (token, first) = (ada.token.clone(), ada.say("lobby", "before").await);
    bob.heard().await;
    drop(ada);
    let change = bob.next_presence().await;
    assert!(change.left.is_empty() && change.joined.is_empty());
    assert_eq!((change.changed[0].nick.as_str(), change.count), ("ada", 2));
    assert_eq!(change.changed[0].state, "reconnecting");
    for text in ["one", "two", "three"] {
        bob.say("lobby", text).await;
    }
    let (mut ada, welcome) = app.resume(&token).await;
    assert!(welcome.resumed);
    assert_eq!((welcome.user.nick.as_str(), welcome.rooms), ("ada", vec!["lobby".to_owned()]));
    let joined = ada.catch_up("lobby", &first.epoch, first.seq).await;
    assert!(joined.complete);
    assert_eq!(texts(&joined.events), ["one", "two", "three"]);
    bob.say("lobby", "four").await;
    assert_eq!(ada.next_event().await.text.as_deref(), Some("four"));
    let heard = bob.heard().await;
    assert_eq!(told(&heard, "ada"), ["online"]);
    assert_eq!(ada.heard().await, [], "nothing came twice");
}

#[tokio::test]
async fn a_reset_is_a_drop_too() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut ada = app.raw_with("/ws?nick=ada&room=lobby", None).await;
    assert_eq!(ada.next().await.kind(), "welcome");
    assert_eq!(ada.next().await.kind(), "joined");
    assert_eq!(bob.next_presence().await.joined[0].nick, "ada");
    ada.reset();
    assert_eq!(bob.next_presence().await.changed[0].state, "reconnecting");
}

#[tokio::test]
async fn a_session_moves_from_a_connection_that_still_looks_alive() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut old = app.arrive_in("lobby", "ada").await;
    bob.heard().await;
    let (mut new, welcome) = app.resume(&old.token).await;
    assert!(welcome.resumed);
    let ending = old.ending().await;
    let closing = ending.closing.expect("it is told why");
    assert_eq!((ending.code, closing.code, closing.reconnect_after_ms), (4502, 4502, None));
    new.join("lobby").await;
    new.say("lobby", "here").await;
    assert_eq!(told(&bob.heard().await, "ada"), Vec::<String>::new(), "the others saw nothing");
}

#[tokio::test]
async fn of_many_that_resume_at_once_one_stays() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let resume = json!({ "type": "hello", "resume": ada.token, "id": 1 }).to_string();
    let mut rivals = Vec::new();
    for _ in 0..8 {
        rivals.push(app.knock().await);
    }
    for rival in &mut rivals {
        rival.write(resume.clone()).await;
    }
    for rival in &mut rivals {
        assert_eq!(rival.wait_for(|frame| frame.0["id"] == 1).await.kind(), "welcome");
    }
    let endings = rivals.into_iter().map(|mut rival| {
        tokio::spawn(async move {
            let frame = json!({ "type": "join", "room": "lobby", "id": 2 });
            let _ = rival.try_write(&frame).await;
            loop {
                match rival.read().await {
                    Ok(frame) if frame.0["id"] == 2 => return None,
                    Ok(_) => {}
                    Err(code) => return Some(code),
                }
            }
        })
    });
    let mut stayed = 0;
    for ending in endings.collect::<Vec<_>>() {
        match ending.await.expect("no rival panics") {
            None => stayed += 1,
            Some(code) => assert_eq!(code, 4502),
        }
    }
    assert_eq!(stayed, 1);
}

#[tokio::test]
async fn the_end_of_the_grace_is_one_leave_and_frees_the_name() {
    let app = TestApp::with(&["resume.grace_ms=200"]);
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ada = app.arrive_in("lobby", "ada").await;
    bob.heard().await;
    let token = ada.token.clone();
    drop(ada);
    assert_eq!(bob.next_presence().await.changed[0].state, "reconnecting");
    let leave = bob.next_presence().await;
    assert_eq!((leave.left[0].nick.as_str(), leave.left[0].state.as_str()), ("ada", "offline"));
    assert_eq!((leave.left.len(), leave.count), (1, 1));
    let mut late = app.knock().await;
    let refusal = late.refused(json!({ "type": "hello", "resume": token })).await;
    assert_eq!(
        (refusal.code.as_str(), refusal.field.as_deref()),
        ("bad_credentials", Some("resume"))
    );
    let welcome = late.hello(json!({ "nick": "ada" })).await;
    assert!(!welcome.resumed && welcome.rooms.is_empty());
    assert_eq!(told(&bob.heard().await, "ada"), Vec::<String>::new(), "there was no second leave");
}

#[tokio::test]
async fn without_a_grace_a_drop_is_a_leave() {
    let app = TestApp::with(&["resume.grace_ms=0"]);
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ada = app.arrive_in("lobby", "ada").await;
    bob.heard().await;
    drop(ada);
    assert_eq!(bob.next_presence().await.left[0].nick, "ada");
}

#[tokio::test]
async fn a_goodbye_frees_name_and_places_at_once() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let close = |code: u16| Some(CloseFrame { code: code.into(), reason: "".into() });
    for frame in [None, close(1000), close(1001)] {
        let mut ada = app.arrive_in("lobby", "ada").await;
        assert_eq!(bob.next_presence().await.joined[0].nick, "ada");
        ada.put(Message::Close(frame.clone())).await;
        let leave = bob.next_presence().await;
        assert_eq!((leave.left[0].nick.as_str(), leave.changed.len()), ("ada", 0));
        let code = ada.ending().await.code;
        assert_eq!(code, frame.map_or(1005, |frame| frame.code.into()));
    }
}

#[tokio::test]
async fn any_other_close_code_is_a_drop() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    for (nick, code) in [("ada", 4000), ("eve", 3000)] {
        let mut gone = app.arrive_in("lobby", nick).await;
        bob.heard().await;
        gone.put(Message::Close(Some(CloseFrame { code: code.into(), reason: "".into() }))).await;
        assert_eq!(bob.next_presence().await.changed[0].state, "reconnecting");
        assert_eq!(gone.ending().await.code, code);
    }
}

#[tokio::test]
async fn held_rooms_that_are_not_joined_are_joined_for_whoever_resumed() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.join("garden").await;
    let token = ada.token.clone();
    bob.say("lobby", "before").await;
    drop(ada);
    let (mut ada, welcome) = app.resume(&token).await;
    assert_eq!(welcome.rooms, ["lobby", "garden"]);
    bob.say("lobby", "after").await;
    for _ in 0..2 {
        let joined: Joined = ada.wait_for(|frame| frame.kind() == "joined").await.as_a("joined");
        assert_eq!((joined.id, joined.complete), (None, true));
        let expected: &[&str] = if joined.room.name == "lobby" { &["after"] } else { &[] };
        assert_eq!(texts(&joined.events), expected, "all since the resume, and no more");
    }
    bob.say("lobby", "live").await;
    assert_eq!(ada.next_event().await.text.as_deref(), Some("live"));
}

#[tokio::test]
async fn a_room_that_is_joined_in_time_is_not_joined_again() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.join("garden").await;
    let token = ada.token.clone();
    drop(ada);
    let (mut ada, _) = app.resume(&token).await;
    ada.join("lobby").await;
    let joined: Joined = ada.wait_for(|frame| frame.kind() == "joined").await.as_a("joined");
    assert_eq!(joined.room.name, "garden", "only the other one is joined for us");
    assert_eq!(ada.heard().await, []);
}

#[tokio::test]
async fn three_unknown_tokens_close_the_connection() {
    let app = TestApp::start();
    let mut thief = app.knock().await;
    for _ in 0..3 {
        thief.write(json!({ "type": "hello", "resume": "guess" }).to_string()).await;
    }
    let ending = thief.ending().await;
    let codes: Vec<_> = ending.frames.iter().map(|frame| &frame.0["code"]).collect();
    assert_eq!(codes, ["bad_credentials"; 3]);
    assert_eq!((ending.code, ending.closing.map(|c| c.reconnect_after_ms)), (4504, Some(None)));
}

#[tokio::test]
async fn a_resumed_session_keeps_its_messages_as_its_own() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    ada.say("lobby", "mine").await;
    drop(ada);
    let (mut ada, _) = app.resume(&token).await;
    let edit = json!({ "type": "edit", "room": "lobby", "seq": 1, "text": "still mine" });
    assert_eq!(ada.ask(edit).await.kind(), "sent");
}
