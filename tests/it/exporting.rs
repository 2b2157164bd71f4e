//! `parlor user export`: all that is stored of one person, and nothing of others.

use serde_json::{Value, json};

use crate::stage::{Person, TestApp, pictures};

const PASSWORD: &str = "seven stones and a hat";

async fn arrives(app: &TestApp, nick: &str) -> (Person, String) {
    let body = json!({ "nick": nick, "password": PASSWORD }).to_string();
    let headers = [("Content-Type", "application/json"), ("User-Agent", "Kettle/1")];
    let login: Value = app.ask("POST", "/api/v1/login", &headers, body).json(200);
    let token = login["token"].as_str().expect("a token").to_owned();
    let mut person = app.knock().await;
    person.hello(json!({ "token": token })).await;
    person.join("lobby").await;
    (person, token)
}

fn list<'a>(export: &'a Value, name: &str) -> &'a [Value] {
    export[name].as_array().unwrap_or_else(|| panic!("no {name} in {export}"))
}

#[tokio::test]
async fn it_holds_everything_of_one_person_and_nothing_of_others() {
    let app = TestApp::unhurried();
    let operator = app.operator();
    for (nick, role) in [("ada", "member"), ("bob", "member"), ("mel", "moderator")] {
        operator.adds(nick, role, PASSWORD);
    }
    let (mut mel, _) = arrives(&app, "mel").await;
    let (mut bob, _) = arrives(&app, "bob").await;
    let (mut ada, token) = arrives(&app, "ada").await;
    let theirs = bob.say("lobby", "bob's own words").await;
    ada.say("lobby", "the first words").await;
    let picture = ada.upload_for(&app, "lobby", 3600, &pictures::png(8, 8, 1));
    ada.show("lobby", &[&picture.id]).await;
    for n in 0..1100 {
        ada.write(
            json!({ "type": "send", "room": "lobby", "text": format!("line {n}") }).to_string(),
        )
        .await;
    }
    ada.say("lobby", "the last words").await;
    let report =
        json!({ "type": "report", "room": "lobby", "seq": theirs.seq, "reason": "too loud" });
    assert_eq!(ada.ask(report).await.kind(), "ok");
    let read = json!({ "type": "read", "room": "lobby", "seq": theirs.seq });
    ada.ask(read).await;
    let create = json!({ "type": "create", "room": "attic", "visibility": "private" });
    assert_eq!(ada.ask(create).await.kind(), "created");
    let mute =
        json!({ "type": "mute", "room": "lobby", "nick": "ada", "seconds": 60, "reason": "calm" });
    assert_eq!(mel.ask(mute).await.kind(), "ok");
    bob.say("lobby", "more of bob's own words").await;

    let document = operator.does(&["user", "export", "ADA"], "");
    let export: Value = serde_json::from_str(&document).expect("one JSON document");
    assert_eq!(
        (&export["account"]["nick"], &export["account"]["role"]),
        (&"ada".into(), &"member".into())
    );
    let login = &list(&export, "logins")[0];
    assert_eq!((&login["device"], &login["address"]), (&"Kettle/1".into(), &"127.0.0.1".into()));
    assert_eq!(list(&export, "devices").len(), 1);
    assert_eq!(list(&export, "rooms"), [json!({ "room": "attic", "role": "moderator" })]);
    assert_eq!(list(&export, "read")[0]["room"], "lobby");
    assert_eq!(list(&export, "sanctions")[0]["reason"], "calm");
    assert_eq!(list(&export, "reports")[0]["reason"], "too loud");
    assert_eq!(list(&export, "pictures")[0]["id"], picture.id);
    let actions: Vec<&Value> = list(&export, "deeds").iter().map(|deed| &deed["action"]).collect();
    assert_eq!(actions, ["add", "create", "mute"].map(Value::from).iter().collect::<Vec<_>>());

    let events = list(&export, "events");
    let mine: Vec<&str> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!((mine[0], mine[mine.len() - 1]), ("the first words", "the last words"));
    assert_eq!(mine.iter().filter(|text| text.starts_with("line ")).count(), 1100);
    assert!(events.iter().all(|event| event["from"] == "ada" && event["room"] == "lobby"));
    assert!(events.iter().any(|event| event["images"][0]["id"] == picture.id));

    assert!(!document.contains("bob's own words") && !document.contains("\"bob\""), "bob's");
    for secret in [&*token, &*ada.token, PASSWORD, "$argon2id$"] {
        assert!(!document.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn nobody_is_told_as_nobody() {
    let app = TestApp::start();
    let said = app.operator().fails(1, &["user", "export", "ada"], "");
    assert!(said.contains("no such account"), "{said}");
}
