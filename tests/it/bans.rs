//! A ban: whom it keeps out, from where, until when, and that nothing comes behind it.

use std::thread;

use serde_json::{Value, json};

use crate::stage::{Account, Person, TestApp, eventually, log};

const PROXY: &str = "trusted_proxies=127.0.0.1";

fn ban(nick: &str, more: Value) -> Value {
    let mut frame = json!({ "type": "ban", "nick": nick });
    for (field, value) in more.as_object().into_iter().flatten() {
        frame[field] = value.clone();
    }
    frame
}

/// A guest in the lobby who comes from an address of their own.
async fn from(app: &TestApp, address: &str, nick: &str) -> Person {
    let mut person = app.knock_as("/ws", "127.0.0.1", &[("X-Forwarded-For", address)]).await;
    person.hello(json!({ "nick": nick })).await;
    person
}

async fn may_join(person: &mut Person, room: &str) -> bool {
    let answer = person.ask(json!({ "type": "join", "room": room })).await;
    match answer.kind() {
        "joined" => true,
        _ => {
            assert_eq!(answer.0["code"], "banned", "{}", answer.0);
            false
        }
    }
}

fn orders(app: &TestApp, owner: &Account, frame: Value) {
    let answer = owner.order(app, "lobby", frame);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_guest_is_kept_out_by_name_and_by_address_of_that_room() {
    let (app, owner) = TestApp::owned(&[PROXY]);
    let mut eve = from(&app, "198.51.100.1", "eve").await;
    let mut neighbour = from(&app, "198.51.100.1", "neighbour").await;
    eve.join("lobby").await;
    neighbour.join("lobby").await;
    let mut streams =
        [app.stream_as(&eve.token, "lobby"), app.stream_as(&neighbour.token, "lobby")];
    orders(&app, &owner, ban("eve", json!({ "reason": "spam" })));
    let ending = eve.ending().await;
    assert_eq!(ending.code, 4500);
    let told = ending.frames.iter().find(|frame| frame.kind() == "moderation").expect("it is told");
    assert_eq!((&told.0["action"], &told.0["room"]), (&json!("banned"), &json!("lobby")));
    while streams[0].next().is_some() {}
    // Who was there already under another name stays; who comes later does not get in.
    neighbour.say("lobby", "I stay").await;
    assert!(streams[1].next().is_some());
    let mut other = from(&app, "198.51.100.1", "other").await;
    assert!(!may_join(&mut other, "lobby").await, "by address");
    assert!(may_join(&mut other, "garden").await, "only there");
    let here = [("X-Forwarded-For", "198.51.100.1")];
    let read = app.ask("GET", "/api/v1/rooms/lobby/events", &here, "");
    read.refused(403, "banned");
    app.post("lobby", "?nick=passer-by", &here, "hi").refused(403, "banned");
    let mut elsewhere = from(&app, "198.51.100.2", "eve").await;
    assert!(!may_join(&mut elsewhere, "lobby").await, "by name");
    elsewhere.ask(json!({ "type": "rename", "nick": "lilith" })).await;
    assert!(may_join(&mut elsewhere, "lobby").await);
    orders(&app, &owner, json!({ "type": "unban", "nick": "eve" }));
    assert!(may_join(&mut other, "lobby").await);
}

#[tokio::test]
async fn without_the_address_only_name_and_identity_are_kept_out() {
    let (app, owner) = TestApp::owned(&[PROXY]);
    let mut eve = from(&app, "198.51.100.1", "eve").await;
    eve.join("garden").await;
    eve.join("lobby").await;
    orders(&app, &owner, ban("eve", json!({ "address": false })));
    assert!(!may_join(&mut eve, "lobby").await);
    eve.ask(json!({ "type": "rename", "nick": "lilith" })).await;
    assert!(!may_join(&mut eve, "lobby").await, "still the same one");
    let mut other = from(&app, "198.51.100.1", "other").await;
    assert!(may_join(&mut other, "lobby").await);
}

#[tokio::test]
async fn who_said_goodbye_a_moment_ago_can_be_banned_still() {
    let (app, owner) = TestApp::owned(&[PROXY]);
    let _host = app.arrive_in("lobby", "host").await;
    let mut eve = from(&app, "198.51.100.1", "eve").await;
    eve.join("lobby").await;
    eve.say("lobby", "spam and away").await;
    let token = eve.token.clone();
    eve.leave_politely().await;
    orders(&app, &owner, ban("eve", json!({})));
    let mut again = app.knock_as("/ws", "127.0.0.1", &[("X-Forwarded-For", "198.51.100.1")]).await;
    again.hello(json!({ "resume": token })).await;
    assert!(!may_join(&mut again, "lobby").await);
    let mut other = from(&app, "198.51.100.1", "other").await;
    assert!(!may_join(&mut other, "lobby").await, "by address");
}

#[tokio::test]
async fn an_account_is_kept_out_wherever_it_comes_from_and_its_address_is_not() {
    let (app, owner) = TestApp::owned(&[]);
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut laptop = ada.arrive_in(&app, "lobby").await;
    orders(&app, &owner, ban("Ada", json!({ "seconds": 600 })));
    for device in [&mut phone, &mut laptop] {
        assert_eq!(device.ending().await.code, 4500);
    }
    let mut again = ada.arrive(&app).await;
    let refusal = again.refused(json!({ "type": "join", "room": "lobby" })).await;
    assert!(refusal.retry_after_ms.is_some_and(|wait| wait <= 600_000), "{refusal:?}");
    ada.ask(&app, "GET", "/api/v1/rooms/lobby/events", Value::Null).refused(403, "banned");
    ada.ask(&app, "GET", "/api/v1/rooms/lobby/stream", Value::Null).refused(403, "banned");
    let bearer = format!("Bearer {}", ada.token);
    app.post("lobby", "", &[("Authorization", &bearer)], "hi").refused(403, "banned");
    ada.order(&app, "lobby", json!({ "type": "report", "seq": 1 })).refused(403, "banned");
    assert!(may_join(&mut app.arrive("guest").await, "lobby").await);
}

#[tokio::test]
async fn a_timed_ban_ends_by_itself() {
    let (app, owner) = TestApp::owned(&["janitor.sweep_ms=100"]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    eve.join("garden").await;
    orders(&app, &owner, ban("eve", json!({ "seconds": 2 })));
    assert!(!may_join(&mut eve, "lobby").await);
    eventually("it ends", async || may_join(&mut eve, "lobby").await.then_some(())).await;
    let mut olga = owner.arrive(&app).await;
    let left = olga.ask(json!({ "type": "sanctions", "room": "lobby" })).await;
    assert_eq!(left.0["sanctions"], json!([]));
}

#[tokio::test]
async fn off_the_whole_server_a_guest_stays_out_of_everything() {
    let (app, owner) = TestApp::owned(&[PROXY]);
    let mut eve = from(&app, "198.51.100.1", "eve").await;
    eve.join("lobby").await;
    eve.join("garden").await;
    let mut bob = app.arrive_in("garden", "bob").await;
    orders(&app, &owner, ban("eve", json!({ "everywhere": true })));
    assert_eq!(eve.ending().await.code, 4500);
    let told = bob.next_event().await;
    assert_eq!((told.action.as_deref(), told.nick.as_deref()), (Some("banned"), Some("eve")));
    let here = [("X-Forwarded-For", "198.51.100.1")];
    let mut again = app.knock_as("/ws", "127.0.0.1", &here).await;
    for nick in ["eve", "other"] {
        let refusal = again.refused(json!({ "type": "hello", "nick": nick })).await;
        assert_eq!(refusal.code, "banned");
    }
    app.post("garden", "?nick=x", &here, "hi").refused(403, "banned");
    app.try_register_as("evelyn", json!({}), &here).refused(403, "banned");
    app.ask("GET", "/api/v1/rooms/garden/events", &here, "").refused(403, "banned");
    let room_only = owner.order(&app, "lobby", json!({ "type": "unban", "nick": "eve" }));
    room_only.refused(404, "nick_not_found");
    orders(&app, &owner, json!({ "type": "unban", "nick": "eve", "everywhere": true }));
    again.hello(json!({ "nick": "eve" })).await;
}

#[tokio::test]
async fn nothing_of_the_banned_comes_behind_the_ban_however_fast_they_send() {
    let (app, owner) = TestApp::owned(&["limits.messages_per_second=0"]);
    let eve = app.register("eve");
    let mut bob = app.arrive_in("lobby", "bob").await;
    let (app, eve) = (&app, &eve);
    thread::scope(|scope| {
        for _ in 0..2 {
            let bearer = format!("Bearer {}", eve.token);
            scope.spawn(move || {
                let headers = [("Authorization", bearer.as_str())];
                while app.post("lobby", "", &headers, "over HTTP").status == 201 {}
            });
        }
        for _ in 0..4 {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(send_flat_out(app, eve));
            });
        }
        while log_length(app) < 300 {}
        orders(app, &owner, ban("eve", json!({})));
    });
    let behind = owner.order(app, "lobby", json!({ "type": "settings", "slow_s": 0 }));
    assert_eq!(behind.status, 200);
    let events = log(app, "lobby");
    let at = events.iter().position(|event| event.action.as_deref() == Some("banned"));
    let at = at.expect("the ban is in the log");
    assert!(events[..at].iter().any(|event| event.from.nick == "eve"));
    assert!(events[at..].iter().all(|event| event.from.nick != "eve"), "behind the ban");
    crate::stage::assert_dense(&events, 1);
    let heard = bob.next_events(events.len()).await;
    assert_eq!(heard, events, "what was heard is what is kept");
}

/// Sends without waiting for answers until the connection ends.
async fn send_flat_out(app: &TestApp, account: &Account) {
    let mut person = account.arrive_in(app, "lobby").await;
    let frame = json!({ "type": "send", "text": "flat out" });
    loop {
        for _ in 0..10 {
            if person.try_write(&frame).await.is_err() {
                return;
            }
        }
        for _ in 0..20 {
            if person.read().await.is_err() {
                return;
            }
        }
    }
}

fn log_length(app: &TestApp) -> u64 {
    let page: Value = app.get("/api/v1/rooms/lobby/events?limit=1").json(200);
    page["events"][0]["seq"].as_u64().unwrap_or(0)
}
