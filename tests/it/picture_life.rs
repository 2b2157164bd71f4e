//! How long a picture lives, and that nothing is left of it afterwards: no file, no byte, no way to
//! fetch it, and a tombstone where it was.

use std::time::Duration;

use serde_json::json;

use crate::stage::pictures::{is_gone, nowhere, png};
use crate::stage::{Form, Frame, Joined, Person, TestApp, eventually, log};

const QUICK: [&str; 2] = ["images.sweep_ms=100", "limits.messages_per_second=0"];

/// A picture large enough to have bytes that nothing else has, in file and thumbnail.
fn picture(seed: u64) -> Vec<u8> {
    png(64, 48, seed)
}

/// Waits for the `expired` of one picture.
async fn expires(who: &mut Person, id: &str) {
    who.wait_for(|frame: &Frame| frame.kind() == "expired" && frame.0["image"] == id).await;
}

#[tokio::test]
async fn at_its_end_files_go_then_everybody_hears_of_it_and_its_place_stays() {
    let app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let form = Form::of("lobby", &picture(1)).field("ttl", "1").field("alt", "a cat");
    let first = ada.upload_form(&app, form);
    let copies = ada.both(&app, &first);
    assert!(!app.files_with_part_of(&copies[0]).is_empty(), "the search finds what is there");
    assert!(!app.files_with_part_of(&copies[1]).is_empty());
    let stays = ada.upload(&app, "lobby", &picture(2));
    let seq = ada.show("lobby", &[&first.id, &stays.id]).await.seq;
    let message = bob.next_event().await;
    let end = bob.next_event().await;
    // At the moment at which it is heard of.
    assert!(!app.has_files_of(&first.id));
    nowhere(&app, &copies);
    assert_eq!((end.r#type.as_str(), end.target, end.seq), ("expired", Some(seq), seq + 1));
    assert_eq!((end.image.as_deref(), end.from.nick.as_str()), (Some(&*first.id), "ada"));
    assert!(end.at >= first.expires_at && message.at < first.expires_at, "{end:?}");
    is_gone(&app, &bob, &first);
    is_gone(&app, &ada, &first);
    assert_eq!(bob.fetch(&app, &stays.url).status, 200);
    // Who comes late sees the place where it was, with its words.
    let mut carol = app.arrive("carol").await;
    let joined: Joined = carol.join("lobby").await;
    let shown = joined.events[0].images.as_ref().expect("pictures");
    assert_eq!((shown[0].id(), shown[0].gone()), (&*first.id, ("expired", "a cat")));
    assert!(shown[1].lives());
    assert_eq!(joined.events[1], end);
    assert_eq!(log(&app, "lobby"), joined.events);
    let frame = json!({ "type": "send", "images": [first.id] });
    assert_eq!(ada.refused(frame).await.code, "image_gone");
    app.take_back(&ada.token, &first.id).refused(410, "image_gone");
}

#[tokio::test]
async fn nobody_fetches_it_after_its_end_even_if_the_janitor_comes_late() {
    let app = TestApp::with(&["images.sweep_ms=3600000"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let fleeting = ada.upload_for(&app, "lobby", 1, &picture(1));
    ada.show("lobby", &[&fleeting.id]).await;
    eventually("its end", async || (ada.fetch(&app, &fleeting.url).status != 200).then_some(()))
        .await;
    is_gone(&app, &ada, &fleeting);
    assert!(app.has_files_of(&fleeting.id), "the janitor has not come yet");
    let late = ada.upload_for(&app, "lobby", 1, &picture(2));
    eventually("its end", async || (ada.fetch(&app, &late.url).status != 200).then_some(())).await;
    let frame = json!({ "type": "send", "images": [late.id] });
    assert_eq!(ada.refused(frame).await.code, "image_gone");
}

#[tokio::test]
async fn an_end_outlives_restart_and_crash() {
    let mut app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let fleeting = ada.upload_for(&app, "lobby", 1, &picture(1));
    let copies = ada.both(&app, &fleeting);
    ada.show("lobby", &[&fleeting.id]).await;
    expires(&mut ada, &fleeting.id).await;
    drop(ada);
    for round in 0..2 {
        if round == 0 {
            app.restart()
        } else {
            app.crash()
        }
        let (mut ada, _) = app.resume(&token).await;
        is_gone(&app, &ada, &fleeting);
        let events = log(&app, "lobby");
        assert_eq!(events.len(), 2, "it is told once");
        assert_eq!(events[0].images.as_ref().expect("its place")[0].gone(), ("expired", ""));
        nowhere(&app, &copies);
        let frame = json!({ "type": "send", "room": "lobby", "images": [fleeting.id] });
        assert_eq!(ada.refused(frame).await.code, "image_gone");
        assert_eq!(app.inventory().pictures.len(), 0);
    }
}

#[tokio::test]
async fn what_ended_while_the_server_was_down_is_gone_before_the_first_request() {
    for kill in [false, true] {
        let mut app = TestApp::with(&["images.sweep_ms=3600000"]);
        let mut ada = app.arrive_in("lobby", "ada").await;
        let token = ada.token.clone();
        let mut pictures = Vec::new();
        for seed in 0..3 {
            let fleeting = ada.upload_for(&app, "lobby", 2, &picture(seed));
            let copies = ada.both(&app, &fleeting);
            ada.show("lobby", &[&fleeting.id]).await;
            pictures.push((fleeting, copies));
        }
        let unsent = ada.upload_for(&app, "lobby", 2, &picture(9));
        drop(ada);
        if kill {
            app.kill()
        } else {
            app.stop()
        }
        assert!(app.has_files_of(&pictures[0].0.id) && app.has_files_of(&unsent.id));
        // Nothing tells of this moment but the clock.
        tokio::time::sleep(Duration::from_millis(2050)).await;
        app.start_again();
        let events = log(&app, "lobby");
        assert!(app.uploads().is_empty(), "{:?}", app.uploads());
        assert_eq!(events.len(), 6, "the first answer has three messages and three ends");
        for event in &events[..3] {
            assert_eq!(event.images.as_ref().expect("its place")[0].gone(), ("expired", ""));
        }
        assert!(events[3..].iter().all(|event| event.r#type == "expired"));
        let (ada, _) = app.resume(&token).await;
        for (fleeting, copies) in &pictures {
            is_gone(&app, &ada, fleeting);
            nowhere(&app, copies);
        }
        is_gone(&app, &ada, &unsent);
    }
}

#[tokio::test]
async fn an_upload_that_nobody_sends_goes_without_a_word() {
    let mut app = TestApp::with(&["images.sweep_ms=100", "images.claim_s=1"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let forgotten = ada.upload(&app, "lobby", &picture(1));
    let sent = ada.upload(&app, "lobby", &picture(2));
    let copies = ada.both(&app, &forgotten);
    ada.show("lobby", &[&sent.id]).await;
    eventually("it goes", async || (!app.has_files_of(&forgotten.id)).then_some(())).await;
    nowhere(&app, &copies);
    is_gone(&app, &ada, &forgotten);
    let frame = json!({ "type": "send", "images": [forgotten.id] });
    assert_eq!(ada.refused(frame).await.code, "image_gone");
    assert_eq!(log(&app, "lobby").len(), 1, "nobody had seen it");
    assert_eq!(ada.fetch(&app, &sent.url).status, 200, "what was sent stays");
    let token = ada.token.clone();
    drop(ada);
    app.restart();
    let (ada, _) = app.resume(&token).await;
    is_gone(&app, &ada, &forgotten);
    assert_eq!(ada.fetch(&app, &sent.url).status, 200);
}

#[tokio::test]
async fn pictures_go_with_the_messages_that_are_no_longer_kept() {
    let mut app =
        TestApp::with(&["history.keep=3", "janitor.sweep_ms=100", "limits.messages_per_second=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let old = ada.upload(&app, "lobby", &picture(1));
    let copies = ada.both(&app, &old);
    ada.show("lobby", &[&old.id]).await;
    let young = ada.upload(&app, "lobby", &picture(2));
    ada.say("lobby", "two").await;
    ada.show("lobby", &[&young.id]).await;
    ada.say("lobby", "four").await;
    eventually("the old picture goes", async || (!app.has_files_of(&old.id)).then_some(())).await;
    nowhere(&app, &copies);
    is_gone(&app, &ada, &old);
    assert_eq!(ada.fetch(&app, &young.url).status, 200);
    let events = log(&app, "lobby");
    assert_eq!(events.first().map(|event| event.seq), Some(2));
    assert!(events.iter().all(|event| event.r#type == "message"), "it goes without a word");
    drop(ada);
    app.restart();
    assert_eq!(app.inventory().pictures.len(), 1);
}

#[tokio::test]
async fn pictures_of_old_messages_go_by_age_too() {
    let app = TestApp::with(&["history.keep=2s", "janitor.sweep_ms=100"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let old = ada.upload(&app, "lobby", &picture(1));
    ada.show("lobby", &[&old.id]).await;
    app.uploads_are_empty().await;
    is_gone(&app, &ada, &old);
}
