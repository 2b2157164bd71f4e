//! An account is deleted: its name waits, what it said stays without a name or goes.

use serde_json::{Value, json};

use crate::stage::{Account, Event, PASSWORD, TestApp, eventually, log, texts};

fn delete(app: &TestApp, account: &Account, messages: &str) -> u16 {
    let body = json!({ "password": PASSWORD, "messages": messages });
    account.ask(app, "DELETE", "/api/v1/me", body).status
}

#[tokio::test]
async fn what_a_deleted_account_said_stays_without_its_name() {
    let mut app = TestApp::start();
    let ada = app.register("Adalovelace");
    let mut person = ada.arrive_in(&app, "lobby").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    person.say("lobby", "before").await;
    person.ask(json!({ "type": "topic", "topic": "tea" })).await;
    assert_eq!(delete(&app, &ada, "keep"), 204);
    let nameless = |events: &[Event]| {
        assert_eq!(texts(events), ["before"]);
        assert!(events.iter().all(|event| event.from.nick == "deleted account"), "{events:?}");
    };
    let joined = bob.join("lobby").await;
    nameless(&joined.events);
    assert_eq!(joined.count, 1);
    nameless(&log(&app, "lobby"));
    app.restart();
    nameless(&log(&app, "lobby"));
    let reads = app.files_with("before");
    assert!(!reads.is_empty(), "the words are kept");
}

#[tokio::test]
async fn what_is_on_its_way_when_its_author_goes_has_no_name_either() {
    let app = TestApp::unhurried();
    let ada = app.register("Adalovelace");
    let mut person = ada.arrive_in(&app, "lobby").await;
    let bob = app.arrive_in("lobby", "bob").await;
    for n in 0..200 {
        let frame = json!({ "type": "send", "text": format!("word {n}") });
        person.write(frame.to_string()).await;
    }
    assert_eq!(delete(&app, &ada, "keep"), 204);
    assert_eq!(person.ending().await.code, 4503);
    eventually("no name is left", async || {
        let events = log(&app, "lobby");
        events.iter().all(|event| event.from.nick == "deleted account").then_some(())
    })
    .await;
    bob.leave_politely().await;
}

#[tokio::test]
async fn what_a_deleted_account_said_goes_where_that_is_asked_for() {
    let app = TestApp::unhurried();
    let ada = app.register("ada");
    let mut person = ada.arrive_in(&app, "lobby").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let many = 30;
    for n in 0..many {
        person.say("lobby", &format!("sensitive {n}")).await;
    }
    bob.say("lobby", "I stay").await;
    let _garden = ada.arrive_in(&app, "garden").await.say("garden", "sensitive too").await;
    assert_eq!(delete(&app, &ada, "remove"), 204);
    for room in ["lobby", "garden"] {
        eventually("all of it is gone", async || {
            let events = log(&app, room);
            let left = events.iter().filter(|event| event.r#type == "message" && !event.deleted);
            left.map(|event| event.from.nick.clone()).all(|nick| nick == "bob").then_some(())
        })
        .await;
    }
    assert!(texts(&log(&app, "lobby")).contains(&"I stay".to_owned()));
    eventually("no file has it", async || app.files_with("sensitive").is_empty().then_some(()))
        .await;
}

#[tokio::test]
async fn its_name_is_nobodys_for_the_quarantine_and_free_after_it() {
    let settings =
        ["accounts.quarantine_s=2", "janitor.sweep_ms=100", "limits.registrations_per_hour=0"];
    let mut app = TestApp::with(&settings);
    let ada = app.register("ada");
    assert_eq!(delete(&app, &ada, "keep"), 204);
    app.try_register("ada", json!({})).refused(409, "nick_taken");
    app.try_log_in("ada", PASSWORD, &[]).refused(401, "bad_credentials");
    let mut guest = app.knock().await;
    let refusal = guest.refused(json!({ "type": "hello", "nick": "Ada" })).await;
    assert_eq!(refusal.code, "nick_reserved");
    app.crash();
    let again = eventually("the name is free", async || {
        let answer = app.try_register("ada", json!({}));
        (answer.status == 201).then(|| app.log_in("ada"))
    })
    .await;
    app.restart();
    let me: Value = app.get_as(&again.token, "/api/v1/me").json(200);
    assert_eq!(me["nick"], "ada");
}

#[test]
fn only_its_owner_deletes_an_account_and_with_the_password() {
    let app = TestApp::start();
    let ada = app.register("ada");
    let ask = |body: Value| ada.ask(&app, "DELETE", "/api/v1/me", body);
    ask(json!({})).refused(422, "missing_field");
    ask(json!({ "password": "a wrong password" })).refused(401, "bad_credentials");
    ask(json!({ "password": PASSWORD, "messages": "burn" })).refused(422, "invalid_field");
    let gone = ask(json!({ "password": PASSWORD, "messages": "remove" }));
    assert_eq!(gone.status, 204);
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    ask(json!({ "password": PASSWORD })).refused(401, "bad_credentials");
}
