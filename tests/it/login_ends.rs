//! A login lives and dies on sockets and streams too.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stage::{Account, EventStream, PASSWORD, Person, TestApp, eventually};

/// A socket in the lobby and a stream of it, both with one login.
async fn inside(app: &TestApp, account: &Account) -> (Person, EventStream) {
    let person = account.arrive_in(app, "lobby").await;
    (person, app.stream_as(&account.token, "lobby"))
}

/// Fails unless socket and stream end within a second, and neither token opens anything any more.
async fn is_over(app: &TestApp, account: &Account, ended: (Person, EventStream), code: u16) {
    let since = Instant::now();
    let (mut person, mut stream) = ended;
    let ending = person.ending().await;
    assert_eq!(ending.code, code);
    let closing = ending.closing.expect("it says so before");
    assert_eq!((closing.code, closing.reconnect_after_ms), (code, None));
    while stream.next().is_some() {}
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    let mut again = app.knock().await;
    for field in ["resume", "token"] {
        let secret = if field == "resume" { &person.token } else { &account.token };
        let mut hello = json!({ "type": "hello" });
        hello[field] = secret.as_str().into();
        let refusal = again.refused(hello).await;
        assert!(matches!(refusal.code.as_str(), "bad_credentials" | "banned"), "{refusal:?}");
    }
    let bearer = format!("Bearer {}", person.token);
    let posted = app.post("lobby", "", &[("Authorization", &bearer)], "still here?");
    assert_eq!(posted.status, 401, "{}", posted.body);
}

#[tokio::test]
async fn a_logout_closes_its_sockets_and_no_others() {
    let app = TestApp::start();
    let (ada, other) = (app.register("ada"), app.log_in("ada"));
    let ended = inside(&app, &ada).await;
    let mut stays = other.arrive_in(&app, "lobby").await;
    assert_eq!(ada.ask(&app, "POST", "/api/v1/logout", Value::Null).status, 204);
    is_over(&app, &ada, ended, 4503).await;
    stays.say("lobby", "still here").await;
}

#[tokio::test]
async fn another_device_ends_a_login_with_its_sockets() {
    let app = TestApp::start();
    let (ada, other) = (app.register("ada"), app.log_in("ada"));
    let ended = inside(&app, &ada).await;
    let path = format!("/api/v1/me/logins/{}", ada.login);
    assert_eq!(other.ask(&app, "DELETE", &path, Value::Null).status, 204);
    is_over(&app, &ada, ended, 4503).await;
    let third = app.log_in("ada");
    let ended = inside(&app, &third).await;
    assert_eq!(other.ask(&app, "DELETE", "/api/v1/me/logins", Value::Null).status, 204);
    is_over(&app, &third, ended, 4503).await;
}

#[tokio::test]
async fn a_new_password_closes_the_sockets_of_all_other_logins() {
    let app = TestApp::start();
    let (ada, other) = (app.register("ada"), app.log_in("ada"));
    let ended = inside(&app, &ada).await;
    let mut stays = other.arrive_in(&app, "lobby").await;
    let body = json!({ "password": PASSWORD, "new_password": "a fresh new secret" });
    assert_eq!(other.ask(&app, "POST", "/api/v1/me/password", body).status, 204);
    is_over(&app, &ada, ended, 4503).await;
    stays.say("lobby", "still here").await;
}

#[tokio::test]
async fn with_its_account_a_login_ends() {
    let app = TestApp::start();
    let ada = app.register("ada");
    let ended = inside(&app, &ada).await;
    let body = json!({ "password": PASSWORD });
    assert_eq!(ada.ask(&app, "DELETE", "/api/v1/me", body).status, 204);
    is_over(&app, &ada, ended, 4503).await;
}

#[tokio::test]
async fn a_ban_off_the_server_closes_all_sockets_of_an_account() {
    let (app, owner) = TestApp::owned(&[]);
    let ada = app.register("ada");
    let ended = inside(&app, &ada).await;
    let mut elsewhere = ada.arrive_in(&app, "garden").await;
    let ban = json!({ "type": "ban", "nick": "ada", "everywhere": true, "reason": "spam" });
    assert_eq!(owner.order(&app, "lobby", ban).status, 200);
    let ending = elsewhere.ending().await;
    assert_eq!(ending.code, 4500);
    let told = ending.frames.iter().find(|frame| frame.kind() == "moderation").expect("it is told");
    assert_eq!((&told.0["action"], &told.0["reason"]), (&json!("banned"), &json!("spam")));
    assert!(told.0.get("room").is_none(), "everywhere");
    let (mut person, mut stream) = ended;
    assert_eq!(person.ending().await.code, 4500);
    while stream.next().is_some() {}
    app.get_as(&ada.token, "/api/v1/me").refused(403, "banned");
    app.try_log_in("ada", PASSWORD, &[]).refused(403, "banned");
    let mut again = app.knock().await;
    let refusal = again.refused(json!({ "type": "hello", "token": ada.token })).await;
    assert_eq!(refusal.code, "banned");
    // Who is banned may still log out.
    assert_eq!(ada.ask(&app, "POST", "/api/v1/logout", Value::Null).status, 204);
}

#[tokio::test]
async fn a_login_ends_when_its_time_has_come_and_its_sockets_with_it() {
    let app = TestApp::with(&["logins.max_s=2", "janitor.sweep_ms=100"]);
    let ada = app.register("ada");
    let (mut person, mut stream) = inside(&app, &ada).await;
    assert_eq!(person.ending().await.code, 4503);
    while stream.next().is_some() {}
    app.get_as(&ada.token, "/api/v1/me").refused(401, "bad_credentials");
    let mut again = app.knock().await;
    let refusal = again.refused(json!({ "type": "hello", "resume": person.token })).await;
    assert_eq!(refusal.code, "bad_credentials");
}

#[tokio::test]
async fn a_login_that_is_used_lives_and_one_that_is_not_ends() {
    let app = TestApp::with(&["logins.idle_s=3", "janitor.sweep_ms=100"]);
    let (ada, idle) = (app.register("ada"), app.log_in("ada"));
    let mut busy = ada.arrive_in(&app, "lobby").await;
    let mut quiet = idle.arrive_in(&app, "lobby").await;
    let until = Instant::now() + Duration::from_secs(5);
    eventually("five seconds of talk", async || {
        busy.say("lobby", "and another thing").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        (Instant::now() > until).then_some(())
    })
    .await;
    assert_eq!(quiet.ending().await.code, 4503);
    let me: Value = app.get_as(&ada.token, "/api/v1/me").json(200);
    assert_eq!(me["nick"], "ada");
}

#[tokio::test]
async fn a_login_that_ended_while_the_server_was_down_opens_nothing() {
    let mut app = TestApp::with(&["logins.max_s=2", "janitor.sweep_ms=60000"]);
    let ada = app.register("ada");
    let person = ada.arrive_in(&app, "lobby").await;
    app.kill();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    app.start_again();
    let mut again = app.knock().await;
    for (field, secret) in [("resume", &person.token), ("token", &ada.token)] {
        let mut hello = json!({ "type": "hello" });
        hello[field] = secret.as_str().into();
        assert_eq!(again.refused(hello).await.code, "bad_credentials");
    }
}

#[tokio::test]
async fn a_token_that_opens_nothing_more_closes_who_insists() {
    let app = TestApp::start();
    let mut eve = app.knock().await;
    for _ in 0..3 {
        eve.refused(json!({ "type": "hello", "token": "pl_guess" })).await;
    }
    assert_eq!(eve.ending().await.code, 4504);
}
