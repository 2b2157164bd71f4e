//! Pictures in a room that keeps nothing: their files are on the disk while they live, and all of it
//! is gone with the room's memory.

use serde_json::json;

use crate::stage::pictures::{is_gone, png};
use crate::stage::{Sent, TestApp, log};

const FORGETFUL: [&str; 3] =
    ["history.keep=0", "images.sweep_ms=100", "limits.messages_per_second=0"];

#[tokio::test]
async fn sending_once_only_and_retrying_hold_there_too() {
    let app = TestApp::with(&FORGETFUL);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let id = ada.upload(&app, "lobby", &png(30, 20, 1)).id;
    let bobs = bob.upload(&app, "lobby", &png(30, 20, 2)).id;
    let frame = json!({ "type": "send", "images": [id], "client_id": "k" });
    let first: Sent = ada.ask(frame.clone()).await.as_a("sent");
    let again: Sent = ada.ask(frame).await.as_a("sent");
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    for taken in [&id, &bobs, &"0".repeat(32)] {
        let frame = json!({ "type": "send", "images": [taken] });
        assert_eq!(ada.refused(frame).await.code, "image_not_found");
    }
    let event = bob.next_event().await;
    assert!(event.images.as_ref().is_some_and(|shown| shown[0].lives()));
    assert_eq!(log(&app, "lobby"), [event]);
    assert_eq!(bob.fetch(&app, &format!("/uploads/{id}")).status, 200);
}

#[tokio::test]
async fn an_end_a_retraction_and_a_deletion_are_told_there_too() {
    let app = TestApp::with(&FORGETFUL);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let fleeting = ada.upload_for(&app, "lobby", 1, &png(30, 20, 1));
    let regretted = ada.upload(&app, "lobby", &png(30, 20, 2));
    let deleted = ada.upload(&app, "lobby", &png(30, 20, 3));
    ada.show("lobby", &[&fleeting.id, &regretted.id, &deleted.id]).await;
    bob.next_event().await;
    let end = bob.next_event().await;
    assert_eq!((end.r#type.as_str(), end.image.as_deref()), ("expired", Some(&*fleeting.id)));
    assert!(!app.has_files_of(&fleeting.id));
    assert_eq!(app.take_back(&ada.token, &regretted.id).status, 204);
    assert!(!app.has_files_of(&regretted.id));
    let end = bob.next_event().await;
    assert_eq!((end.r#type.as_str(), end.image.as_deref()), ("deleted", Some(&*regretted.id)));
    let shown = log(&app, "lobby")[0].images.clone().expect("pictures");
    assert_eq!((shown[0].gone(), shown[1].gone()), (("expired", ""), ("deleted", "")));
    assert!(shown[2].lives());
    assert_eq!(bob.refused(json!({ "type": "delete", "seq": 1 })).await.code, "not_yours");
    ada.write(json!({ "type": "delete", "seq": 1 }).to_string()).await;
    let end = bob.next_event().await;
    assert!(app.uploads().is_empty());
    assert_eq!((end.r#type.as_str(), end.target, end.image), ("deleted", Some(1), None));
    for picture in [&fleeting, &regretted, &deleted] {
        is_gone(&app, &bob, picture);
    }
    let shown = log(&app, "lobby")[0].images.clone().expect("their places");
    assert_eq!(shown[2].gone(), ("deleted", ""));
    crate::stage::assert_dense(&log(&app, "lobby"), 1);
}

#[tokio::test]
async fn a_restart_forgets_room_and_pictures_and_says_so() {
    for kill in [false, true] {
        let mut app = TestApp::with(&FORGETFUL);
        let mut ada = app.arrive_in("lobby", "ada").await;
        let token = ada.token.clone();
        let sent = ada.upload(&app, "lobby", &png(30, 20, 1));
        let unsent = ada.upload(&app, "lobby", &png(30, 20, 2));
        let copies = ada.both(&app, &sent);
        ada.show("lobby", &[&sent.id]).await;
        drop(ada);
        if kill {
            app.crash()
        } else {
            app.restart()
        }
        assert!(app.uploads().is_empty(), "{:?}", app.uploads());
        assert_eq!(app.files_with_part_of(&copies[0]), Vec::<std::path::PathBuf>::new());
        assert!(app.inventory().pictures.is_empty());
        let (mut ada, _) = app.resume(&token).await;
        for picture in [&sent, &unsent] {
            is_gone(&app, &ada, picture);
        }
        ada.join("lobby").await;
        let picture = ada.upload(&app, "lobby", &png(30, 20, 3));
        assert_eq!(ada.show("lobby", &[&picture.id]).await.seq, 1, "it begins anew");
    }
}

#[tokio::test]
async fn pictures_fall_out_of_its_memory_with_their_messages() {
    let app = TestApp::with(&FORGETFUL);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let picture = ada.upload(&app, "lobby", &png(30, 20, 1));
    ada.show("lobby", &[&picture.id]).await;
    // More than the memory of such a room holds.
    for n in 0..1200 {
        ada.write(json!({ "type": "send", "text": format!("m{n}") }).to_string()).await;
        if n % 50 == 0 {
            ada.heard().await;
        }
    }
    ada.wait_for(|frame| frame.event().is_some_and(|event| event.seq == 1201)).await;
    let history = ada.ask(json!({ "type": "history", "before": 2 })).await;
    assert_eq!(history.0["events"], json!([]), "nobody can read it any more");
    app.uploads_are_empty().await;
    is_gone(&app, &ada, &picture);
}
