//! People with accounts: registering and logging in over HTTP, orders, and sockets with their login.

use std::path::Path;

use parlor::model::Role;
use serde_json::{Value, json};

use super::{Answer, Operator, Person, TestApp, Welcome};

/// The password of everybody here who has an account.
pub const PASSWORD: &str = "the owner of this house";

/// The owner of a server that has one.
pub const OWNER: &str = "Olga";

/// A login of somebody with an account: a device of theirs.
#[derive(Clone, Debug)]
pub struct Account {
    /// The secret of this login.
    pub token: String,
    /// The login's name; no secret.
    pub login: String,
    /// `parlor_login=…`, as a browser sends it.
    pub cookie: String,
    /// `parlor_device=…`, as a browser sends it.
    pub device: String,
}

/// Puts an account into a database that no server has open, as its operator does.
pub fn add_account(data: &Path, nick: &str, role: Role) {
    Operator::of(data).adds(nick, role.name(), PASSWORD);
}

impl TestApp {
    /// A server with an owner, and a login of theirs.
    pub fn owned(settings: &[&str]) -> (Self, Account) {
        let app = Self::with_accounts(settings, &[(OWNER, Role::Owner)]);
        let owner = app.log_in(OWNER);
        (app, owner)
    }

    /// Asks for an account.
    pub fn try_register(&self, nick: &str, more: Value) -> Answer {
        self.try_register_as(nick, more, &[])
    }

    /// The same with headers.
    pub fn try_register_as(&self, nick: &str, more: Value, headers: &[(&str, &str)]) -> Answer {
        let mut body = json!({ "nick": nick, "password": PASSWORD });
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        self.post_json("/api/v1/accounts", headers, &body)
    }

    /// A new account, and a login of it.
    pub fn register(&self, nick: &str) -> Account {
        let answer = self.try_register(nick, json!({}));
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.log_in(nick)
    }

    /// Tries a password.
    pub fn try_log_in(&self, nick: &str, password: &str, headers: &[(&str, &str)]) -> Answer {
        let body = json!({ "nick": nick, "password": password });
        self.post_json("/api/v1/login", headers, &body)
    }

    /// One more login of an account.
    pub fn log_in(&self, nick: &str) -> Account {
        Account::of(&self.try_log_in(nick, PASSWORD, &[]))
    }

    /// Posts a JSON object.
    pub fn post_json(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        self.ask("POST", path, &headers, body.to_string())
    }

    /// Asks with a bearer token.
    pub fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(method, path, &headers, body)
    }

    /// Reads with a bearer token.
    pub fn get_as(&self, token: &str, path: &str) -> Answer {
        self.ask_as(token, "GET", path, &Value::Null)
    }

    /// What owners read of who did what over the network, the oldest first.
    pub fn deeds(&self, owner: &Account) -> Vec<Value> {
        let read: Value = self.get_as(&owner.token, "/api/v1/audit?limit=200").json(200);
        let deeds = read["deeds"].as_array().expect("a list").clone();
        deeds.into_iter().rev().filter(|deed| deed["by"] != "operator").collect()
    }
}

impl Account {
    /// What a login was answered.
    pub fn of(answer: &Answer) -> Self {
        let body: Value = answer.json(200);
        let cookies: Vec<&str> = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|line| line.to_str().ok())
            .collect();
        let cookie = |name: &str| {
            let line = cookies.iter().find(|line| line.starts_with(&format!("{name}=")));
            let line = line.unwrap_or_else(|| panic!("no {name} in {cookies:?}"));
            line.split(';').next().expect("a pair").to_owned()
        };
        Self {
            token: body["token"].as_str().expect("a token").to_owned(),
            login: body["login"].as_str().expect("a name").to_owned(),
            cookie: cookie("parlor_login"),
            device: cookie("parlor_device"),
        }
    }

    /// Asks over HTTP.
    pub fn ask(&self, app: &TestApp, method: &str, path: &str, body: Value) -> Answer {
        app.ask_as(&self.token, method, path, &body)
    }

    /// Orders something about a room over HTTP.
    pub fn order(&self, app: &TestApp, room: &str, frame: Value) -> Answer {
        self.ask(app, "POST", &format!("/api/v1/rooms/{room}/orders"), frame)
    }

    /// Opens a room with its own rules, over HTTP.
    pub fn create(&self, app: &TestApp, room: &str, visibility: &str) {
        let body = json!({ "room": room, "visibility": visibility });
        let answer = self.ask(app, "POST", "/api/v1/rooms", body);
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    /// The secret of a new invitation.
    pub fn invite(&self, app: &TestApp, room: &str, uses: u32, seconds: u64) -> String {
        let frame = json!({ "type": "invite", "uses": uses, "seconds": seconds });
        let invited: Value = self.order(app, room, frame).json(200);
        invited["invite"].as_str().expect("a secret").to_owned()
    }

    /// A socket with this login.
    pub async fn arrive(&self, app: &TestApp) -> Person {
        self.welcomed(app).await.0
    }

    /// The same with what it was welcomed with.
    pub async fn welcomed(&self, app: &TestApp) -> (Person, Welcome) {
        let mut person = app.knock().await;
        let welcome = person.hello(json!({ "token": self.token })).await;
        (person, welcome)
    }

    /// A socket with this login, in this room.
    pub async fn arrive_in(&self, app: &TestApp, room: &str) -> Person {
        let mut person = self.arrive(app).await;
        person.join(room).await;
        person
    }
}

impl Person {
    /// Does something that is answered with `ok`.
    pub async fn does(&mut self, frame: Value) {
        let answer = self.ask(frame).await;
        assert_eq!(answer.kind(), "ok", "{}", answer.0);
    }
}
