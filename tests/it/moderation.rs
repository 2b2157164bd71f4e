//! Kicks and mutes: what the one concerned is told, what the room is told, and what they end.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Account, Person, TestApp, eventually, log};

/// A server without a limit on the rate, its owner in the lobby, and two guests there.
async fn lobby() -> (TestApp, Account, Person, Person, Person) {
    let (app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let olga = owner.arrive_in(&app, "lobby").await;
    let bob = app.arrive_in("lobby", "bob").await;
    let eve = app.arrive_in("lobby", "eve").await;
    (app, owner, olga, bob, eve)
}

async fn moderation(person: &mut Person) -> Value {
    person.wait_for(|frame| frame.kind() == "moderation").await.0
}

#[tokio::test]
async fn who_is_kicked_out_of_one_room_of_two_stays_in_the_other() {
    let (app, owner, mut olga, mut bob, mut eve) = lobby().await;
    eve.join("garden").await;
    let frame = json!({ "type": "kick", "room": "lobby", "nick": "EVE", "reason": "too loud" });
    olga.does(frame).await;
    let told = moderation(&mut eve).await;
    assert_eq!(told["room"], "lobby");
    assert_eq!((&told["action"], &told["by"]), (&json!("kicked"), &json!("Olga")));
    assert_eq!(told["reason"], "too loud");
    let event = bob.next_event().await;
    assert_eq!((event.r#type.as_str(), event.action.as_deref()), ("moderated", Some("kicked")));
    assert_eq!((event.nick.as_deref(), event.from.nick.as_str()), (Some("eve"), "Olga"));
    assert_eq!(
        bob.wait_for(|f| f.kind() == "presence" && f.0["left"] != json!([])).await.0["count"],
        2
    );
    assert!(
        !app.get("/api/v1/rooms/lobby/events").body.contains("too loud"),
        "for the one concerned"
    );
    let refusal = eve.refused(json!({ "type": "send", "room": "lobby", "text": "hm" })).await;
    assert_eq!(refusal.code, "not_in_room");
    eve.say("garden", "still here").await;
    // They may come in again at once, and with `seconds` only after those.
    eve.join("lobby").await;
    olga.does(json!({ "type": "kick", "room": "lobby", "nick": "eve", "seconds": 2 })).await;
    let refusal = eve.refused(json!({ "type": "join", "room": "lobby" })).await;
    assert_eq!(refusal.code, "banned");
    assert!(refusal.retry_after_ms.is_some_and(|wait| (1..=2000).contains(&wait)));
    eventually("they are let in", async || {
        let answer = eve.ask(json!({ "type": "join", "room": "lobby" })).await;
        (answer.kind() == "joined").then_some(())
    })
    .await;
    let deeds = app.deeds(&owner);
    assert_eq!(deeds.iter().filter(|deed| deed["action"] == "kick").count(), 2);
    assert_eq!(deeds[0]["detail"]["reason"], "too loud");
}

#[tokio::test]
async fn who_is_kicked_out_of_their_last_room_is_closed() {
    let (app, owner, _olga, _bob, mut eve) = lobby().await;
    let token = eve.token.clone();
    let kicked = owner.order(&app, "lobby", json!({ "type": "kick", "nick": "eve" }));
    assert_eq!(kicked.json::<Value>(200)["type"], "ok");
    let ending = eve.ending().await;
    assert_eq!(ending.code, 4500);
    assert_eq!(ending.closing.expect("it says so").reconnect_after_ms, None);
    let mut again = app.knock().await;
    let refusal = again.refused(json!({ "type": "hello", "resume": token })).await;
    assert_eq!(refusal.code, "bad_credentials");
    let nobody = owner.order(&app, "lobby", json!({ "type": "kick", "nick": "nobody" }));
    nobody.refused(404, "nick_not_found");
}

#[tokio::test]
async fn who_is_muted_says_nothing_in_any_way_until_it_ends() {
    let (app, _owner, mut olga, mut bob, mut eve) = lobby().await;
    let said = eve.say("lobby", "before").await;
    let picture = eve.upload(&app, "lobby", &png(4, 4, 1));
    eve.show("lobby", &[&picture.id]).await;
    eve.write(r#"{"type":"typing","room":"lobby"}"#).await;
    bob.wait_for(|frame| frame.kind() == "typing").await;
    olga.does(json!({ "type": "mute", "nick": "eve", "seconds": 60, "reason": "hush" })).await;
    let told = moderation(&mut eve).await;
    assert_eq!((&told["action"], &told["reason"]), (&json!("muted"), &json!("hush")));
    assert!(told["until"].is_string());
    let stopped = bob.wait_for(|frame| frame.kind() == "typing").await;
    assert_eq!(stopped.0["on"], false);
    let frames = [
        json!({ "type": "send", "text": "hm" }),
        json!({ "type": "edit", "seq": said.seq, "text": "hm" }),
        json!({ "type": "delete", "seq": said.seq }),
        json!({ "type": "react", "seq": said.seq, "emoji": "🦊" }),
        json!({ "type": "topic", "topic": "hm" }),
        json!({ "type": "typing" }),
    ];
    for frame in frames.clone() {
        assert_eq!(eve.refused(frame.clone()).await.code, "muted", "{frame}");
    }
    let refusal = eve.refused(json!({ "type": "send", "text": "hm" })).await;
    assert!(refusal.retry_after_ms.is_some_and(|wait| wait <= 60_000));
    let bearer = format!("Bearer {}", eve.token);
    app.post("lobby", "", &[("Authorization", &bearer)], "hm").refused(403, "muted");
    app.take_back(&eve.token, &picture.id).refused(403, "muted");
    // They hear and see, and may report, leave and come back; the mute stays.
    bob.say("lobby", "peace").await;
    assert_eq!(eve.wait_for(|f| f.0["text"] == "peace").await.kind(), "message");
    eve.ask(json!({ "type": "leave" })).await;
    eve.join("lobby").await;
    assert_eq!(eve.refused(frames[0].clone()).await.code, "muted");
    // In another room they may speak.
    eve.join("garden").await;
    eve.say("garden", "free").await;
    let sanctions = olga.ask(json!({ "type": "sanctions", "room": "lobby" })).await;
    assert_eq!(sanctions.0["sanctions"][0]["nick"], "eve");
    assert_eq!(sanctions.0["sanctions"][0]["kind"], "mute");
    olga.does(json!({ "type": "unmute", "nick": "eve" })).await;
    assert_eq!(moderation(&mut eve).await["action"], "unmuted");
    eve.say("lobby", "after").await;
    let refusal = olga.refused(json!({ "type": "unmute", "nick": "eve" })).await;
    assert_eq!(refusal.code, "nick_not_found");
    let acts: Vec<_> = log(&app, "lobby").into_iter().filter_map(|event| event.action).collect();
    assert_eq!(acts, ["muted", "unmuted"]);
}

#[tokio::test]
async fn a_mute_ends_by_itself_and_an_account_is_mute_on_all_devices() {
    let (app, owner, ..) = lobby().await;
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = ada.arrive_in(&app, "lobby").await;
    let mute = json!({ "type": "mute", "nick": "ada", "seconds": 2 });
    assert_eq!(owner.order(&app, "lobby", mute).status, 200);
    for device in [&mut phone, &mut laptop] {
        assert_eq!(moderation(device).await["action"], "muted");
        let refusal = device.refused(json!({ "type": "send", "text": "hm" })).await;
        assert_eq!(refusal.code, "muted");
    }
    eventually("it ends", async || {
        let answer = laptop.ask(json!({ "type": "send", "text": "hm" })).await;
        (answer.kind() == "sent").then_some(())
    })
    .await;
}

#[tokio::test]
async fn orders_that_do_not_fit_are_refused_in_words() {
    let (app, owner, mut olga, ..) = lobby().await;
    for (frame, field) in [
        (json!({ "type": "kick" }), "nick"),
        (json!({ "type": "mute", "nick": "eve", "seconds": 0 }), "seconds"),
        (json!({ "type": "ban", "nick": "eve", "seconds": u64::MAX }), "seconds"),
        (json!({ "type": "ban", "nick": "eve", "reason": "x".repeat(2000) }), "reason"),
        (json!({ "type": "ban", "nick": "eve", "address": "yes" }), "address"),
        (json!({ "type": "remove", "nick": "eve", "minutes": 0 }), "minutes"),
        (json!({ "type": "role", "nick": "eve", "role": "king" }), "role"),
        (json!({ "type": "settings", "slow_s": 21601 }), "slow_s"),
        (json!({ "type": "settings", "visibility": "secret" }), "visibility"),
    ] {
        let refusal = olga.refused(frame.clone()).await;
        assert_eq!(refusal.field.as_deref(), Some(field), "{frame}");
        let refusal = owner.order(&app, "lobby", frame);
        assert_eq!(refusal.status, 422, "{}", refusal.body);
    }
    let odd = owner.order(&app, "lobby", json!({ "type": "send", "text": "hi" }));
    odd.refused(400, "unknown_type");
    owner.order(&app, "lobby", json!({ "type": "join" })).refused(400, "unknown_type");
}
