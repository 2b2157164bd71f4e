//! Pictures of guests: open to all, behind a moderator's tap, or none.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Form, Picture, Sent, TestApp, log};

#[tokio::test]
async fn a_guests_picture_waits_for_a_moderators_tap() {
    let (mut app, owner) =
        TestApp::owned(&["images.guests=review", "limits.messages_per_second=0"]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let upload = |token: &str, n| {
        let shown: Value = app.upload(token, Form::of("lobby", &png(4, 4, n))).json(201);
        shown["id"].as_str().expect("an id").to_owned()
    };
    let id = upload(&eve.token, 1);
    let said = eve.show("lobby", &[&id]).await;
    let told = olga.next_event_as_it_came().await;
    assert_eq!(told.0["images"][0]["pending"], true, "{}", told.0);
    let event = bob.next_event_as_it_came().await;
    assert_eq!(event.0["images"][0]["pending"], true, "{}", event.0);
    let look =
        |app: &TestApp, token: &str, id: &str| app.get_as(token, &format!("/uploads/{id}")).status;
    assert_eq!(look(&app, &bob.token, &id), 404);
    assert_eq!(look(&app, &eve.token, &id), 200, "their own");
    assert_eq!(look(&app, &owner.token, &id), 200, "a moderator");
    app.crash();
    let (mut bob, _) = app.resume(&bob.token).await;
    bob.join("lobby").await;
    assert_eq!(look(&app, &bob.token, &id), 404);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let approve = json!({ "type": "approve", "room": "lobby", "seq": said.seq, "image": id });
    let refusal = bob.refused(approve.clone()).await;
    assert_eq!(refusal.code, "login_required");
    let sent = olga.ask(approve.clone()).await;
    assert_eq!(sent.kind(), "sent", "{}", sent.0);
    let event = bob.wait_for(|frame| frame.kind() == "approved").await;
    assert_eq!((&event.0["target"], &event.0["image"]), (&json!(said.seq), &json!(id)));
    assert_eq!(look(&app, &bob.token, &id), 200);
    assert_eq!(olga.refused(approve).await.code, "image_not_found");
    app.restart();
    let pictures =
        log(&app, "lobby").into_iter().find_map(|event| event.images).expect("a picture");
    assert!(matches!(&pictures[..], [Picture::Alive(picture)] if !picture.pending));
    let again = app.resume(&bob.token).await.0;
    assert_eq!(look(&app, &again.token, &id), 200);
    assert_eq!(app.deeds(&owner).iter().filter(|deed| deed["action"] == "approve").count(), 1);
}

#[tokio::test]
async fn the_picture_of_an_account_does_not_wait() {
    let (app, owner) = TestApp::owned(&["images.guests=review"]);
    let bob = app.arrive_in("lobby", "bob").await;
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let shown: Value = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1))).json(201);
    let id = shown["id"].as_str().expect("an id");
    phone.show("lobby", &[id]).await;
    assert_eq!(app.get_as(&bob.token, &format!("/uploads/{id}")).status, 200);
    let approve = json!({ "type": "approve", "seq": 1, "image": id });
    owner.order(&app, "lobby", approve).refused(404, "image_not_found");
}

#[tokio::test]
async fn where_guests_send_no_pictures_they_are_told_to_log_in() {
    let (app, owner) = TestApp::owned(&["images.guests=off"]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    app.upload(&eve.token, Form::of("lobby", &png(4, 4, 1))).refused(401, "login_required");
    let _olga = owner.arrive_in(&app, "lobby").await;
    assert_eq!(app.upload(&owner.token, Form::of("lobby", &png(4, 4, 1))).status, 201);
    eve.say("lobby", "words go").await;
}

#[tokio::test]
async fn a_waiting_picture_goes_with_its_message() {
    let (app, owner) = TestApp::owned(&["images.guests=review"]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    let shown: Value = app.upload(&eve.token, Form::of("lobby", &png(4, 4, 1))).json(201);
    let said = eve.show("lobby", &[shown["id"].as_str().expect("an id")]).await;
    olga.ask(json!({ "type": "delete", "seq": said.seq })).await.as_a::<Sent>("sent");
    app.uploads_are_empty().await;
}
