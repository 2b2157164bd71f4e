//! A room's own rules: slow mode, a locked topic, closed to guests.

use serde_json::{Value, json};

use crate::stage::{Account, Sent, TestApp, eventually};

fn rules(app: &TestApp, owner: &Account, settings: Value) {
    let mut frame = settings;
    frame["type"] = "settings".into();
    assert_eq!(owner.order(app, "lobby", frame).status, 200);
}

#[tokio::test]
async fn slow_mode_tells_how_long_to_wait_and_moderators_do_not() {
    let (app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    rules(&app, &owner, json!({ "slow_s": 2 }));
    let ruled = eve.next_event().await;
    assert_eq!(ruled.settings.expect("the rules")["slow_s"], 2);
    let said = eve.say("lobby", "one").await;
    let refusal = eve.refused(json!({ "type": "send", "text": "two" })).await;
    assert_eq!(refusal.code, "slow_mode");
    assert!(refusal.retry_after_ms.is_some_and(|wait| (1..=2000).contains(&wait)), "{refusal:?}");
    // Only messages are slow.
    eve.ask(json!({ "type": "edit", "seq": said.seq, "text": "1" })).await.as_a::<Sent>("sent");
    let over_http = format!("Bearer {}", eve.token);
    let answer = app.post("lobby", "", &[("Authorization", &over_http)], "two");
    answer.refused(429, "slow_mode");
    assert!(matches!(answer.header("retry-after"), "1" | "2"));
    // Who sends without a session is one with all of their address, whatever name they say.
    app.post("lobby", "?nick=bot1", &[], "hi").json::<Sent>(201);
    app.post("lobby", "?nick=bot2", &[], "hi").refused(429, "slow_mode");
    let mut olga = owner.arrive_in(&app, "lobby").await;
    olga.say("lobby", "quick").await;
    olga.say("lobby", "and quick").await;
    eventually("the wait is over", async || {
        let answer = eve.ask(json!({ "type": "send", "text": "two" })).await;
        (answer.kind() == "sent").then_some(())
    })
    .await;
    rules(&app, &owner, json!({ "slow_s": 0 }));
    eve.say("lobby", "three").await;
    eve.say("lobby", "four").await;
}

#[tokio::test]
async fn a_locked_topic_is_for_moderators() {
    let (app, owner) = TestApp::owned(&[]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    eve.ask(json!({ "type": "topic", "topic": "mine" })).await.as_a::<Sent>("sent");
    rules(&app, &owner, json!({ "topic_locked": true }));
    let refusal = eve.refused(json!({ "type": "topic", "topic": "mine again" })).await;
    assert_eq!(refusal.code, "forbidden");
    let mut olga = owner.arrive_in(&app, "lobby").await;
    olga.ask(json!({ "type": "topic", "topic": "ours" })).await.as_a::<Sent>("sent");
}

#[tokio::test]
async fn a_room_that_is_closed_to_guests_sends_them_out_and_keeps_them_out() {
    let (mut app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    let mut ada = app.register("ada").arrive_in(&app, "lobby").await;
    let mut stream = app.stream("lobby", None);
    rules(&app, &owner, json!({ "guests": false }));
    let ending = eve.ending().await;
    assert_eq!(ending.code, 4500);
    assert!(ending.frames.iter().any(|frame| frame.kind() == "moderation"));
    while stream.next().is_some() {}
    ada.say("lobby", "we are among us").await;
    for again in [false, true] {
        if again {
            app.crash();
        }
        let mut guest = app.arrive(if again { "guest2" } else { "guest1" }).await;
        let refusal = guest.refused(json!({ "type": "join", "room": "lobby" })).await;
        assert_eq!(refusal.code, "guests_not_admitted");
        app.get("/api/v1/rooms/lobby/events").refused(403, "guests_not_admitted");
        app.get("/api/v1/rooms/lobby/stream").refused(403, "guests_not_admitted");
        app.post("lobby", "?nick=bot", &[], "hi").refused(403, "guests_not_admitted");
    }
    rules(&app, &owner, json!({ "guests": true }));
    app.arrive_in("lobby", "eve").await.say("lobby", "hello").await;
}

#[tokio::test]
async fn a_change_of_rules_is_in_the_log_and_among_the_deeds() {
    let (app, owner) = TestApp::owned(&[]);
    let _bob = app.arrive_in("lobby", "bob").await;
    rules(&app, &owner, json!({ "slow_s": 9, "topic_locked": true }));
    let events = crate::stage::log(&app, "lobby");
    let settings = events[0].settings.clone().expect("the rules");
    let expected =
        json!({ "visibility": "open", "guests": true, "slow_s": 9, "topic_locked": true });
    assert_eq!(settings, expected);
    assert_eq!(app.deeds(&owner)[0]["detail"], expected);
    let mut late = app.arrive("late").await;
    let joined = late.ask(json!({ "type": "join", "room": "lobby" })).await;
    assert_eq!(joined.0["room"]["slow_s"], 9);
    let empty = owner.order(&app, "lobby", json!({ "type": "settings" }));
    empty.refused(422, "missing_field");
}
