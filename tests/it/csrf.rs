//! A page of another site does nothing in the name of who visits it.

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Account, Form, PASSWORD, TestApp, form_type};

/// What a page elsewhere would like to have done, with what a browser would send along.
fn attempts(app: &TestApp, who: &[(&str, &str)]) -> Vec<(&'static str, u16)> {
    let as_json = [who, &[("Content-Type", "application/json")]].concat();
    let form = form_type();
    let as_form = [who, &[("Content-Type", form.as_str())]].concat();
    let ask = |what: &'static str, body: &Value| {
        let (method, path) = what.split_once(' ').expect("a method and a path");
        (what, app.ask(method, path, &as_json, body.to_string()).status)
    };
    let upload = Form::of("lobby", &png(4, 4, 1)).finished();
    vec![
        ask("POST /api/v1/rooms/lobby/messages", &json!({ "text": "hi" })),
        ask("POST /api/v1/rooms/lobby/orders", &json!({ "type": "report", "seq": 1 })),
        ask("POST /api/v1/rooms", &json!({ "room": "hers" })),
        ask("DELETE /api/v1/rooms/lobby/messages/1", &json!({})),
        ask("POST /api/v1/me/password", &json!({ "password": "x", "new_password": "y" })),
        ask("DELETE /api/v1/me", &json!({ "password": "not the right one" })),
        ask("DELETE /api/v1/me/logins/00000000000000000000000000000000", &json!({})),
        ("POST /api/v1/uploads", app.ask("POST", "/api/v1/uploads", &as_form, upload).status),
        ask("POST /api/v1/invitations", &json!({})),
        ask("DELETE /api/v1/me/logins", &json!({})),
        ask("POST /api/v1/logout", &json!({})),
    ]
}

async fn somebody(app: &TestApp) -> Account {
    let ada = app.register("ada");
    ada.arrive_in(app, "lobby").await.say("lobby", "mine").await;
    ada
}

#[tokio::test]
async fn with_a_cookie_another_origin_or_site_does_nothing() {
    let app = TestApp::with(&[r#"origins=["https://friend.example"]"#]);
    let ada = somebody(&app).await;
    let port = app.address().port() + 1;
    let neighbour = format!("http://127.0.0.1:{port}");
    for foreign in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", neighbour.as_str()),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        let who = [("Cookie", ada.cookie.as_str()), foreign];
        for (what, status) in attempts(&app, &who) {
            assert_eq!(status, 403, "{what} {foreign:?}");
        }
    }
    // A friend's page is let in, but not as whoever has a login here.
    let who = [("Cookie", ada.cookie.as_str()), ("Origin", "https://friend.example")];
    for (what, status) in attempts(&app, &who) {
        assert_eq!(status, 401, "{what}");
    }
    let me: Value = app.get_as(&ada.token, "/api/v1/me").json(200);
    assert_eq!(me["nick"], "ada", "nothing was done");
}

#[tokio::test]
async fn the_servers_own_pages_and_programs_do_it_with_the_cookie() {
    let app = TestApp::start();
    let own = app.url("");
    for (n, from) in [
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
        vec![],
    ]
    .into_iter()
    .enumerate()
    {
        let ada = app.register(&format!("ada {n}"));
        let room = format!("room-{n}");
        ada.arrive_in(&app, &room).await;
        let who = [&[("Cookie", ada.cookie.as_str())], &from[..]].concat();
        assert_eq!(app.post(&room, "", &who, "hi").status, 201, "{from:?}");
        assert_eq!(app.ask("POST", "/api/v1/logout", &who, "").status, 204, "{from:?}");
        app.get_as(&ada.token, "/api/v1/me").refused(401, "bad_credentials");
    }
}

#[tokio::test]
async fn a_bearer_token_needs_neither_origin_nor_cookie() {
    let app = TestApp::start();
    let ada = somebody(&app).await;
    let bearer = format!("Bearer {}", ada.token);
    let who = [("Authorization", bearer.as_str())];
    assert_eq!(app.post("lobby", "", &who, "hi").status, 201);
    // And where both come along, the token says who it is.
    let eve = app.register("eve");
    let who = [("Authorization", bearer.as_str()), ("Cookie", eve.cookie.as_str())];
    let me: Value = app.ask("GET", "/api/v1/me", &who, "").json(200);
    assert_eq!(me["nick"], "ada");
    app.ask("GET", "/api/v1/me", &[("Authorization", "Bearer x"), ("Cookie", &eve.cookie)], "")
        .refused(401, "bad_credentials");
}

#[test]
fn nobody_is_logged_in_or_registered_by_another_page() {
    let app = TestApp::start();
    app.register("ada");
    for foreign in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        app.try_log_in("ada", PASSWORD, &[foreign]).refused(403, "forbidden");
        app.try_register_as("mallory", json!({}), &[foreign]).refused(403, "forbidden");
    }
}

#[tokio::test]
async fn a_page_elsewhere_opens_no_socket_with_the_cookie() {
    let app = TestApp::with(&[r#"origins=["https://friend.example"]"#]);
    let ada = app.register("ada");
    let cookie = format!("Cookie: {}\r\nOrigin: https://evil.example\r\n", ada.cookie);
    app.exchange(&crate::stage::request("/ws", &cookie)).await.refused(403, "forbidden");
    // A friend's page gets a socket, but not as whoever has a login here.
    let headers = [("Cookie", ada.cookie.as_str()), ("Origin", "https://friend.example")];
    let mut person = app.knock_as("/ws", "127.0.0.1", &headers).await;
    assert_eq!(person.refused(json!({ "type": "hello" })).await.code, "missing_field");
}
