//! The same `client_id` is said once, however often and from wherever it is tried.

use serde_json::json;

use crate::stage::{Person, Sent, TestApp, log, texts};

/// Tries again and gets the first place, with nothing said anew.
async fn is_a_duplicate(person: &mut Person, first: &Sent) {
    let key = first.client_id.as_deref().expect("it was sent with a key");
    let again = person.say_once("lobby", "tea?", key).await;
    assert!(again.duplicate && !first.duplicate);
    assert_eq!((again.seq, &again.epoch, &again.at), (first.seq, &first.epoch, &first.at));
}

#[tokio::test]
async fn a_retry_answers_the_first_place_and_nobody_hears_it() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let first = ada.say_once("lobby", "tea?", "k1").await;
    assert_eq!(bob.next_event().await.client_id.as_deref(), Some("k1"));
    is_a_duplicate(&mut ada, &first).await;
    let other_words = ada.say_once("lobby", "coffee?", "k1").await;
    assert_eq!((other_words.seq, other_words.duplicate), (first.seq, true));
    ada.say_once("lobby", "scones?", "k2").await;
    assert_eq!(bob.next_event().await.text.as_deref(), Some("scones?"));
    assert_eq!(texts(&log(&app, "lobby")), ["tea?", "scones?"]);
}

#[tokio::test]
async fn ten_tries_at_once_are_said_once() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for _ in 0..10 {
        let frame = json!({ "type": "send", "text": "tea?", "client_id": "k" });
        ada.write(frame.to_string()).await;
    }
    let mut duplicates = 0;
    for _ in 0..10 {
        let sent: Sent = ada.wait_for(|frame| frame.kind() == "sent").await.as_a("sent");
        assert_eq!(sent.seq, 1);
        duplicates += usize::from(sent.duplicate);
    }
    assert_eq!(duplicates, 9);
    assert_eq!(log(&app, "lobby").len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_person_in_one_room() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.join("garden").await;
    assert!(!ada.say_once("lobby", "tea?", "k").await.duplicate);
    assert!(!bob.say_once("lobby", "tea?", "k").await.duplicate);
    assert!(!ada.say_once("garden", "tea?", "k").await.duplicate);
    assert_eq!(log(&app, "lobby").len(), 2);
}

#[tokio::test]
async fn a_retry_is_safe_after_a_resume_and_after_a_fresh_hello() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let first = ada.say_once("lobby", "tea?", "k").await;
    drop(ada);
    let (mut ada, _) = app.resume(&token).await;
    is_a_duplicate(&mut ada, &first).await;
    ada.leave_politely().await;
    let mut ada = app.arrive_in("lobby", "Ada").await;
    is_a_duplicate(&mut ada, &first).await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    assert!(!bob.say_once("lobby", "tea?", "k").await.duplicate);
}

#[tokio::test]
async fn a_retry_is_safe_after_a_rename() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let first = ada.say_once("lobby", "tea?", "k").await;
    ada.ask(json!({ "type": "rename", "nick": "countess" })).await;
    is_a_duplicate(&mut ada, &first).await;
}

#[tokio::test]
async fn a_retry_is_safe_after_a_restart() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let first = ada.say_once("lobby", "tea?", "k").await;
    drop(ada);
    app.restart();
    let (mut ada, welcome) = app.resume(&token).await;
    assert!(welcome.resumed);
    is_a_duplicate(&mut ada, &first).await;
    drop(ada);
    app.crash();
    let mut ada = app.arrive_in("lobby", "ada").await;
    is_a_duplicate(&mut ada, &first).await;
    assert_eq!(log(&app, "lobby").len(), 1);
}

#[tokio::test]
async fn a_retry_is_safe_from_http_to_the_socket_and_back() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let first = ada.say_once("lobby", "tea?", "k").await;
    let bearer = format!("Bearer {}", ada.token);
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "k")];
    let again: Sent = app.post("lobby", "", &headers, "tea?").json(200);
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    let key = [("Idempotency-Key", "k2")];
    let posted: Sent = app.post("lobby", "?nick=bob", &key, "scones?").json(201);
    let again: Sent = app.post("lobby", "?nick=bob", &key, "scones?").json(200);
    assert_eq!((posted.seq, again.seq, again.duplicate), (2, 2, true));
    let mut bob = app.arrive_in("lobby", "bob").await;
    let again = bob.say_once("lobby", "scones?", "k2").await;
    assert_eq!((again.seq, again.duplicate), (2, true));
}
