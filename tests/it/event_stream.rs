//! A room as Server-Sent Events: the same events, in the same order, resumed exactly.

use serde_json::{Value, json};

use crate::stage::{EventStream, TestApp, eventually, log, seqs};

fn next_seqs(stream: &mut EventStream, count: usize) -> Vec<u64> {
    let told = (0..count).map(|_| stream.next().expect("it streams").log_event().seq);
    told.collect()
}

#[tokio::test]
async fn what_is_said_is_streamed_with_its_place_as_its_id() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "before").await;
    let mut stream = app.stream("LOBBY", None);
    let sent = ada.say("lobby", "line one\nline two").await;
    ada.ask(json!({ "type": "react", "seq": 2, "emoji": "👍" })).await;
    let told = stream.next().expect("it streams");
    assert_eq!((told.event.as_str(), told.id), ("message", format!("{}:{}", sent.epoch, sent.seq)));
    let live = ada.wait_for(|frame| frame.0["seq"] == 2 && frame.kind() == "message").await;
    assert_eq!(serde_json::from_str::<Value>(&told.data).expect("data is JSON"), live.0);
    let told = stream.next().expect("it streams");
    assert_eq!((told.event.as_str(), told.id), ("reacted", format!("{}:3", sent.epoch)));
}

#[tokio::test]
async fn passing_events_are_not_streamed() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut stream = app.stream("lobby", None);
    ada.write(json!({ "type": "typing", "on": true }).to_string()).await;
    let _bob = app.arrive_in("lobby", "bob").await;
    ada.say("lobby", "hi").await;
    assert_eq!(stream.next().expect("it streams").event, "message");
}

#[tokio::test]
async fn a_stream_resumes_behind_the_last_event_that_was_seen() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut stream = app.stream("lobby", None);
    for n in 0..5 {
        ada.say("lobby", &format!("m{n}")).await;
    }
    let last = (0..5).filter_map(|_| stream.next()).last().expect("it streams").id;
    drop(stream);
    // More than memory holds, so that the store has to tell.
    for n in 0..400 {
        ada.say("lobby", &format!("missed {n}")).await;
    }
    let mut stream = app.stream("lobby", Some(&last));
    assert_eq!(next_seqs(&mut stream, 400), (6..=405).collect::<Vec<_>>());
    ada.say("lobby", "live").await;
    assert_eq!(next_seqs(&mut stream, 1), [406]);
}

#[tokio::test]
async fn a_stream_resumes_after_a_restart() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut stream = app.stream("lobby", None);
    ada.say("lobby", "one").await;
    let id = stream.next().expect("it streams").id;
    ada.say("lobby", "two").await;
    drop((ada, stream));
    app.crash();
    let mut stream = app.stream("lobby", Some(&id));
    assert_eq!(next_seqs(&mut stream, 1), [2]);
}

#[tokio::test]
async fn where_nothing_can_be_proven_the_stream_begins_with_a_reset() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = ada.say("lobby", "hi").await.epoch;
    for id in ["elsewhere:1".to_owned(), format!("{epoch}:3"), format!("{epoch}:9999")] {
        let mut stream = app.stream("lobby", Some(&id));
        let reset = stream.next().expect("it streams");
        let data: Value = serde_json::from_str(&reset.data).expect("data is JSON");
        let head = log(&app, "lobby").len();
        assert_eq!((reset.event.as_str(), data), ("reset", json!({ "epoch": epoch, "seq": head })));
        ada.say("lobby", "live").await;
        assert_eq!(stream.next().expect("it streams").event, "message");
    }
}

#[tokio::test]
async fn twenty_streams_opened_in_a_busy_room_mesh_without_hole_or_overlap() {
    let app = std::sync::Arc::new(TestApp::unhurried());
    let mut talker = app.arrive_in("lobby", "talker").await;
    let epoch = talker.say("lobby", "first").await.epoch;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let talk = tokio::spawn(async move {
        while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
            talker.say("lobby", "and on it goes").await;
        }
    });
    let reading = std::sync::Arc::clone(&app);
    let read = tokio::task::spawn_blocking(move || {
        for _ in 0..20 {
            let mut stream = reading.stream("lobby", Some(&format!("{epoch}:1")));
            let head = seqs(&log(&reading, "lobby")).last().copied().expect("there is a log");
            let count = usize::try_from(head + 10).expect("it is small");
            assert_eq!(next_seqs(&mut stream, count), (2..=head + 11).collect::<Vec<_>>());
        }
    });
    read.await.expect("the streams are whole");
    stop.send(()).expect("the talker talks until now");
    talk.await.expect("the talker was not cut off");
}

#[tokio::test]
async fn a_quiet_stream_shows_life() {
    let app = TestApp::with(&["heartbeat.interval_ms=100", "heartbeat.timeout_ms=60000"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let mut stream = app.stream("lobby", None);
    for _ in 0..3 {
        stream.heartbeat();
    }
}

#[tokio::test]
async fn what_cannot_be_streamed_is_refused() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    app.get("/api/v1/rooms/nowhere/stream").refused(404, "room_not_found");
    app.get("/api/v1/rooms/a%20b/stream").refused(422, "room_invalid");
    for id in ["x", "1", "e:", "e:-1", "e:1.5", "e:99999999999999999999"] {
        let answer = app.ask("GET", "/api/v1/rooms/lobby/stream", &[("Last-Event-ID", id)], "");
        let refusal = answer.refused(422, "invalid_field");
        assert_eq!(refusal.field.as_deref(), Some("Last-Event-ID"), "{id}");
    }
}

#[tokio::test]
async fn a_stream_is_nobody_in_the_room_and_takes_a_place_among_the_connections() {
    // A stream that was closed is noticed at its heartbeat.
    let app = TestApp::with(&["limits.connections_per_address=2", "heartbeat.interval_ms=200"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let stream = app.stream("lobby", None);
    assert_eq!(ada.join("lobby").await.count, 1);
    let answer = app.get("/api/v1/rooms/lobby/stream");
    assert!([429, 503].contains(&answer.status), "{answer:?}");
    assert!(!answer.header("retry-after").is_empty());
    drop(stream);
    eventually("its place is free again", async || {
        let answer = app.exchange(&crate::stage::request("/ws", "")).await;
        (answer.status == 101).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_is_not_read_ends_and_holds_nobody_up() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.backlog_bytes=100000"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let mut deaf = app.connect(Some(64 << 10)).await;
    let head =
        format!("GET /api/v1/rooms/lobby/stream HTTP/1.1\r\nHost: {}\r\n\r\n", app.address());
    deaf.write(head.as_bytes()).await;
    let before = app.rss();
    let text = "🐌".repeat(3900);
    eventually("the slow stream is cut", async || {
        for _ in 0..20 {
            ada.say("lobby", &text).await;
        }
        let metrics = app.get("/metrics").body;
        metrics.lines().any(|line| line == "parlor_slow_readers_cut_total 1").then_some(())
    })
    .await;
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 60 << 20, "{grown} bytes");
    ada.say("lobby", "still here").await;
}
