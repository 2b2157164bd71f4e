//! An account on several devices is one person.

use serde_json::json;

use crate::stage::{Joined, Sent, TestApp, log, texts};

#[tokio::test]
async fn two_devices_are_one_member_online_while_either_is() {
    let app = TestApp::with(&["resume.grace_ms=60000"]);
    let ada = app.register("ada");
    let mut bob = app.arrive_in("lobby", "bob").await;
    let phone = ada.arrive_in(&app, "lobby").await;
    assert_eq!(bob.next_presence().await.count, 2);
    let mut laptop = app.log_in("ada").arrive(&app).await;
    let joined = laptop.join("lobby").await;
    assert_eq!((joined.count, joined.members.len()), (2, 2));
    let members = bob.ask(json!({ "type": "members", "room": "lobby" })).await;
    assert_eq!(members.0["count"], 2);
    assert_eq!(members.0["members"].as_array().unwrap().len(), 2);
    // A drop of one changes nothing that others see, the drop of both does.
    let token = phone.token.clone();
    drop(phone);
    bob.say("lobby", "one is gone").await;
    assert!(bob.heard().await.iter().all(|frame| frame.kind() != "presence"));
    drop(laptop);
    let told = bob.next_presence().await;
    assert_eq!((told.changed[0].state.as_str(), told.count), ("reconnecting", 2));
    let (phone, welcome) = app.resume(&token).await;
    assert_eq!(welcome.rooms, ["lobby"]);
    assert_eq!(bob.next_presence().await.changed[0].state, "online");
    // One leaves for good, the other is held: they reconnect.
    phone.leave_politely().await;
    let told = bob.next_presence().await;
    assert_eq!((told.changed[0].state.as_str(), told.left.len()), ("reconnecting", 0));
}

#[tokio::test]
async fn the_last_of_its_devices_to_leave_leaves() {
    let app = TestApp::start();
    let ada = app.register("ada");
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = ada.arrive_in(&app, "lobby").await;
    assert_eq!(bob.next_presence().await.joined.len(), 1);
    phone.ask(json!({ "type": "leave", "room": "lobby" })).await;
    assert!(bob.heard().await.is_empty());
    laptop.ask(json!({ "type": "leave", "room": "lobby" })).await;
    let told = bob.next_presence().await;
    assert_eq!((told.left.len(), told.count), (1, 1));
}

#[tokio::test]
async fn what_one_device_said_the_other_edits_and_takes_back() {
    let app = TestApp::start();
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = app.log_in("ada").arrive_in(&app, "lobby").await;
    let said = phone.say("lobby", "teh first").await;
    assert_eq!(laptop.next_event().await.text.as_deref(), Some("teh first"));
    let edit = json!({ "type": "edit", "seq": said.seq, "text": "the first" });
    laptop.ask(edit).await.as_a::<Sent>("sent");
    assert_eq!(texts(&log(&app, "lobby")), ["the first"]);
    laptop.ask(json!({ "type": "delete", "seq": said.seq })).await.as_a::<Sent>("sent");
    assert!(log(&app, "lobby")[0].deleted);
}

#[tokio::test]
async fn a_retry_from_the_other_device_or_over_http_is_not_said_twice() {
    let mut app = TestApp::start();
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let first = phone.say_once("lobby", "once", "k-1").await;
    let mut laptop = app.log_in("ada").arrive_in(&app, "lobby").await;
    let again = laptop.say_once("lobby", "once", "k-1").await;
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    app.crash();
    let bearer = format!("Bearer {}", ada.token);
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "k-1")];
    let again: Sent = app.post("lobby", "", &headers, "once").json(200);
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    assert_eq!(texts(&log(&app, "lobby")), ["once"]);
}

#[tokio::test]
async fn how_far_one_device_has_read_the_others_hear_and_a_restart_keeps() {
    let mut app = TestApp::start();
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = ada.arrive_in(&app, "lobby").await;
    for text in ["one", "two", "three"] {
        phone.say("lobby", text).await;
    }
    phone.does(json!({ "type": "read", "room": "lobby", "seq": 2 })).await;
    let mark = laptop.wait_for(|frame| frame.kind() == "read").await;
    assert_eq!(mark.0, json!({ "type": "read", "room": "lobby", "seq": 2 }));
    // Backwards is nowhere, and beyond the end is the end.
    phone.does(json!({ "type": "read", "room": "lobby", "seq": 1 })).await;
    laptop.does(json!({ "type": "read", "room": "lobby", "seq": 99 })).await;
    let mark = phone.wait_for(|frame| frame.kind() == "read").await;
    assert_eq!(mark.0["seq"], 3);
    assert!(laptop.heard().await.iter().all(|frame| frame.kind() != "read"));
    app.crash();
    let mut again = ada.arrive(&app).await;
    assert_eq!(again.join("lobby").await.read, Some(3));
    let mut guest = app.arrive("bob").await;
    let joined: Joined = guest.join("lobby").await;
    assert_eq!(joined.read, None);
    let refusal = guest.refused(json!({ "type": "read", "seq": 1 })).await;
    assert_eq!(refusal.code, "login_required");
}

#[tokio::test]
async fn an_account_has_one_allowance_on_all_its_devices() {
    let app = TestApp::with(&["limits.messages_per_second=1", "limits.burst=4"]);
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = ada.arrive_in(&app, "lobby").await;
    for device in [&mut phone, &mut laptop] {
        device.say("lobby", "one").await;
        device.say("lobby", "two").await;
    }
    let refusal = laptop.refused(json!({ "type": "send", "text": "three" })).await;
    assert_eq!(refusal.code, "rate_limited");
    let bearer = format!("Bearer {}", ada.token);
    app.post("lobby", "", &[("Authorization", &bearer)], "four").refused(429, "rate_limited");
}
