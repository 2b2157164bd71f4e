//! Who types is told to the others, and ends by itself.

use serde_json::{Value, json};

use crate::stage::{Person, TestApp, Typing};

async fn next_typing(person: &mut Person) -> (String, bool) {
    let frame = person.wait_for(|frame| frame.kind() == "typing").await;
    let typing: Typing = frame.as_a("typing");
    assert_eq!(typing.room, "lobby");
    (typing.nick, typing.on)
}

async fn types(person: &mut Person, on: bool) {
    person.write(json!({ "type": "typing", "room": "lobby", "on": on }).to_string()).await;
}

fn who(nick: &str, on: bool) -> (String, bool) {
    (nick.to_owned(), on)
}

#[tokio::test]
async fn the_others_see_it_and_whoever_types_does_not() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.heard().await;
    types(&mut ada, true).await;
    assert_eq!(next_typing(&mut bob).await, who("ada", true));
    // Said again it is nothing new; the end is told once.
    for on in [true, true, false, false] {
        types(&mut ada, on).await;
    }
    assert_eq!(next_typing(&mut bob).await, who("ada", false));
    assert_eq!(ada.heard().await, []);
    assert_eq!(bob.heard().await, []);
}

#[tokio::test]
async fn it_is_answered_with_nothing_but_an_error() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.write(json!({ "type": "typing", "id": "silent" }).to_string()).await;
    assert_eq!(ada.heard().await, []);
    assert_eq!(ada.refused(json!({ "type": "typing", "room": "x" })).await.code, "not_in_room");
}

#[tokio::test]
async fn a_message_ends_it_and_so_does_every_other_entry_of_the_log() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for entry in [
        json!({ "type": "send", "text": "hi" }),
        json!({ "type": "edit", "seq": 1, "text": "hi there" }),
        json!({ "type": "topic", "topic": "Tea" }),
    ] {
        types(&mut ada, true).await;
        assert_eq!(next_typing(&mut bob).await, who("ada", true));
        ada.ask(entry).await;
        let ends = bob.next().await;
        assert!(!ends.as_a::<Typing>("typing").on, "told before the entry itself");
        assert!(bob.next().await.event().is_some());
    }
}

#[tokio::test]
async fn leaving_renaming_and_dropping_end_it() {
    let app = TestApp::unhurried();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut ada = app.arrive_in("lobby", "ada").await;
    let ends: [Value; 2] =
        [json!({ "type": "leave" }), json!({ "type": "rename", "nick": "countess" })];
    for end in ends {
        ada.join("lobby").await;
        types(&mut ada, true).await;
        assert_eq!(next_typing(&mut bob).await, who("ada", true));
        ada.ask(end).await;
        assert_eq!(next_typing(&mut bob).await, who("ada", false));
    }
    types(&mut ada, true).await;
    assert_eq!(next_typing(&mut bob).await, who("countess", true));
    drop(ada);
    assert_eq!(next_typing(&mut bob).await, who("countess", false));
}

#[tokio::test]
async fn it_stays_in_its_room() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.join("garden").await;
    let mut bob = app.arrive_in("garden", "bob").await;
    types(&mut ada, true).await;
    ada.heard().await;
    let heard = bob.heard().await;
    assert!(heard.iter().all(|frame| frame.kind() != "typing"), "{heard:?}");
}

#[tokio::test]
async fn it_is_nothing_of_the_log() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    types(&mut ada, true).await;
    assert_eq!(ada.say("lobby", "hi").await.seq, 1);
}
