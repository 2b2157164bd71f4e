//! `parlor user` and `parlor audit`: who runs a server makes accounts at its command line, beside the
//! server or without one.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Answer, Operator, Person, TestApp, pictures, within};

const PASSWORD: &str = "seven stones and a hat\n";
const ANOTHER: &str = "a goose on the roof again\n";

fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.ask("POST", path, &[("Content-Type", "application/json")], body.to_string())
}

fn logs_in(app: &TestApp, nick: &str, password: &str) -> Answer {
    post(app, "/api/v1/login", &json!({ "nick": nick, "password": password.trim_end() }))
}

/// Somebody at a socket with a login of their own.
async fn arrives(app: &TestApp, nick: &str, password: &str) -> Person {
    let login: Value = logs_in(app, nick, password).json(200);
    let mut person = app.knock().await;
    person.hello(json!({ "token": login["token"] })).await;
    person.join("lobby").await;
    person
}

fn role_of(operator: &Operator, nick: &str) -> String {
    let list = operator.reads(&["user", "list", "--json"]);
    let accounts = list["accounts"].as_array().expect("a list").clone();
    let account = accounts.into_iter().find(|account| account["nick"] == nick);
    account.expect("it is listed")["role"].as_str().expect("a word").to_owned()
}

/// Everything that an operator does, from the first account to its end.
fn does_everything(operator: &Operator) {
    let said = operator.does(&["user", "add", "Ada", "--role", "owner"], PASSWORD);
    assert_eq!(said, "Ada has an account now, as owner.\n");
    operator.does(&["user", "add", "bob"], PASSWORD);
    let said = operator.fails(1, &["user", "add", "АDA"], PASSWORD);
    assert!(said.contains("already"), "{said}");
    let list = operator.does(&["user", "list"], "");
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.len() == 3 && lines[1].starts_with("Ada ") && lines[1].contains(" owner "));
    assert!(lines[2].starts_with("bob ") && lines[2].contains(" member "), "{list}");

    operator.does(&["user", "role", "bob", "moderator"], "");
    assert_eq!(role_of(operator, "bob"), "moderator");
    assert_eq!(operator.does(&["user", "role", "bob", "member"], ""), "bob is member now.\n");
    assert_eq!(role_of(operator, "bob"), "member");

    operator.does(&["user", "passwd", "ada"], ANOTHER);
    let said = operator.does(&["user", "invite", "--uses", "2", "--for", "1h"], "");
    let secret = said.lines().next().expect("the first line is the secret");
    assert!(secret.len() == 67 && secret.starts_with("pi_"), "{said}");
    assert!(
        said.contains("2 people") && said.contains(&format!("/#invitation={secret}")),
        "{said}"
    );

    let export = operator.reads(&["user", "export", "ada"]);
    assert_eq!(export["account"]["nick"], "Ada");

    operator.does(&["user", "delete", "bob"], "");
    let list = operator.reads(&["user", "list", "--json"]);
    assert!(list["accounts"][1]["deleted_at"].is_string(), "{list}");
    for gone in [&["user", "role", "bob", "owner"][..], &["user", "delete", "bob"]] {
        assert!(operator.fails(1, gone, "").contains("no such account"));
    }
    let said = operator.fails(1, &["user", "passwd", "bob"], ANOTHER);
    assert!(said.contains("no such account"), "{said}");
    let said = operator.fails(1, &["user", "add", "bob"], ANOTHER);
    assert!(said.contains("already"), "its name is in quarantine: {said}");
    shows_what_was_done(operator);
}

fn shows_what_was_done(operator: &Operator) {
    let audit = operator.reads(&["audit", "--json"]);
    let deeds = audit["deeds"].as_array().expect("a list");
    let told: Vec<(&str, &str)> = deeds
        .iter()
        .map(|deed| {
            assert!(deed["by"] == "operator" && deed["at"].is_string(), "{deed}");
            (deed["action"].as_str().expect("a word"), deed["nick"].as_str().unwrap_or("-"))
        })
        .collect();
    let expected = [
        ("delete_account", "bob"),
        ("invite", "-"),
        ("password", "Ada"),
        ("role", "bob"),
        ("role", "bob"),
        ("add", "bob"),
        ("add", "Ada"),
    ];
    assert_eq!(told, expected);
    let text = operator.does(&["audit", "--limit", "2"], "");
    assert!(text.lines().count() == 3 && text.contains("delete_account"), "{text}");
}

#[tokio::test]
async fn everything_is_done_beside_a_server_that_runs() {
    let app = TestApp::start();
    does_everything(&app.operator());
    assert_eq!(logs_in(&app, "ada", ANOTHER).status, 200);
    logs_in(&app, "ada", PASSWORD).refused(401, "bad_credentials");
    logs_in(&app, "bob", PASSWORD).refused(401, "bad_credentials");
}

#[tokio::test]
async fn everything_is_done_without_a_server_too_and_the_next_one_knows() {
    let home = TempDir::new().expect("a directory for the test");
    let data = home.path().join("data");
    let operator = Operator::of(&data);
    does_everything(&operator);
    let app = TestApp::with_data_in(&data, &[]);
    assert_eq!(logs_in(&app, "ada", ANOTHER).status, 200);
    logs_in(&app, "bob", PASSWORD).refused(401, "bad_credentials");
    assert_eq!(role_of(&operator, "Ada"), "owner");
}

#[tokio::test]
async fn a_server_says_how_it_gets_its_first_owner_until_it_has_one() {
    let mut app = TestApp::start();
    let hint = format!("parlor user add NAME --role owner --data '{}'", app.data().display());
    let hints = |app: &TestApp| app.log().lines().filter(|line| line.contains(&hint)).count();
    assert_eq!(hints(&app), 1, "{}", app.log());
    app.operator().adds("mel", "moderator", PASSWORD);
    app.restart();
    assert_eq!(hints(&app), 2, "a moderator owns nothing");
    app.operator().adds("ada", "owner", PASSWORD);
    app.restart();
    assert_eq!(hints(&app), 2);
}

#[tokio::test]
async fn names_and_passwords_that_cannot_be_are_refused_and_nothing_is_kept() {
    let home = TempDir::new().expect("a directory for the test");
    let operator = Operator::of(&home.path().join("data"));
    let long = "x".repeat(33);
    for name in ["", " ", &long, "a\nb"] {
        operator.fails(2, &["user", "add", name], PASSWORD);
    }
    for arguments in [
        &["user", "add", "ada", "--role", "guest"][..],
        &["user", "add", "ada", "--role", "king"],
        &["user", "role", "ada", "guest"],
        &["user", "delete", "ada", "--messages", "burn"],
        &["user", "invite", "--uses", "0"],
        &["user", "invite", "--uses", "10001"],
        &["user", "invite", "--for", "7"],
        &["user", "invite", "--for", "9999d"],
        &["audit", "--limit", "0"],
        &["user"],
    ] {
        operator.fails(2, arguments, "");
    }
    for password in [
        "",
        "\n",
        "short\n",
        "password123\n",
        "ada ada\n",
        "parlor ada\n",
        "\u{1}\u{2}bellringer\n",
    ] {
        let said = operator.fails(1, &["user", "add", "ada"], password);
        let word = password.trim_end();
        assert!(word.is_empty() || !said.contains(word), "{said}");
    }
    assert!(!home.path().join("data").exists(), "nothing was begun");
}

#[tokio::test]
async fn a_directory_without_a_database_stays_one() {
    let home = TempDir::new().expect("a directory for the test");
    let operator = Operator::of(home.path());
    for arguments in [
        &["user", "list"][..],
        &["user", "role", "ada", "owner"],
        &["user", "passwd", "ada"],
        &["user", "delete", "ada"],
        &["user", "invite"],
        &["user", "export", "ada"],
        &["audit"],
    ] {
        let said = operator.fails(1, arguments, PASSWORD);
        assert!(said.contains("no parlor.db") && said.contains("--data"), "{said}");
    }
    assert_eq!(fs::read_dir(home.path()).expect("it is there").count(), 0);
}

#[tokio::test]
async fn a_role_that_is_taken_away_acts_on_open_sockets() {
    let app = TestApp::start();
    let operator = app.operator();
    operator.adds("mel", "moderator", PASSWORD);
    // Who opens a room looks after it: that is not what is taken away.
    let _founder = app.arrive_in("lobby", "founder").await;
    let mut mel = arrives(&app, "mel", PASSWORD).await;
    let _bob = app.arrive_in("lobby", "bob").await;
    let mute = json!({ "type": "mute", "room": "lobby", "nick": "bob", "seconds": 60 });
    assert_eq!(mel.ask(mute.clone()).await.kind(), "ok");
    operator.does(&["user", "role", "mel", "member"], "");
    assert_eq!(mel.refused(mute.clone()).await.code, "forbidden");
    operator.does(&["user", "role", "mel", "owner"], "");
    assert_eq!(mel.ask(mute).await.kind(), "ok", "and one that is given, too");
}

#[tokio::test]
async fn a_new_password_and_a_deletion_end_what_came_in_before() {
    let app = TestApp::start();
    let operator = app.operator();
    operator.adds("ada", "member", PASSWORD);
    let mut ada = arrives(&app, "ada", PASSWORD).await;
    operator.does(&["user", "passwd", "ada"], ANOTHER);
    assert_eq!(within("the login ends", ada.ending()).await.code, 4503);
    let mut ada = arrives(&app, "ada", ANOTHER).await;
    operator.does(&["user", "delete", "ada"], "");
    assert_eq!(within("the login ends", ada.ending()).await.code, 4503);
}

/// Ada says something with a picture, and Bob something; both are accounts.
async fn says_and_shows(app: &TestApp) {
    let operator = app.operator();
    operator.adds("ada", "member", PASSWORD);
    operator.adds("bob", "member", PASSWORD);
    let mut bob = arrives(app, "bob", PASSWORD).await;
    bob.say("lobby", "bob was here").await;
    let mut ada = arrives(app, "ada", PASSWORD).await;
    let picture = ada.upload_for(app, "lobby", 3600, &pictures::png(8, 8, 1));
    ada.show("lobby", &[&picture.id]).await;
    ada.say("lobby", "ada was here").await;
    ada.leave_politely().await;
    bob.leave_politely().await;
}

fn texts(app: &TestApp) -> Vec<String> {
    let log: Value = app.get("/api/v1/rooms/lobby/events?limit=100").json(200);
    let events = log["events"].as_array().expect("a list");
    events.iter().filter_map(|event| Some(event["text"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn what_somebody_said_stays_or_goes_with_their_account_as_asked() {
    for running in [true, false] {
        let mut app = TestApp::start();
        says_and_shows(&app).await;
        assert_eq!(app.uploads().len(), 2, "a picture and its thumbnail");
        if !running {
            app.stop();
        }
        let operator = app.operator();
        operator.does(&["user", "delete", "bob"], "");
        operator.does(&["user", "delete", "ada", "--messages", "remove"], "");
        if running {
            app.uploads_are_empty().await;
        } else {
            assert!(app.uploads().is_empty(), "it waits for what follows");
            app.start_again();
        }
        let mut said = texts(&app);
        said.retain(|text| !text.is_empty());
        assert_eq!(said, ["bob was here"], "running: {running}");
        assert!(app.files_with("ada was here").iter().all(|path| path.ends_with("parlor.db-wal")));
    }
}

#[tokio::test]
async fn an_invitation_lets_as_many_register_as_it_says() {
    let app = TestApp::with(&["accounts.registration=invite"]);
    let said = app.operator().does(&["user", "invite"], "");
    let secret = said.lines().next().expect("the first line is the secret");
    let register = |nick: &str, invitation: Value| {
        let password = PASSWORD.trim_end();
        let body = json!({ "nick": nick, "password": password, "invitation": invitation });
        post(&app, "/api/v1/accounts", &body)
    };
    register("ada", Value::Null).refused(403, "invitation_invalid");
    assert_eq!(register("ada", secret.into()).status, 201);
    register("bob", secret.into()).refused(403, "invitation_invalid");
    assert!(app.files_with(secret).is_empty(), "only its hash is kept");
}

#[tokio::test]
async fn without_a_server_nothing_is_pruned_whatever_the_command_was_told() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "to be kept").await;
    app.stop();
    let forgetful = ["--set", "history.keep=0", "--set", "resume.grace_ms=0"];
    let add = [&["user", "add", "bob"][..], &forgetful].concat();
    app.operator().does(&add, PASSWORD);
    app.start_again();
    assert_eq!(texts(&app), ["to be kept"]);
    let (_, welcome) = app.resume(&ada.token).await;
    assert!(welcome.resumed, "nobody lost their place");
}
