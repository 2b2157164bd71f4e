//! Sending without a socket: the same rules as `send`.

use serde_json::{Value, json};

use crate::stage::{Sent, TestApp, log, texts};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const PLAIN: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

#[tokio::test]
async fn json_and_plain_text_are_said_to_everybody() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let body = json!({ "text": "from json", "client_id": "k1", "room": "ignored", "id": 9 });
    let answer = app.post("lobby", "?nick=bot", &[JSON], &body.to_string());
    let sent: Sent = answer.json(201);
    assert_eq!((sent.room.as_str(), sent.seq, sent.duplicate), ("lobby", 1, false));
    assert_eq!(sent.client_id.as_deref(), Some("k1"));
    let said = ada.next_event().await;
    assert_eq!((said.text.as_deref(), said.from.nick.as_str()), (Some("from json"), "bot"));
    let sent: Sent = app.post("LOBBY", "?nick=bot", &[PLAIN], " two\nlines ").json(201);
    assert_eq!(sent.seq, 2);
    assert_eq!(ada.next_event().await.text.as_deref(), Some(" two\nlines "));
    let sent: Sent = app.post("lobby", "?nick=bot", &[], "without a type").json(201);
    assert_eq!(sent.seq, 3);
    let reply = json!({ "text": "re", "reply_to": 1 }).to_string();
    app.post("lobby", "?nick=bot", &[JSON], &reply).json::<Sent>(201);
    assert_eq!(ada.next_events(2).await[1].reply_to, Some(1));
}

#[tokio::test]
async fn a_repeated_key_is_answered_with_200_and_the_first_place() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let key = [PLAIN, ("Idempotency-Key", "k1")];
    let first: Sent = app.post("lobby", "?nick=bot", &key, "once").json(201);
    for text in ["once", "other words"] {
        let again: Sent = app.post("lobby", "?nick=bot", &key, text).json(200);
        assert_eq!((again.seq, again.duplicate), (first.seq, true));
    }
    // In the body it is the same key.
    let body = json!({ "text": "once", "client_id": "k1" }).to_string();
    assert!(app.post("lobby", "?nick=bot", &[JSON], &body).json::<Sent>(200).duplicate);
    assert!(!app.post("lobby", "?nick=other", &key, "once").json::<Sent>(201).duplicate);
    ada.next_events(2).await;
    assert_eq!(ada.heard().await, []);
}

#[tokio::test]
async fn the_token_of_a_session_speaks_for_it_also_in_its_grace() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ada = app.arrive_in("lobby", "ada").await;
    let bearer = format!("Bearer {}", ada.token);
    let lower = format!("bearer {}", ada.token);
    app.post("lobby", "", &[("Authorization", &bearer)], "one").json::<Sent>(201);
    let said = bob.next_event().await;
    assert_eq!((said.from.nick.as_str(), said.seq), ("ada", 1));
    drop(ada);
    bob.wait_for(|frame| frame.0["changed"][0]["state"] == "reconnecting").await;
    // The nick in the address does not matter where a token says who it is.
    app.post("lobby", "?nick=eve", &[("Authorization", &lower)], "two").json::<Sent>(201);
    assert_eq!(bob.next_event().await.from.nick, "ada");
}

#[tokio::test]
async fn what_was_posted_with_a_token_is_the_sessions_own_to_edit() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let bearer = format!("Bearer {}", ada.token);
    app.post("lobby", "", &[("Authorization", &bearer)], "typo").json::<Sent>(201);
    let edit = json!({ "type": "edit", "seq": 1, "text": "no typo" });
    assert_eq!(ada.ask(edit).await.kind(), "sent");
    app.post("lobby", "?nick=bot", &[], "a stranger's").json::<Sent>(201);
    let edit = json!({ "type": "edit", "seq": 3, "text": "mine?" });
    assert_eq!(ada.refused(edit).await.code, "not_yours");
}

#[tokio::test]
async fn nobody_and_anybody_with_a_wrong_token_are_refused() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let answer = app.post("lobby", "", &[], "hi");
    answer.refused(401, "login_required");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    for header in ["Bearer guess", "Bearer ", "Bearer", "Basic YTpi", "guess"] {
        let answer = app.post("lobby", "?nick=bob", &[("Authorization", header)], "hi");
        answer.refused(401, "bad_credentials");
        assert!(!answer.header("www-authenticate").is_empty());
    }
    assert_eq!(ada.heard().await, []);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_as_it_is_on_the_socket() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let long = "x".repeat(4001);
    for (kind, body, status, code) in [
        (JSON, "{", 400, "bad_json"),
        (JSON, "[]", 400, "bad_json"),
        (JSON, "", 400, "bad_json"),
        (JSON, "{}", 422, "missing_field"),
        (JSON, r#"{"text":5}"#, 422, "invalid_field"),
        (JSON, r#"{"text":" "}"#, 422, "text_empty"),
        (JSON, r#"{"text":"x","reply_to":99}"#, 404, "message_not_found"),
        (JSON, r#"{"text":"x","client_id":"a b"}"#, 422, "invalid_field"),
        (JSON, r#"{"text":"x","images":["u1"]}"#, 404, "image_not_found"),
        (PLAIN, "", 422, "text_empty"),
        (PLAIN, " \n", 422, "text_empty"),
        (PLAIN, long.as_str(), 422, "text_too_long"),
        (("Content-Type", "text/html"), "<b>hi</b>", 415, "unsupported_media_type"),
        (
            ("Content-Type", "application/x-www-form-urlencoded"),
            "text=hi",
            415,
            "unsupported_media_type",
        ),
    ] {
        app.post("lobby", "?nick=bot", &[kind], body).refused(status, code);
    }
    let deep = format!(r#"{{"text":"x","y":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    app.post("lobby", "?nick=bot", &[JSON], &deep).refused(400, "bad_json");
    let key = [PLAIN, ("Idempotency-Key", "has space")];
    app.post("lobby", "?nick=bot", &key, "x").refused(422, "invalid_field");
    let huge = "x".repeat(70_000);
    app.post("lobby", "?nick=bot", &[PLAIN], &huge).refused(413, "payload_too_large");
    app.post("nowhere", "?nick=bot", &[PLAIN], "x").refused(404, "room_not_found");
    app.post("a%20b", "?nick=bot", &[PLAIN], "x").refused(422, "room_invalid");
    app.post("lobby", "?nick=%00", &[PLAIN], "x").refused(422, "nick_invalid");
    assert_eq!(ada.heard().await, []);
    assert_eq!(log(&app, "lobby").len(), 0);
}

#[tokio::test]
async fn a_name_that_somebody_holds_is_not_for_passers_by() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    app.post("lobby", "?nick=%20ADA%20", &[], "it was me").refused(409, "nick_taken");
    assert_eq!(ada.heard().await, []);
}

#[tokio::test]
async fn who_posts_too_fast_is_told_when_to_come_back() {
    let app = TestApp::with(&["limits.messages_per_second=1", "limits.burst=3"]);
    let mut _ada = app.arrive_in("lobby", "ada").await;
    let mut last = None;
    for n in 0..40 {
        let answer = app.post("lobby", &format!("?nick=bot{n}"), &[], "hi");
        if answer.status != 201 {
            last = Some(answer);
            break;
        }
    }
    let answer = last.expect("it is too much at some time");
    assert!(answer.refused(429, "rate_limited").retry_after_ms.is_some_and(|ms| ms <= 1000));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn posting_opens_no_room_but_enters_one_where_nobody_is() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    ada.leave_politely().await;
    app.post("lobby", "?nick=bot", &[], "anybody?").json::<Sent>(201);
    assert_eq!(texts(&log(&app, "lobby")), ["hi", "anybody?"]);
    let rooms: Value = app.get("/api/v1/rooms").json(200);
    assert_eq!(rooms["rooms"][0]["count"], 0);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_make_its_visitors_speak() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for foreign in
        [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        app.post("lobby", "?nick=eve", &[PLAIN, foreign], "hi").refused(403, "forbidden");
    }
    assert_eq!(ada.heard().await, []);
    app.post("lobby", "?nick=eve", &[PLAIN, ("Sec-Fetch-Site", "none")], "hi").json::<Sent>(201);
    let twice = r#"{"text":"a","text":"b"}"#;
    app.post("lobby", "?nick=eve", &[JSON], twice).refused(400, "bad_json");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_long() {
    let app = TestApp::start();
    let _ada = app.arrive_in("lobby", "ada").await;
    let head = "POST /api/v1/rooms/lobby/messages?nick=bot HTTP/1.1\r\nHost: HOST\r\n\
                Content-Type: text/plain\r\nContent-Length: 100\r\n\r\nand then";
    app.exchange(head).await.refused(408, "request_timeout");
}
