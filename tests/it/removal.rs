//! Edited and deleted text is served from nowhere, and lies nowhere on the disk.

use serde_json::{Value, json};

use crate::stage::{History, Joined, Person, TestApp, eventually};

/// Words that are nowhere else.
const FIRST: &str = "quicksilver-first-words";
const SECOND: &str = "quicksilver-second-words";
const NEWEST: &str = "quicksilver-newest-words";
const TAKEN_BACK: &str = "quicksilver-taken-back";
const TAKEN_BACK_LATER: &str = "quicksilver-edited-then-taken-back";
const GONE: [&str; 4] = [FIRST, SECOND, TAKEN_BACK, TAKEN_BACK_LATER];

/// 1 is edited twice (4, 5), 2 is deleted (6), 3 is edited (7) and then deleted (8).
async fn says_and_regrets(ada: &mut Person) -> String {
    let epoch = ada.say("lobby", FIRST).await.epoch;
    ada.say("lobby", TAKEN_BACK).await;
    ada.say("lobby", "plain").await;
    for frame in [
        json!({ "type": "edit", "seq": 1, "text": SECOND }),
        json!({ "type": "edit", "seq": 1, "text": NEWEST }),
        json!({ "type": "delete", "seq": 2 }),
        json!({ "type": "edit", "seq": 3, "text": TAKEN_BACK_LATER }),
        json!({ "type": "delete", "seq": 3 }),
    ] {
        assert_eq!(ada.ask(frame).await.kind(), "sent");
    }
    epoch
}

fn holds_nothing_that_is_gone(where_from: &str, text: &str) {
    for gone in GONE {
        assert!(!text.contains(gone), "{where_from} still serves {gone}: {text}");
    }
    assert!(text.contains(NEWEST), "{where_from} lacks what was said at last: {text}");
}

async fn is_served_from_nowhere(app: &TestApp, epoch: &str, nick: &str) {
    let mut bob = app.arrive(nick).await;
    let fresh = bob.ask(json!({ "type": "join", "room": "lobby" })).await;
    holds_nothing_that_is_gone("joined", &fresh.0.to_string());
    let after = json!({ "epoch": epoch, "seq": 0 });
    let since = bob.ask(json!({ "type": "join", "room": "lobby", "after": after })).await;
    holds_nothing_that_is_gone("catch-up", &since.0.to_string());
    for page in [json!({}), json!({ "after": 0 }), json!({ "before": 9, "limit": 200 })] {
        let mut frame = page.clone();
        frame["type"] = "history".into();
        let page: Value = bob.ask(frame).await.0;
        holds_nothing_that_is_gone("history", &page.to_string());
    }
    let path = "/api/v1/rooms/lobby/events?after=0&limit=200";
    holds_nothing_that_is_gone("HTTP", &app.get(path).body);
    let mut stream = app.stream("lobby", Some(&format!("{epoch}:0")));
    let told: Vec<String> = (0..8).map(|_| stream.next().expect("it streams").data).collect();
    holds_nothing_that_is_gone("the stream", &told.concat());
    bob.leave_politely().await;
}

#[tokio::test]
async fn old_text_is_served_from_nowhere_and_lies_nowhere_after_a_stop() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says_and_regrets(&mut ada).await;
    is_served_from_nowhere(&app, &epoch, "bob").await;
    drop(ada);
    app.restart();
    is_served_from_nowhere(&app, &epoch, "carol").await;
    app.stop();
    for gone in GONE {
        assert_eq!(app.files_with(gone), Vec::<std::path::PathBuf>::new(), "{gone}");
    }
    assert!(!app.files_with(NEWEST).is_empty(), "the search finds what is there");
}

#[tokio::test]
async fn old_text_leaves_the_disk_of_a_server_that_goes_on() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    says_and_regrets(&mut ada).await;
    eventually("the files are free of old text", async || {
        GONE.iter().all(|gone| app.files_with(gone).is_empty()).then_some(())
    })
    .await;
    assert!(!app.files_with(NEWEST).is_empty());
}

#[tokio::test]
async fn old_text_leaves_the_disk_after_a_kill_too() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says_and_regrets(&mut ada).await;
    drop(ada);
    app.crash();
    is_served_from_nowhere(&app, &epoch, "bob").await;
    app.stop();
    for gone in GONE {
        assert_eq!(app.files_with(gone), Vec::<std::path::PathBuf>::new(), "{gone}");
    }
}

#[tokio::test]
async fn the_log_tells_what_happened_without_the_old_words() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    says_and_regrets(&mut ada).await;
    let live = bob.next_events(8).await;
    assert_eq!((live[4].target, live[4].text.as_deref()), (Some(1), Some(NEWEST)));
    assert_eq!((live[5].r#type.as_str(), live[5].target), ("deleted", Some(2)));
    let page: History = bob.ask(json!({ "type": "history" })).await.as_a("history");
    let told: Vec<_> = page
        .events
        .iter()
        .map(|e| (e.r#type.as_str(), e.target, e.text.as_deref(), e.edited, e.deleted))
        .collect();
    assert_eq!(
        told,
        [
            ("message", None, Some(NEWEST), true, false),
            ("message", None, Some(""), false, true),
            ("message", None, Some(""), true, true),
            ("edited", Some(1), Some(NEWEST), false, false),
            ("edited", Some(1), Some(NEWEST), false, false),
            ("deleted", Some(2), None, false, false),
            ("edited", Some(3), Some(""), false, true),
            ("deleted", Some(3), None, false, false),
        ]
    );
}

#[tokio::test]
async fn a_deleted_message_can_be_neither_edited_nor_deleted_again_but_still_answered() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    says_and_regrets(&mut ada).await;
    for frame in [
        json!({ "type": "edit", "seq": 2, "text": "back again" }),
        json!({ "type": "delete", "seq": 2 }),
        json!({ "type": "react", "seq": 2, "emoji": "👍" }),
    ] {
        assert_eq!(ada.refused(frame).await.code, "message_not_found");
    }
    // The answer may have been under way when the message was taken back.
    ada.ask(json!({ "type": "send", "text": "re", "reply_to": 2 })).await;
}

#[tokio::test]
async fn old_text_of_many_pages_is_gone_as_well() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", TAKEN_BACK).await;
    ada.say("lobby", FIRST).await;
    // Beyond what memory holds of a room, so that the store must have changed it.
    for n in 0..300 {
        ada.say("lobby", &format!("filler {n}")).await;
    }
    ada.ask(json!({ "type": "delete", "seq": 1 })).await;
    ada.ask(json!({ "type": "edit", "seq": 2, "text": NEWEST })).await;
    let frame = json!({ "type": "history", "before": 3 });
    let page: History = ada.ask(frame).await.as_a("history");
    assert_eq!(page.events[0].text.as_deref(), Some(""));
    assert_eq!(page.events[1].text.as_deref(), Some(NEWEST));
    let epoch = page.epoch;
    let joined: Joined = ada.catch_up("lobby", &epoch, 0).await;
    assert!(joined.complete && joined.events[0].deleted && joined.events[1].edited);
}
