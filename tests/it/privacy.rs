//! What the server's log never holds, however much it is told to say, and what is forgotten in time.

use serde_json::{Value, json};

use crate::stage::{Answer, Person, TestApp, eventually, pictures};

const PASSWORD: &str = "seven stones and a hat";
const NEW_PASSWORD: &str = "a goose on the roof again";
const WORDS: &str = "nobody else need read this";
const ADDRESS: &str = "127.0.0.77";

/// A server that says all it can, and all that must not be in its log.
struct Watched {
    app: TestApp,
    secrets: Vec<String>,
}

impl Watched {
    fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [headers, &[("Content-Type", "application/json")]].concat();
        self.app.ask("POST", path, &headers, body.to_string())
    }

    fn keep(&mut self, secret: &Value) -> String {
        let secret = secret.as_str().expect("a secret is a string").to_owned();
        self.secrets.push(secret.clone());
        secret
    }

    /// Registers with an invitation, logs in in many ways, changes the password.
    fn register(&mut self) -> String {
        let said = self.app.operator().does(&["user", "invite"], "");
        let secret = self.keep(&said.lines().next().expect("a line").into());
        let body = json!({ "nick": "ada", "password": PASSWORD, "invitation": secret });
        assert_eq!(self.post("/api/v1/accounts", &[], &body).status, 201);
        let body = json!({ "nick": "ada", "password": PASSWORD });
        let answer = self.post("/api/v1/login", &[("X-Forwarded-For", "203.0.113.99")], &body);
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("cookies are ASCII");
            let value = cookie.split(['=', ';']).nth(1).expect("a cookie has a value");
            self.keep(&value.into());
        }
        let token = self.keep(&answer.json::<Value>(200)["token"]);
        let bearer = format!("Bearer {token}");
        let body = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
        let changed = self.post("/api/v1/me/password", &[("Authorization", &bearer)], &body);
        assert_eq!(changed.status, 204);
        let cookie = format!("parlor_login={token}");
        assert_eq!(self.app.ask("GET", "/api/v1/me", &[("Cookie", &cookie)], "").status, 200);
        // Wrong in every way that quotes what came.
        let wrong = format!("{{\"nick\":\"ada\",\"password\":\"{PASSWORD}\",");
        let kind = [("Content-Type", "application/json")];
        assert_eq!(self.app.ask("POST", "/api/v1/login", &kind, wrong).status, 400);
        self.post("/api/v1/login", &[], &json!({ "nick": [PASSWORD], "password": 7 }));
        self.app.ask("GET", "/api/v1/me", &[("Authorization", &bearer[1..])], "");
        token
    }

    async fn talk(&mut self, token: &str) {
        let mut ada = self.app.knock_at("/ws", ADDRESS).await;
        let welcome = ada.hello(json!({ "token": token })).await;
        self.keep(&welcome.resume.token.into());
        ada.join("lobby").await;
        ada.say("lobby", WORDS).await;
        ada.ask(json!({ "type": "send", "room": "lobby", "text": [WORDS] })).await;
        let picture = ada.upload_for(&self.app, "lobby", 3600, &pictures::png(8, 8, 1));
        ada.show("lobby", &[&picture.id]).await;
        ada.fetch(&self.app, &format!("/api/v1/uploads/{}", picture.id));
        self.invite(&mut ada).await;
        let bearer = format!("Bearer {token}");
        self.post(
            "/api/v1/rooms/lobby/messages",
            &[("Authorization", &bearer)],
            &json!({ "text": WORDS }),
        );
        ada.leave_politely().await;
    }

    async fn invite(&mut self, ada: &mut Person) {
        let create = json!({ "type": "create", "room": "attic", "visibility": "private" });
        assert_eq!(ada.ask(create).await.kind(), "created");
        let invited = ada.ask(json!({ "type": "invite", "room": "attic" })).await;
        let secret = self.keep(&invited.0["invite"]);
        let mut bob = self.app.knock_at("/ws", ADDRESS).await;
        bob.hello(json!({ "nick": "bob" })).await;
        self.keep(&bob.token.clone().into());
        let join = json!({ "type": "join", "room": "attic", "invite": secret });
        assert_eq!(bob.ask(join).await.kind(), "joined");
        bob.leave_politely().await;
    }
}

#[tokio::test]
async fn no_secret_no_word_and_no_address_is_in_the_log_even_if_it_says_all_it_can() {
    let settings = ["RUST_LOG=trace", "accounts.registration=invite", "trusted_proxies=127.0.0.1"];
    let app = TestApp::with(&settings);
    let mut watched = Watched { app, secrets: Vec::new() };
    let token = watched.register();
    watched.talk(&token).await;
    watched.app.operator().does(&["user", "passwd", "ada"], PASSWORD);
    watched.app.stop();
    let log = watched.app.log();
    assert!(log.contains("TRACE"), "the log says all it can");
    for secret in &watched.secrets {
        assert!(secret.len() > 60, "{secret} is one");
        assert!(!log.contains(secret), "{secret}");
    }
    for secret in [PASSWORD, NEW_PASSWORD, WORDS, "$argon2id$", ADDRESS, "203.0.113.99"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test]
async fn the_address_of_a_login_is_shortened_in_time() {
    let settings = ["privacy.addresses_s=1", "janitor.sweep_ms=50", "trusted_proxies=127.0.0.1"];
    let mut app = TestApp::with(&settings);
    app.operator().adds("ada", "member", PASSWORD);
    let body = json!({ "nick": "ada", "password": PASSWORD }).to_string();
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", "203.0.113.99")];
    let login: Value = app.ask("POST", "/api/v1/login", &headers, body).json(200);
    let bearer = format!("Bearer {}", login["token"].as_str().expect("a token"));
    let shown = || {
        let list: Value =
            app.ask("GET", "/api/v1/me/logins", &[("Authorization", &bearer)], "").json(200);
        list["logins"][0]["address"].as_str().expect("an address").to_owned()
    };
    assert!(["203.0.113.99", "203.0.113.0/24"].contains(&&*shown()));
    let short = async || (shown() == "203.0.113.0/24").then_some(());
    eventually("the list shows the network only", short).await;
    let stored = async || {
        let export = app.operator().reads(&["user", "export", "ada"]);
        (export["logins"][0]["address"] == "203.0.113.0/24").then_some(())
    };
    eventually("the store knows the network only", stored).await;
    app.stop();
    assert!(app.files_with("203.0.113.99").is_empty(), "it is in no file");
}
