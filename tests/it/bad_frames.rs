//! What is no request is answered with a code and a sentence, and the session stays; who goes on
//! with it is sent away.

use serde_json::json;

use crate::stage::{Person, Refusal, TestApp};

fn deep(open: &str, close: &str, depth: usize) -> String {
    format!(r#"{{"type":"ping","x":{}1{}}}"#, open.repeat(depth), close.repeat(depth))
}

/// What is not one JSON object.
fn broken() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "{",
        "}",
        "[]",
        "null",
        "1",
        "\"hello\"",
        "{}{}",
        "{'type':'ping'}",
        r#"{"type":}"#,
        r#"{"type":"ping",}"#,
        r#"{"type":"ping"} x"#,
        r#"{"type":"pi"#,
        r#"{"type":"ping"]"#,
        r#"{type:"ping"}"#,
        r#"["ping"]"#,
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","x":01}"#,
        r#"{"type":"ping","x":NaN}"#,
        "{\"type\":\"ping\",\"x\":\"\u{1}\"}",
        "\u{feff}{\"type\":\"ping\"}",
        "hello",
        "<xml/>",
    ]
    .map(String::from)
    .to_vec();
    texts.extend([deep("[", "]", 5000), deep(r#"{"":"#, "}", 3000), "[".repeat(16_000)]);
    texts
}

/// Frames of JSON that say nothing sensible.
fn senseless() -> Vec<(String, &'static str)> {
    [
        ("{}", "missing_field"),
        (r#"{"type":null}"#, "missing_field"),
        (r#"{"type":5}"#, "invalid_field"),
        (r#"{"type":["ping"]}"#, "invalid_field"),
        (r#"{"type":{}}"#, "invalid_field"),
        (r#"{"type":"PING"}"#, "unknown_type"),
        (r#"{"type":""}"#, "unknown_type"),
        (r#"{"type":"message","text":"forged"}"#, "unknown_type"),
        (r#"{"type":"send","text":{"a":1}}"#, "invalid_field"),
        (r#"{"type":"send","text":"\ud800"}"#, "invalid_field"),
        (r#"{"type":"send","text":"hi","room":7}"#, "invalid_field"),
        (r#"{"type":"join","room":["lobby"]}"#, "invalid_field"),
        (r#"{"type":"history","limit":1e99}"#, "invalid_field"),
        (r#"{"type":"edit","seq":18446744073709551616,"text":"x"}"#, "invalid_field"),
        (r#"{"type":"delete","seq":9223372036854775808}"#, "invalid_field"),
        (r#"{"type":"ping","id":{}}"#, "invalid_field"),
    ]
    .map(|(text, code)| (text.to_owned(), code))
    .to_vec()
}

async fn is_refused(person: &mut Person, text: &str) -> Refusal {
    person.write(text).await;
    let answer: Refusal = person.next().await.as_a("error");
    assert!(answer.message.ends_with('.') && answer.message.len() > 9, "{answer:?}");
    answer
}

#[tokio::test]
async fn what_is_not_one_json_object_is_refused_and_the_session_stays() {
    let app = TestApp::start();
    let broken = broken();
    assert!(broken.len() >= 13);
    for (n, texts) in broken.chunks(15).enumerate() {
        let mut person = app.arrive_in("lobby", &format!("person {n}")).await;
        for text in texts {
            let answer = is_refused(&mut person, text).await;
            let shown: String = text.chars().take(40).collect();
            assert_eq!(answer.code, "bad_json", "{shown:?}");
            assert_eq!(answer.example.expect("it teaches")["type"], "send");
        }
        assert_eq!(person.say("lobby", "still here").await.seq, n as u64 + 1);
    }
}

#[tokio::test]
async fn json_that_says_nothing_sensible_is_refused_and_the_session_stays() {
    let app = TestApp::start();
    let mut person = app.arrive_in("lobby", "ada").await;
    for (text, code) in senseless() {
        assert_eq!(is_refused(&mut person, &text).await.code, code, "{text}");
    }
    person.say("lobby", "still here").await;
}

#[tokio::test]
async fn what_nests_deep_inside_a_string_is_only_a_string() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let text = "[{\"".repeat(1000);
    ada.say("lobby", &text).await;
    assert_eq!(ada.next_event().await.text, Some(text));
}

#[tokio::test]
async fn twenty_bad_frames_within_ten_seconds_are_too_many() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut vandal = app.arrive_in("lobby", "vandal").await;
    bob.heard().await;
    for _ in 0..19 {
        assert_eq!(is_refused(&mut vandal, "{").await.code, "bad_json");
    }
    assert_eq!(vandal.ask(json!({ "type": "ping" })).await.kind(), "pong", "nineteen are not");
    vandal.write("{").await;
    let ending = vandal.ending().await;
    let closing = ending.closing.expect("it is told why");
    assert_eq!((ending.code, closing.code, closing.reconnect_after_ms), (4501, 4501, None));
    assert_eq!(ending.frames.len(), 1, "the last one is answered, too");
    assert_eq!(bob.next_presence().await.changed[0].nick, "vandal");
}

#[tokio::test]
async fn bad_frames_that_the_chat_refuses_count_as_well() {
    let app = TestApp::start();
    let mut vandal = app.arrive("vandal").await;
    for n in 0..20 {
        let frame = match n % 2 {
            0 => json!({ "type": "nonsense" }),
            _ => json!({ "type": "send", "text": 5 }),
        };
        vandal.write(frame.to_string()).await;
    }
    assert_eq!(vandal.ending().await.code, 4501);
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_no_bad_frame() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive("ada").await;
    for _ in 0..30 {
        let refusal = ada.refused(json!({ "type": "send", "room": "x", "text": "hi" })).await;
        assert_eq!(refusal.code, "not_in_room");
    }
    ada.join("lobby").await;
}
