//! Messages with pictures: in order, once, and the same for everybody whenever they look.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Form, Frame, Person, Sent, TestApp, log, texts};

/// Uploads `count` pictures; returns their ids.
fn uploads(app: &TestApp, who: &Person, count: u64) -> Vec<String> {
    (0..count).map(|seed| who.upload(app, "lobby", &png(6, 5, seed)).id).collect()
}

fn refusal_of(frame: &Frame) -> (&str, &str) {
    let field = |name: &str| frame.0[name].as_str().unwrap_or_default();
    (field("code"), field("field"))
}

#[tokio::test]
async fn a_message_shows_its_pictures_in_the_order_in_which_it_names_them() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let form = |seed: u64, alt: &str| Form::of("lobby", &png(6, 5, seed)).field("alt", alt);
    let answers: Vec<Value> = ["one", "", "three"]
        .iter()
        .zip(0..)
        .map(|(alt, seed)| app.upload(&ada.token, form(seed, alt)).json(201))
        .collect();
    let ids: Vec<&Value> = [2, 0, 1].map(|at: usize| &answers[at]["id"]).to_vec();
    let frame = json!({ "type": "send", "text": "Look", "images": ids, "client_id": "k" });
    assert_eq!(ada.ask(frame).await.kind(), "sent");
    let event = bob.next_event_as_it_came().await.0;
    assert_eq!((&event["text"], &event["client_id"]), (&"Look".into(), &"k".into()));
    let expected: Vec<Value> = [2, 0, 1]
        .map(|at: usize| {
            let mut image = answers[at].clone();
            image.as_object_mut().expect("an object").remove("metadata_removed");
            image
        })
        .to_vec();
    assert_eq!(event["images"], Value::Array(expected));
}

#[tokio::test]
async fn live_late_and_over_http_it_is_the_same_json() {
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ids = uploads(&app, &ada, 2);
    ada.ask(json!({ "type": "send", "images": ids, "text": "both" })).await;
    ada.say("lobby", "words only").await;
    let live = [bob.next_event_as_it_came().await.0, bob.next_event_as_it_came().await.0];
    assert_eq!(live[0]["images"].as_array().map(Vec::len), Some(2));
    assert!(live[1].get("images").is_none(), "no field where there are none: {}", live[1]);
    for round in ["as it runs", "after a restart"] {
        let mut carol = app.arrive(&format!("carol, {round}")).await;
        let joined = carol.ask(json!({ "type": "join", "room": "lobby" })).await.0;
        assert_eq!(joined["events"], json!(live), "{round}");
        let history = carol.ask(json!({ "type": "history", "after": 0 })).await.0;
        assert_eq!(history["events"], json!(live), "{round}");
        let page: Value = app.get("/api/v1/rooms/lobby/events?after=0").json(200);
        assert_eq!(page["events"], json!(live), "{round}");
        let epoch = joined["room"]["epoch"].as_str().expect("an epoch");
        let mut stream = app.stream("lobby", Some(&format!("{epoch}:0")));
        let told: Value = serde_json::from_str(&stream.next().expect("it streams").data).unwrap();
        assert_eq!(told, live[0], "{round}");
        drop((carol, stream));
        app.restart();
    }
}

#[tokio::test]
async fn pictures_need_no_words_and_ten_of_them_are_not_too_many() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut ids = uploads(&app, &ada, 11);
    let last = ids.pop().expect("eleven");
    ada.ask(json!({ "type": "send", "images": ids })).await;
    let event = ada.next_event().await;
    assert_eq!(event.text.as_deref(), Some(""));
    let shown = event.images.expect("pictures");
    assert_eq!(shown.iter().map(|picture| picture.id()).collect::<Vec<_>>(), ids);
    // Nor does an empty caption make a message without pictures.
    let frame = json!({ "type": "send", "text": " ", "images": [] });
    assert_eq!(ada.refused(frame).await.code, "text_empty");
    let frame = json!({ "type": "send", "text": "  ", "images": [last] });
    assert_eq!(ada.ask(frame).await.kind(), "sent");
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_and_nothing_is_said() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.join("garden").await;
    let ids = uploads(&app, &ada, 11);
    let bobs = bob.upload(&app, "lobby", &png(6, 5, 99)).id;
    let gardens = ada.upload(&app, "garden", &png(6, 5, 98)).id;
    let unknown = "0123456789abcdef0123456789abcdef";
    for (images, code) in [
        (json!(ids), "too_many_images"),
        (json!([ids[0], ids[0]]), "invalid_field"),
        (json!([bobs]), "image_not_found"),
        (json!([ids[0], gardens]), "image_not_found"),
        (json!([unknown]), "image_not_found"),
        (json!([ids[0].to_uppercase()]), "image_not_found"),
        (json!(["../../parlor.db"]), "image_not_found"),
        (json!([""]), "image_not_found"),
        (json!([7]), "invalid_field"),
        (json!(ids[0]), "invalid_field"),
        (json!({ "id": ids[0] }), "invalid_field"),
    ] {
        let frame = json!({ "type": "send", "room": "lobby", "text": "see", "images": images });
        let answer = ada.ask(frame).await;
        let (told, field) = refusal_of(&answer);
        assert_eq!(told, code, "{images}: {answer:?}");
        assert!(["images", ""].contains(&field), "{answer:?}");
    }
    assert_eq!(log(&app, "lobby"), []);
    // What was refused is still there to be sent.
    ada.show("lobby", &[&ids[0]]).await;
    let frame = json!({ "type": "send", "room": "lobby", "images": [ids[1], ids[0]] });
    assert_eq!(ada.refused(frame).await.code, "image_not_found", "sent already");
    ada.show("lobby", &[&ids[1]]).await;
    bob.show("lobby", &[&bobs]).await;
    assert_eq!(log(&app, "lobby").len(), 3);
}

#[tokio::test]
async fn two_messages_at_once_cannot_both_have_one_picture() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for seed in 0..20 {
        let id = ada.upload(&app, "lobby", &png(6, 5, seed)).id;
        for n in 0..4 {
            ada.write(json!({ "type": "send", "id": n, "images": [id] }).to_string()).await;
        }
        let mut kinds = Vec::new();
        for n in 0..4 {
            kinds.push(ada.wait_for(|frame| frame.0["id"] == n).await.kind().to_owned());
        }
        assert_eq!(kinds, ["sent", "error", "error", "error"]);
    }
    assert_eq!(log(&app, "lobby").len(), 20);
}

/// Tries again, and gets the first place.
async fn again(who: &mut Person, frame: &Value, first: &Sent, when: &str) {
    let sent: Sent = who.ask(frame.clone()).await.as_a("sent");
    assert!(sent.duplicate, "{when}");
    assert_eq!((sent.seq, &sent.epoch, &sent.at), (first.seq, &first.epoch, &first.at), "{when}");
}

#[tokio::test]
async fn a_retry_answers_the_first_place_whatever_became_of_its_pictures() {
    let mut app = TestApp::with(&["images.sweep_ms=100"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let id = ada.upload_for(&app, "lobby", 2, &png(6, 5, 1)).id;
    let frame =
        json!({ "type": "send", "room": "lobby", "text": "see", "images": [id], "client_id": "k" });
    let first: Sent = ada.ask(frame.clone()).await.as_a("sent");
    assert!(!first.duplicate);
    again(&mut ada, &frame, &first, "while the picture lives").await;
    ada.wait_for(|frame| frame.kind() == "expired").await;
    again(&mut ada, &frame, &first, "once it has expired").await;
    drop(ada);
    let (mut ada, _) = app.resume(&token).await;
    again(&mut ada, &frame, &first, "after a reconnect").await;
    drop(ada);
    app.restart();
    let (mut ada, _) = app.resume(&token).await;
    again(&mut ada, &frame, &first, "after a restart").await;
    drop(ada);
    app.crash();
    let (mut ada, _) = app.resume(&token).await;
    again(&mut ada, &frame, &first, "after a crash").await;
    assert_eq!(texts(&log(&app, "lobby")), ["see"], "it was said once");
}

#[tokio::test]
async fn a_retry_of_a_deleted_message_says_nothing_anew() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let id = ada.upload(&app, "lobby", &png(6, 5, 1)).id;
    let frame = json!({ "type": "send", "images": [id], "client_id": "k" });
    let first: Sent = ada.ask(frame.clone()).await.as_a("sent");
    ada.ask(json!({ "type": "delete", "seq": first.seq })).await;
    again(&mut ada, &frame, &first, "after the deletion").await;
    assert_eq!(log(&app, "lobby").len(), 2);
}

#[tokio::test]
async fn a_message_over_http_shows_pictures_too() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ids = uploads(&app, &ada, 2);
    let bearer = format!("Bearer {}", ada.token);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("Idempotency-Key", "once"),
    ];
    let body = json!({ "text": "from a script", "images": ids }).to_string();
    let sent: Sent = app.post("lobby", "", &headers, &body).json(201);
    let event = bob.next_event().await;
    assert_eq!((event.seq, event.text.as_deref()), (sent.seq, Some("from a script")));
    let shown = event.images.expect("pictures");
    assert_eq!(shown.iter().map(|picture| picture.id()).collect::<Vec<_>>(), ids);
    let again: Sent = app.post("lobby", "", &headers, &body).json(200);
    assert_eq!((again.seq, again.duplicate), (sent.seq, true));
    // Somebody else, with or without a name, cannot send what is not theirs.
    let id = uploads(&app, &ada, 1).remove(0);
    let body = json!({ "images": [id] }).to_string();
    let plain = [("Content-Type", "application/json")];
    app.post("lobby", "?nick=eve", &plain, &body).refused(404, "image_not_found");
    let body = json!({ "images": ["../x"] }).to_string();
    app.post("lobby", "", &headers[..2], &body).refused(404, "image_not_found");
    assert_eq!(ada.show("lobby", &[&id]).await.seq, sent.seq + 1);
}

#[tokio::test]
async fn what_is_said_of_a_picture_can_be_edited_and_answered_like_any_message() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let id = uploads(&app, &ada, 1).remove(0);
    let seq = ada.show("lobby", &[&id]).await.seq;
    ada.ask(json!({ "type": "edit", "seq": seq, "text": "now with words" })).await;
    ada.ask(json!({ "type": "send", "text": "re", "reply_to": seq })).await;
    let events = log(&app, "lobby");
    assert_eq!(events[0].text.as_deref(), Some("now with words"));
    assert!(events[0].edited && events[0].images.as_ref().is_some_and(|all| all[0].lives()));
    assert_eq!(events[2].reply_to, Some(seq));
    ada.ask(json!({ "type": "delete", "seq": seq })).await;
    let events = log(&app, "lobby");
    let shown = events[0].images.as_ref().expect("the place where it was");
    assert_eq!(shown[0].gone(), ("deleted", ""));
}
