//! Moderators take away what others said: one message, or the last minutes with the pictures.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Event, Form, Sent, TestApp, eventually, log};

fn left(events: &[Event]) -> Vec<&str> {
    let said = events.iter().filter(|event| event.r#type == "message" && !event.deleted);
    said.map(|event| event.text.as_deref().expect("a text")).collect()
}

#[tokio::test]
async fn a_moderator_deletes_anybodys_message_over_the_socket_and_over_http() {
    let (app, owner) = TestApp::owned(&[]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    let (one, two) = (eve.say("lobby", "rude one").await, eve.say("lobby", "rude two").await);
    olga.ask(json!({ "type": "delete", "seq": one.seq })).await.as_a::<Sent>("sent");
    let event = eve.wait_for(|frame| frame.kind() == "deleted").await;
    assert_eq!((&event.0["target"], &event.0["from"]["nick"]), (&json!(one.seq), &json!("Olga")));
    let path = format!("/api/v1/rooms/lobby/messages/{}", two.seq);
    let sent: Sent = owner.ask(&app, "DELETE", &path, Value::Null).json(200);
    assert_eq!(sent.room, "lobby");
    assert!(left(&log(&app, "lobby")).is_empty());
    eventually("no file has it", async || app.files_with("rude").is_empty().then_some(())).await;
    owner.ask(&app, "DELETE", &path, Value::Null).refused(404, "message_not_found");
    let ada = app.register("ada");
    let third = eve.say("lobby", "three").await;
    let path = format!("/api/v1/rooms/lobby/messages/{}", third.seq);
    ada.ask(&app, "DELETE", &path, Value::Null).refused(403, "not_yours");
    app.ask("DELETE", &path, &[], "").refused(401, "login_required");
    let mine: Sent = app.ask_as(&eve.token, "DELETE", &path, &Value::Null).json(200);
    assert!(!mine.duplicate);
}

#[tokio::test]
async fn the_last_minutes_of_somebody_go_with_their_pictures() {
    let (mut app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for n in 0..40 {
        eve.say("lobby", &format!("spam {n}")).await;
    }
    bob.say("lobby", "I stay").await;
    let shown: Value = app.upload(&eve.token, Form::of("lobby", &png(4, 4, 1))).json(201);
    eve.show("lobby", &[shown["id"].as_str().expect("an id")]).await;
    let remove = json!({ "type": "remove", "nick": "eve", "minutes": 5, "reason": "spam" });
    olga.does(remove).await;
    eventually("all of it is gone", async || {
        (left(&log(&app, "lobby")) == ["I stay"]).then_some(())
    })
    .await;
    app.uploads_are_empty().await;
    eventually("no file has it", async || app.files_with("spam 7").is_empty().then_some(())).await;
    let events = log(&app, "lobby");
    let told = events.iter().find(|event| event.action.is_some()).expect("the room is told");
    assert_eq!((told.action.as_deref(), told.nick.as_deref()), (Some("removed"), Some("eve")));
    crate::stage::assert_dense(&events, 1);
    let deeds = app.deeds(&owner);
    let deed = deeds.iter().find(|deed| deed["action"] == "remove").expect("a deed");
    assert_eq!(deed["detail"], json!({ "minutes": 5, "reason": "spam" }));
    app.crash();
    assert_eq!(left(&log(&app, "lobby")), ["I stay"]);
}

#[tokio::test]
async fn what_a_passer_by_said_over_http_goes_too() {
    let (app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let _olga = owner.arrive_in(&app, "lobby").await;
    for n in 0..5 {
        app.post("lobby", "?nick=bot", &[], &format!("spam {n}")).json::<Sent>(201);
    }
    app.post("lobby", "?nick=other", &[], "I stay").json::<Sent>(201);
    let remove = json!({ "type": "remove", "nick": "bot", "minutes": 5 });
    assert_eq!(owner.order(&app, "lobby", remove).status, 200);
    eventually("all of it is gone", async || {
        (left(&log(&app, "lobby")) == ["I stay"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn in_a_room_that_lives_in_memory_they_go_as_well() {
    let (app, owner) = TestApp::owned(&["history.keep=0"]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    for text in ["spam", "and spam"] {
        eve.say("lobby", text).await;
    }
    olga.does(json!({ "type": "remove", "nick": "eve", "minutes": 1 })).await;
    assert!(left(&log(&app, "lobby")).is_empty());
}
