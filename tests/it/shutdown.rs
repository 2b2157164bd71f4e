//! SIGTERM is kind: what is under way is finished, everybody is told when to come back.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{Ending, Frame, Person, Sent, TestApp, log, mask, request};

/// Says things without waiting until the connection ends; returns what was acknowledged.
async fn talks_to_the_end(mut person: Person, who: usize) -> (HashMap<String, u64>, Ending) {
    let mut frames = Vec::new();
    let mut said = 0;
    let mut waiting = 0;
    let code = loop {
        while waiting < 20 {
            let key = format!("{who}-{said}");
            let frame = json!({ "type": "send", "room": "lobby", "text": key, "client_id": key });
            if person.try_write(&frame).await.is_err() {
                break;
            }
            said += 1;
            waiting += 1;
        }
        match person.read().await {
            Ok(frame) => {
                waiting -= u64::from(["sent", "error"].contains(&frame.kind()));
                frames.push(frame);
            }
            Err(code) => break code,
        }
    };
    let acked = frames.iter().filter(|frame| frame.kind() == "sent").map(|frame| {
        let sent: Sent = frame.as_a("sent");
        (sent.client_id.expect("it was sent with one"), sent.seq)
    });
    let acked = acked.collect();
    let closing = frames.last().filter(|frame| frame.kind() == "closing");
    let closing = closing.map(|frame| frame.as_a("closing"));
    (acked, Ending { code, closing, frames })
}

#[tokio::test]
async fn under_load_what_was_acknowledged_is_kept_and_all_are_told_to_come_back() {
    is_kind(TestApp::unhurried()).await;
}

#[tokio::test]
async fn over_tls_it_is_as_kind() {
    is_kind(TestApp::secure(&["limits.messages_per_second=0"])).await;
}

async fn is_kind(mut app: TestApp) {
    let mut watcher = app.arrive_in("lobby", "watcher").await;
    let mut talks = Vec::new();
    for who in 0..10 {
        let person = app.arrive_in("lobby", &format!("talker {who}")).await;
        talks.push(tokio::spawn(talks_to_the_end(person, who)));
    }
    watcher.next_events(300).await;
    app.terminate();
    let since = Instant::now();
    let watched = watcher.ending().await;
    assert_eq!(watched.code, 4000);
    let (mut acked, mut delays) = (HashMap::new(), Vec::new());
    for talk in talks {
        let (own, ending) = talk.await.expect("nobody's connection broke");
        assert_eq!(ending.code, 4000);
        let closing = ending.closing.expect("`closing` is the last frame");
        assert_eq!(closing.code, 4000);
        assert!(!closing.reason.is_empty());
        delays.push(closing.reconnect_after_ms.expect("they shall come back"));
        for frame in ending.frames.iter().filter(|frame| frame.kind() == "error") {
            assert_eq!(frame.0["code"], "shutting_down", "{frame:?}");
        }
        acked.extend(own);
    }
    assert_eq!(app.wait().code(), Some(0), "{}", app.log());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    delays.sort_unstable();
    delays.dedup();
    assert!(delays.len() > 5 && delays[delays.len() - 1] - delays[0] > 200, "{delays:?}");

    app.start_again();
    let truth = log(&app, "lobby");
    crate::stage::assert_dense(&truth, 1);
    assert!(acked.len() >= 200, "{}", acked.len());
    for (key, seq) in &acked {
        assert_eq!(truth[*seq as usize - 1].client_id.as_ref(), Some(key));
    }
    // Whoever saw an event saw it truly, and the last ones were written to all.
    let seen: Vec<_> = watched.frames.iter().filter_map(Frame::event).collect();
    assert!(seen.iter().all(|event| truth[event.seq as usize - 1] == *event));
    assert_eq!(seen.last().map(|event| event.seq), truth.last().map(|event| event.seq));
}

#[tokio::test]
async fn acknowledgements_under_way_arrive_before_the_close() {
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 0..40 {
        ada.write(json!({ "type": "send", "text": format!("m{n}"), "id": n }).to_string()).await;
    }
    // The first is answered: the others are with the server by now, or on the way.
    ada.wait_for(|frame| frame.0["id"] == 0).await;
    app.terminate();
    let ending = ada.ending().await;
    assert_eq!(ending.code, 4000);
    let answers = ending.frames.iter().filter(|frame| frame.0["id"].is_u64());
    let sent = answers.filter(|frame| frame.kind() == "sent").count();
    assert_eq!(app.wait().code(), Some(0));
    app.start_again();
    assert_eq!(log(&app, "lobby").len(), sent + 1, "kept and acknowledged are the same");
}

#[tokio::test]
async fn while_it_goes_it_is_not_ready_and_takes_nobody_in() {
    let mut app = TestApp::start();
    // One that does not answer the close frame keeps the server waiting for a moment.
    let mut stubborn = app.raw_with("/ws?nick=ada&room=lobby", None).await;
    assert_eq!(stubborn.next().await.kind(), "welcome");
    assert_eq!(stubborn.next().await.kind(), "joined");
    app.terminate();
    let closing = stubborn.next().await;
    assert_eq!((closing.kind(), &closing.0["code"]), ("closing", &4000.into()));
    let answer = app.exchange(&request("/ws", "")).await;
    assert!(answer.refused(503, "shutting_down").retry_after_ms.is_some());
    assert!(!answer.header("retry-after").is_empty());
    app.get("/readyz").refused(503, "shutting_down");
    app.post("lobby", "?nick=bob", &[], "hi").refused(503, "shutting_down");
    let _ = stubborn.try_write(&mask(0x88, b"\x0f\xa0")).await;
    assert_eq!(app.wait().code(), Some(0));
}

#[tokio::test]
async fn peers_that_read_nothing_and_answer_nothing_do_not_hold_it_up() {
    let mut app = TestApp::unhurried();
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut deaf = Vec::new();
    for n in 0..5 {
        deaf.push(app.raw_with(&format!("/ws?nick=deaf{n}&room=lobby"), Some(64 << 10)).await);
    }
    for _ in 0..30 {
        talker.say("lobby", &"🐌".repeat(3900)).await;
    }
    drop(talker);
    app.terminate();
    let since = Instant::now();
    assert_eq!(app.wait().code(), Some(0), "{}", app.log());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_stop_is_a_drop_and_not_a_goodbye() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    app.terminate();
    assert_eq!(ada.ending().await.code, 4000);
    assert_eq!(app.wait().code(), Some(0));
    app.start_again();
    let (_, welcome) = app.resume(&token).await;
    assert_eq!((welcome.resumed, welcome.rooms), (true, vec!["lobby".to_owned()]));
}

#[tokio::test]
async fn an_open_event_stream_ends() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let mut stream = app.stream("lobby", None);
    drop(ada);
    app.terminate();
    assert_eq!(stream.next(), None);
    assert_eq!(app.wait().code(), Some(0));
}

#[tokio::test]
async fn ctrl_c_is_as_kind() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let id = app.pid().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(ada.ending().await.code, 4000);
    assert_eq!(app.wait().code(), Some(0));
}
