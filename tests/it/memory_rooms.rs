//! A room that keeps nothing lives in memory, under the same rules.

use serde_json::json;

use crate::stage::{TestApp, assert_dense, log, texts};

const WORDS: &str = "gossamer-words-in-memory";

#[tokio::test]
async fn nothing_that_is_said_there_reaches_the_disk() {
    let mut app = TestApp::with(&["history.keep=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say_once("lobby", WORDS, "gossamer-key").await;
    ada.ask(json!({ "type": "topic", "topic": WORDS })).await;
    ada.ask(json!({ "type": "edit", "seq": 1, "text": format!("{WORDS}, again") })).await;
    assert_eq!(texts(&log(&app, "lobby")), [format!("{WORDS}, again")]);
    assert_eq!(app.files_with("gossamer"), Vec::<std::path::PathBuf>::new());
    drop(ada);
    app.stop();
    assert_eq!(app.files_with("gossamer"), Vec::<std::path::PathBuf>::new());
    // People are kept: the search does look into the right files.
    assert!(!app.files_with("ada").is_empty());
}

#[tokio::test]
async fn a_restart_begins_it_anew_with_another_epoch() {
    let mut app = TestApp::with(&["history.keep=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let first = ada.say("lobby", WORDS).await;
    drop(ada);
    app.restart();
    let mut ada = app.arrive("ada").await;
    let joined = ada.catch_up("lobby", &first.epoch, first.seq).await;
    assert!(!joined.complete, "what is gone cannot be proven");
    assert_ne!(joined.room.epoch, first.epoch);
    assert_eq!((joined.room.seq, joined.events.len()), (0, 0));
    assert_eq!(ada.say("lobby", "anew").await.seq, 1);
}

#[tokio::test]
async fn order_catch_up_and_retries_hold_there_too() {
    let app = TestApp::with(&["history.keep=0", "limits.messages_per_second=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let first = ada.say_once("lobby", "m0", "k0").await;
    for n in 1..300 {
        ada.say_once("lobby", &format!("m{n}"), &format!("k{n}")).await;
    }
    let again = ada.say_once("lobby", "m0", "k0").await;
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    assert_dense(&bob.next_events(300).await, 1);
    let joined = bob.catch_up("lobby", &first.epoch, 1).await;
    assert!(joined.complete);
    assert_eq!(joined.events.len(), 299);
    assert_dense(&log(&app, "lobby"), 1);
}

#[tokio::test]
async fn its_memory_is_bounded_and_what_fell_out_is_not_proven() {
    let app = TestApp::with(&["history.keep=0", "limits.messages_per_second=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = ada.say("lobby", "first").await.epoch;
    for n in 0..1200 {
        ada.write(json!({ "type": "send", "text": format!("m{n}") }).to_string()).await;
        if n % 50 == 0 {
            ada.heard().await;
        }
    }
    ada.wait_for(|frame| frame.event().is_some_and(|event| event.seq == 1201)).await;
    let joined = ada.catch_up("lobby", &epoch, 1).await;
    assert!(!joined.complete);
    assert_eq!((joined.room.seq, joined.events.len()), (1201, 50));
    let joined = ada.catch_up("lobby", &epoch, 900).await;
    assert!(joined.complete);
    assert_dense(&joined.events, 901);
}

#[tokio::test]
async fn single_rooms_may_be_kept_otherwise_than_the_rest() {
    let mut app = TestApp::with(&[r#"history.rooms={ Whisper = "0" }"#]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.join("whisper").await;
    ada.say("lobby", "kept-silverware").await;
    ada.say("whisper", WORDS).await;
    drop(ada);
    app.stop();
    assert_eq!(app.files_with(WORDS), Vec::<std::path::PathBuf>::new());
    assert!(!app.files_with("kept-silverware").is_empty());
}

#[tokio::test]
async fn a_room_that_is_no_longer_kept_forgets_what_it_had_kept() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let first = ada.say("lobby", WORDS).await;
    drop(ada);
    app.restart_with(&["history.keep=0"]);
    let mut ada = app.arrive("ada").await;
    let joined = ada.join("lobby").await;
    assert_eq!((joined.room.seq, joined.events.len()), (0, 0));
    assert_ne!(joined.room.epoch, first.epoch);
    drop(ada);
    app.stop();
    assert_eq!(app.files_with(WORDS), Vec::<std::path::PathBuf>::new());
}
