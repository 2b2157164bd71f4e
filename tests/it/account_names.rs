//! The name of an account is its owner's, whoever asks for it and however it is spelled.

use serde_json::{Value, json};

use crate::stage::{PASSWORD, TestApp};

#[tokio::test]
async fn no_guest_gets_the_name_of_an_account_or_one_that_looks_like_it() {
    let app = TestApp::start();
    let _ada = app.register("Ada");
    let mut guest = app.arrive_in("lobby", "somebody").await;
    let mut newcomer = app.knock().await;
    for name in ["Ada", "ada", "аdа", "ADA", " Ａｄａ"] {
        let refusal = newcomer.refused(json!({ "type": "hello", "nick": name })).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("nick_reserved", Some("nick"))
        );
        let refusal = guest.refused(json!({ "type": "rename", "nick": name })).await;
        assert_eq!(refusal.code, "nick_reserved");
        let name: String = form_urlencoded(name);
        let posted = app.post("lobby", &format!("?nick={name}"), &[], "hi");
        posted.refused(409, "nick_reserved");
        let mut typed = app.knock_at(&format!("/ws?nick={name}"), "127.0.0.1").await;
        assert_eq!(typed.next().await.0["code"], "nick_reserved");
    }
    let refusal = newcomer.refused(json!({ "type": "hello", "nick": "Deleted account" })).await;
    assert_eq!(refusal.code, "nick_reserved");
}

fn form_urlencoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_guest_registers_the_name_that_they_hold_and_nobody_else_does() {
    let app = TestApp::start();
    let mut guest = app.arrive_in("lobby", "Ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    app.try_register("ada", json!({})).refused(409, "nick_taken");
    let other = format!("Bearer {}", bob.token);
    app.try_register_as("ada", json!({}), &[("Authorization", &other)]).refused(409, "nick_taken");
    let own = format!("Bearer {}", guest.token);
    app.try_register_as("ada", json!({}), &[("Authorization", &own)]).json::<Value>(201);
    // Until they log in they go on as the guest that they are.
    guest.say("lobby", "still a guest").await;
    assert!(bob.next_event().await.from.guest);
    let ada = app.log_in("ada");
    let mut devices = ada.arrive_in(&app, "lobby").await;
    assert_eq!(guest.ending().await.code, 4502);
    devices.say("lobby", "an account").await;
    let event = bob.next_event().await;
    assert_eq!((event.from.nick.as_str(), event.from.guest), ("ada", false));
}

#[tokio::test]
async fn an_account_keeps_its_name() {
    let app = TestApp::start();
    let mut ada = app.register("ada").arrive(&app).await;
    let refusal = ada.refused(json!({ "type": "rename", "nick": "countess" })).await;
    assert_eq!(refusal.code, "forbidden");
}

#[tokio::test]
async fn a_guests_name_is_nobodys_account_after_a_restart_either() {
    let mut app = TestApp::start();
    let guest = app.arrive_in("lobby", "eve").await;
    let own = format!("Bearer {}", guest.token);
    app.try_register_as("eve", json!({}), &[("Authorization", &own)]).json::<Value>(201);
    app.crash();
    let mut person = app.knock().await;
    let refusal = person.refused(json!({ "type": "hello", "resume": guest.token })).await;
    assert_eq!(refusal.code, "bad_credentials");
    assert_eq!(app.try_log_in("eve", PASSWORD, &[]).status, 200);
}
