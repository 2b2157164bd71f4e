//! A restart is a drop for everybody: names and places wait, the log goes on.

use serde_json::json;

use crate::stage::{Members, TestApp, texts};

/// What everybody expects of a server that ended, whichever way.
async fn comes_back(mut app: TestApp, restart: fn(&mut TestApp)) {
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.join("garden").await;
    let (ada_token, bob_token) = (ada.token.clone(), bob.token.clone());
    let first = bob.say("lobby", "before").await;
    drop((ada, bob));
    restart(&mut app);
    let (mut ada, welcome) = app.resume(&ada_token).await;
    assert!(welcome.resumed);
    assert_eq!((welcome.user.nick.as_str(), welcome.resume.token), ("ada", ada_token));
    assert_eq!(welcome.rooms, ["lobby", "garden"]);
    let joined = ada.catch_up("lobby", &first.epoch, 0).await;
    assert!(joined.complete);
    assert_eq!(texts(&joined.events), ["before"]);
    let states: Vec<_> =
        joined.members.iter().map(|m| (m.nick.as_str(), m.state.as_str())).collect();
    assert_eq!(states, [("ada", "online"), ("bob", "reconnecting")]);
    let (mut bob, _) = app.resume(&bob_token).await;
    assert_eq!(ada.next_presence().await.changed[0].state, "online");
    let next = bob.say("lobby", "after").await;
    assert_eq!((next.seq, next.epoch), (first.seq + 1, first.epoch));
    assert_eq!(ada.next_event().await.text.as_deref(), Some("after"));
}

#[tokio::test]
async fn sessions_are_resumed_after_a_stop() {
    comes_back(TestApp::start(), TestApp::restart).await;
}

#[tokio::test]
async fn sessions_are_resumed_after_a_kill() {
    comes_back(TestApp::start(), TestApp::crash).await;
}

#[tokio::test]
async fn a_fresh_hello_from_the_same_address_takes_an_unclaimed_name_back() {
    let mut app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    drop(ada);
    app.restart();
    let mut ada = app.knock().await;
    let welcome = ada.hello(json!({ "nick": "Ada" })).await;
    assert!(!welcome.resumed && welcome.rooms.is_empty());
    let mut old = app.knock().await;
    let refusal = old.refused(json!({ "type": "hello", "resume": token })).await;
    assert_eq!(refusal.code, "bad_credentials");
}

#[tokio::test]
async fn a_fresh_hello_from_elsewhere_does_not() {
    let mut app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    drop(ada);
    app.restart();
    let mut thief = app.knock_at("/ws", "127.0.0.2").await;
    let refusal = thief.refused(json!({ "type": "hello", "nick": "ada" })).await;
    assert_eq!(refusal.code, "nick_taken");
    assert!(app.resume(&token).await.1.resumed);
    let refusal = thief.refused(json!({ "type": "hello", "nick": "ada" })).await;
    assert_eq!(refusal.code, "nick_taken");
}

#[tokio::test]
async fn a_name_that_was_resumed_is_not_taken_back_by_a_fresh_hello() {
    let mut app = TestApp::start();
    let token = app.arrive_in("lobby", "ada").await.token;
    app.restart();
    let (ada, _) = app.resume(&token).await;
    drop(ada);
    let mut other = app.knock().await;
    let refusal = other.refused(json!({ "type": "hello", "nick": "ada" })).await;
    assert_eq!(refusal.code, "nick_taken");
}

#[tokio::test]
async fn unclaimed_sessions_end_with_their_grace_counted_from_the_start() {
    let mut app = TestApp::with(&["resume.grace_ms=500"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    bob.say("lobby", "hi").await;
    let bob_token = bob.token.clone();
    drop((ada, bob));
    app.crash();
    // From elsewhere, so that only the end of the grace can free a place.
    let mut eve = app.knock_at("/ws?nick=eve&room=lobby", "127.0.0.2").await;
    let mut left = Vec::new();
    while left.len() < 2 {
        left.extend(eve.next_presence().await.left.into_iter().map(|member| member.nick));
    }
    left.sort();
    assert_eq!(left, ["ada", "bob"]);
    let members: Members = eve.ask(json!({ "type": "members" })).await.as_a("members");
    assert_eq!(members.count, 1);
    let mut late = app.knock().await;
    let refusal = late.refused(json!({ "type": "hello", "resume": bob_token })).await;
    assert_eq!(refusal.code, "bad_credentials");
}

#[tokio::test]
async fn whoever_left_before_the_restart_is_not_there_after_it() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.join("garden").await;
    ada.ask(json!({ "type": "leave", "room": "garden" })).await;
    ada.ask(json!({ "type": "rename", "nick": "countess" })).await;
    let bob = app.arrive_in("garden", "bob").await;
    bob.leave_politely().await;
    // An acknowledgement says that everything before it is kept as well.
    ada.say("lobby", "hi").await;
    let token = ada.token.clone();
    drop(ada);
    app.crash();
    let (mut ada, welcome) = app.resume(&token).await;
    assert_eq!((welcome.user.nick.as_str(), welcome.rooms), ("countess", vec!["lobby".into()]));
    let joined = ada.join("garden").await;
    assert_eq!(joined.count, 1);
}
