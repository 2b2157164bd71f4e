//! A picture, or a message with its pictures, is taken back: its files go first, then everybody hears
//! of it, and nothing of picture or words is left.

use serde_json::json;

use crate::stage::pictures::{is_gone, nowhere, png};
use crate::stage::{Form, Frame, TestApp, log};

const QUICK: [&str; 2] = ["images.sweep_ms=100", "limits.messages_per_second=0"];

fn picture(seed: u64) -> Vec<u8> {
    png(64, 48, seed)
}

#[tokio::test]
async fn its_uploader_takes_one_picture_back_and_the_message_stays() {
    let mut app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let form = Form::of("lobby", &picture(1)).field("alt", "quicksilver-alt-words");
    let regretted = ada.upload_form(&app, form);
    let other = ada.upload(&app, "lobby", &picture(2));
    let copies = ada.both(&app, &regretted);
    let frame = json!({ "type": "send", "text": "see", "images": [regretted.id, other.id] });
    ada.ask(frame).await;
    let message = bob.next_event().await;
    app.take_back(&bob.token, &regretted.id).refused(403, "not_yours");
    app.take_back("nonsense", &regretted.id).refused(401, "bad_credentials");
    let answer = app.take_back(&ada.token, &regretted.id);
    assert_eq!((answer.status, answer.bytes.len()), (204, 0));
    assert!(!app.has_files_of(&regretted.id));
    nowhere(&app, &copies);
    let end = bob.next_event().await;
    assert_eq!((end.r#type.as_str(), end.target), ("deleted", Some(message.seq)));
    assert_eq!(end.image.as_deref(), Some(&*regretted.id));
    app.take_back(&ada.token, &regretted.id).refused(410, "image_gone");
    is_gone(&app, &bob, &regretted);
    let token = ada.token.clone();
    drop(ada);
    for restarted in [false, true] {
        if restarted {
            app.restart();
            let (ada, _) = app.resume(&token).await;
            is_gone(&app, &ada, &regretted);
            app.take_back(&token, &regretted.id).refused(410, "image_gone");
            assert_eq!(ada.fetch(&app, &other.url).status, 200);
        }
        let events = log(&app, "lobby");
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].text.as_deref(), events[0].deleted), (Some("see"), false));
        let shown = events[0].images.as_ref().expect("pictures");
        assert_eq!(shown[0].gone(), ("deleted", ""));
        assert!(shown[1].lives());
    }
    app.stop();
    assert_eq!(app.files_with("quicksilver-alt"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn an_unsent_upload_can_be_taken_back_and_nobody_hears_of_it() {
    let app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let regretted = ada.upload(&app, "lobby", &picture(1));
    assert_eq!(app.take_back(&ada.token, &regretted.id).status, 204);
    assert!(app.uploads().is_empty());
    is_gone(&app, &ada, &regretted);
    let frame = json!({ "type": "send", "images": [regretted.id] });
    assert_eq!(ada.refused(frame).await.code, "image_gone");
    assert_eq!(log(&app, "lobby"), []);
}

#[tokio::test]
async fn a_deleted_message_takes_its_pictures_along_before_anybody_hears_of_it() {
    let mut app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for round in 0..10 {
        let form = |seed| Form::of("lobby", &picture(seed)).field("alt", "quicksilver-alt-words");
        let all = [0, 1, 2].map(|n| ada.upload_form(&app, form(round * 10 + n)));
        let copies = ada.both(&app, &all[1]);
        let seq = ada.show("lobby", &[&all[0].id, &all[1].id, &all[2].id]).await.seq;
        let frame = json!({ "type": "delete", "seq": seq });
        assert_eq!(bob.refused(frame.clone()).await.code, "not_yours");
        assert_eq!(app.uploads().len(), 6, "who may not delete it does not");
        ada.write(frame.to_string()).await;
        let deleted = |frame: &Frame| frame.kind() == "deleted" && frame.0["target"] == seq;
        let frame = bob.wait_for(deleted).await;
        assert!(app.uploads().is_empty(), "files are there when it is told: {:?}", app.uploads());
        assert!(frame.event().is_some_and(|event| event.image.is_none()));
        nowhere(&app, &copies);
        for picture in &all {
            is_gone(&app, &bob, picture);
        }
        let shown = log(&app, "lobby")[seq as usize - 1].images.clone().expect("their places");
        assert!(shown.iter().all(|picture| picture.gone() == ("deleted", "")));
        assert_eq!(
            ada.refused(json!({ "type": "delete", "seq": seq })).await.code,
            "message_not_found"
        );
    }
    assert_eq!(log(&app, "lobby").len(), 20, "one event for each deletion");
    app.stop();
    assert_eq!(app.files_with("quicksilver-alt"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_message_that_is_deleted_right_behind_its_sending_leaves_no_file() {
    let app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut seq = 1;
    for seed in 0..20 {
        let uploaded = ada.upload(&app, "lobby", &picture(seed));
        let send = json!({ "type": "send", "id": "s", "images": [uploaded.id] });
        let delete = json!({ "type": "delete", "id": "d", "seq": seq });
        // Both at once: the second one may come while the first is with the store.
        ada.write(send.to_string()).await;
        ada.write(delete.to_string()).await;
        ada.wait_for(|frame| frame.0["id"] == "s").await;
        let answer = ada.wait_for(|frame| frame.0["id"] == "d").await;
        if answer.kind() == "sent" {
            let deleted = |frame: &Frame| frame.kind() == "deleted" && frame.0["target"] == seq;
            bob.wait_for(deleted).await;
            assert!(!app.has_files_of(&uploaded.id), "it was told, and the file is there");
            is_gone(&app, &bob, &uploaded);
            seq += 2;
        } else {
            assert_eq!(answer.0["code"], "message_not_found", "{answer:?}");
            assert_eq!(bob.fetch(&app, &uploaded.url).status, 200);
            assert_eq!(app.take_back(&ada.token, &uploaded.id).status, 204);
            seq += 2;
        }
    }
    assert!(app.uploads().is_empty());
    assert!(app.inventory().pictures.is_empty());
}

#[tokio::test]
async fn a_picture_that_expired_before_its_message_was_deleted_stays_expired_without_words() {
    let app = TestApp::with(&QUICK);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let form = Form::of("lobby", &picture(1)).field("ttl", "1").field("alt", "a cat");
    let fleeting = ada.upload_form(&app, form);
    let stays = ada.upload(&app, "lobby", &picture(2));
    let seq = ada.show("lobby", &[&fleeting.id, &stays.id]).await.seq;
    ada.wait_for(|frame| frame.kind() == "expired").await;
    assert_eq!(ada.ask(json!({ "type": "delete", "seq": seq })).await.kind(), "sent");
    let shown = log(&app, "lobby")[0].images.clone().expect("their places");
    assert_eq!((shown[0].gone(), shown[1].gone()), (("expired", ""), ("deleted", "")));
    assert!(app.uploads().is_empty());
}
