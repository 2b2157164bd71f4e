//! `help` teaches: every example in it works as pasted.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::stage::TestApp;

#[derive(Deserialize)]
struct Help {
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    r#type: String,
    summary: String,
    fields: Vec<Field>,
    reply: String,
    needs: String,
    example: Value,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    kind: String,
    required: bool,
    rule: String,
}

#[tokio::test]
async fn every_example_works_as_pasted_one_after_the_other() {
    let app = TestApp::start();
    let mut ada = app.knock().await;
    let help: Help = ada.ask(json!({ "type": "help" })).await.as_a("help");
    assert_eq!(help.requests.len(), 31);
    for request in help.requests {
        let mut example = request.example.clone();
        assert_eq!(example["type"], request.r#type);
        if request.r#type == "report" {
            // They have just left it.
            ada.join("lobby").await;
        }
        if request.reply.is_empty() {
            // Nothing but an error would come: the next answer shows that none did.
            ada.write(example.to_string()).await;
            continue;
        }
        example["id"] = json!(request.r#type);
        ada.write(example.to_string()).await;
        let answer = ada.wait_for(|frame| frame.0["id"] == example["id"]).await;
        if request.needs != "hello" {
            assert_eq!(answer.0["code"], "login_required", "{answer:?}");
        } else {
            assert_eq!(answer.kind(), request.reply, "{example}: {answer:?}");
        }
    }
    let heard = ada.heard().await;
    assert!(heard.iter().all(|frame| frame.kind() != "error"), "{heard:?}");
}

#[tokio::test]
async fn every_request_is_described_with_its_fields() {
    let app = TestApp::start();
    let mut ada = app.knock().await;
    let help: Help = ada.ask(json!({ "type": "help" })).await.as_a("help");
    for request in &help.requests {
        assert!(request.summary.ends_with('.'), "{}", request.r#type);
        for field in &request.fields {
            assert!(!field.rule.is_empty() && !field.kind.is_empty(), "{}", field.name);
            let given = &request.example[&field.name];
            assert!(!field.required || !given.is_null(), "{} {}", request.r#type, field.name);
        }
    }
    let edit = help.requests.iter().find(|request| request.r#type == "edit").expect("it is there");
    let required: Vec<_> = edit.fields.iter().filter(|f| f.required).map(|f| &f.name).collect();
    assert_eq!(required, ["seq", "text"]);
}

#[tokio::test]
async fn help_about_one_request_is_that_request() {
    let app = TestApp::start();
    let mut ada = app.knock().await;
    let help: Help = ada.ask(json!({ "type": "help", "topic": "react" })).await.as_a("help");
    let types: Vec<_> = help.requests.iter().map(|request| &request.r#type).collect();
    assert_eq!(types, ["react"]);
}

#[tokio::test]
async fn the_example_of_a_refusal_would_have_worked() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    for wrong in [
        json!({ "type": "send" }),
        json!({ "type": "edit" }),
        json!({ "type": "react", "seq": 1 }),
        json!({ "type": "topic" }),
        json!({ "type": "join", "room": "" }),
        json!({ "type": "history", "limit": 0 }),
        json!({ "type": "rename", "nick": "" }),
        json!({ "type": "shout" }),
        json!({ "type": "delete" }),
    ] {
        let example = ada.refused(wrong.clone()).await.example;
        let answer = ada.ask(example.expect("it teaches")).await;
        assert_ne!(answer.kind(), "error", "{wrong}: {answer:?}");
    }
}
