//! Every limit of people and accounts, at its edge.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Answer, Form, Person, Refusal, Sent, TestApp, Typing};

/// Fails unless this is a refusal to be so fast that says when to try again.
fn is_too_fast(refusal: &Refusal) {
    assert_eq!(refusal.code, "rate_limited");
    assert!(refusal.retry_after_ms.is_some_and(|wait| (1..=60_000).contains(&wait)), "{refusal:?}");
}

fn must_wait(answer: &Answer) {
    answer.refused(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=3600).contains(&wait), "{wait}");
}

async fn join(person: &mut Person, room: &str) -> Value {
    person.ask(json!({ "type": "join", "room": room })).await.0
}

#[tokio::test]
async fn joins() {
    let app = TestApp::with(&["limits.joins_per_minute=3"]);
    let mut ada = app.arrive("ada").await;
    for room in ["one", "two", "one"] {
        assert_eq!(join(&mut ada, room).await["type"], "joined");
    }
    is_too_fast(&ada.refused(json!({ "type": "join", "room": "one" })).await);
    assert_eq!(join(&mut app.arrive("bob").await, "one").await["type"], "joined");
}

#[tokio::test]
async fn hellos_by_address() {
    let app = TestApp::with(&["limits.hellos_per_minute=3", "trusted_proxies=127.0.0.1"]);
    let from = async |address: &'static str| {
        app.knock_as("/ws", "127.0.0.1", &[("X-Forwarded-For", address)]).await
    };
    let mut people = Vec::new();
    for nick in ["ada", "bob", "eve"] {
        let mut person = from("198.51.100.1").await;
        person.hello(json!({ "nick": nick })).await;
        people.push(person);
    }
    let mut late = from("198.51.100.1").await;
    is_too_fast(&late.refused(json!({ "type": "hello", "nick": "late" })).await);
    let mut other = from("198.51.100.2").await;
    other.hello(json!({ "nick": "late" })).await;
}

#[tokio::test]
async fn renames() {
    let app = TestApp::with(&["limits.renames_per_minute=2"]);
    let mut ada = app.arrive("ada").await;
    for nick in ["adah", "ada"] {
        assert_eq!(ada.ask(json!({ "type": "rename", "nick": nick })).await.kind(), "renamed");
    }
    is_too_fast(&ada.refused(json!({ "type": "rename", "nick": "adah" })).await);
}

#[tokio::test]
async fn typing() {
    let app = TestApp::with(&["limits.typing_per_minute=2"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for on in [true, false] {
        ada.write(json!({ "type": "typing", "on": on }).to_string()).await;
        let told: Typing = bob.wait_for(|frame| frame.kind() == "typing").await.as_a("typing");
        assert_eq!(told.on, on);
    }
    is_too_fast(&ada.refused(json!({ "type": "typing", "on": true })).await);
}

#[tokio::test]
async fn uploads() {
    let app = TestApp::with(&["limits.uploads_per_minute=2"]);
    let ada = app.arrive_in("lobby", "ada").await;
    for n in 0..2 {
        assert_eq!(app.upload(&ada.token, Form::of("lobby", &png(4, 4, n))).status, 201);
    }
    must_wait(&app.upload(&ada.token, Form::of("lobby", &png(4, 4, 3))));
    let bob = app.arrive_in("lobby", "bob").await;
    assert_eq!(app.upload(&bob.token, Form::of("lobby", &png(4, 4, 3))).status, 201);
}

#[test]
fn registrations_by_address() {
    let app = TestApp::with(&["limits.registrations_per_hour=2", "trusted_proxies=127.0.0.1"]);
    let from =
        |address, nick: &str| app.try_register_as(nick, json!({}), &[("X-Forwarded-For", address)]);
    for nick in ["ada", "bob"] {
        assert_eq!(from("198.51.100.1", nick).status, 201);
    }
    must_wait(&from("198.51.100.1", "eve"));
    assert_eq!(from("198.51.100.2", "eve").status, 201);
    // A neighbour in one network of IPv6 is the same.
    for nick in ["six", "seven"] {
        assert_eq!(from("2001:db8::1", nick).status, 201);
    }
    must_wait(&from("2001:db8::ffff", "eight"));
    assert_eq!(from("2001:db8:0:1::1", "eight").status, 201);
}

#[tokio::test]
async fn sessions_of_one_account() {
    let app = TestApp::with(&["limits.connections_per_user=2"]);
    let (ada, other) = (app.register("ada"), app.log_in("ada"));
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let laptop = other.arrive_in(&app, "lobby").await;
    let mut third = app.knock().await;
    let hello = json!({ "type": "hello", "token": ada.token });
    is_too_fast(&third.refused(hello.clone()).await);
    // One that waits in vain gives way.
    drop(laptop);
    crate::stage::eventually("the drop is seen", async || {
        (third.ask(hello.clone()).await.kind() == "welcome").then_some(())
    })
    .await;
    phone.say("lobby", "still here").await;
    assert_eq!(app.arrive("guest").await.ask(json!({ "type": "ping" })).await.kind(), "pong");
}

#[tokio::test]
async fn rooms_that_one_account_has_created() {
    let app = TestApp::with(&["limits.rooms_created=2"]);
    let ada = app.register("ada");
    ada.create(&app, "one", "open");
    ada.create(&app, "two", "private");
    let third = ada.ask(&app, "POST", "/api/v1/rooms", json!({ "room": "three" }));
    third.refused(409, "too_many_rooms");
    let taken = app.register("bob");
    taken.ask(&app, "POST", "/api/v1/rooms", json!({ "room": "ONE" })).refused(409, "room_taken");
    taken.create(&app, "three", "open");
}

#[tokio::test]
async fn reactions_of_one_message() {
    let app = TestApp::with(&["limits.reactions_per_message=2"]);
    for room in ["lobby", "garden"] {
        let mut ada = app.arrive_in(room, &format!("ada in {room}")).await;
        let said = ada.say(room, "hm").await;
        let react = |emoji: &str, on: bool| json!({ "type": "react", "seq": said.seq, "emoji": emoji, "on": on });
        for emoji in ["🦊", "🐺", "🦊"] {
            ada.ask(react(emoji, true)).await.as_a::<Sent>("sent");
        }
        assert_eq!(ada.refused(react("🦉", true)).await.code, "too_many_reactions");
        ada.ask(react("🐺", false)).await.as_a::<Sent>("sent");
        ada.ask(react("🦉", true)).await.as_a::<Sent>("sent");
    }
}

#[tokio::test]
async fn passwords_tried_from_one_address() {
    let app = TestApp::with(&["limits.logins_per_minute=3", "trusted_proxies=127.0.0.1"]);
    app.register("ada");
    let from = |address, nick: &str| {
        app.try_log_in(nick, "a wrong password", &[("X-Forwarded-For", address)])
    };
    for nick in ["nobody", "no one", "somebody"] {
        from("198.51.100.1", nick).refused(401, "bad_credentials");
    }
    must_wait(&from("198.51.100.1", "ada"));
    from("198.51.100.2", "ada").refused(401, "bad_credentials");
}
