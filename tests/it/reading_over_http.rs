//! Rooms and their logs over HTTP.

use serde_json::Value;

use crate::stage::{History, Rooms, TestApp, assert_dense, eventually, seqs};

async fn with_a_log(count: usize) -> TestApp {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 1..=count {
        ada.say("lobby", &format!("m{n}")).await;
    }
    app
}

fn page(app: &TestApp, query: &str) -> History {
    app.get(&format!("/api/v1/rooms/lobby/events{query}")).json(200)
}

#[tokio::test]
async fn the_rooms_are_listed_with_topic_and_count_the_fullest_first() {
    let app = TestApp::start();
    let empty: Rooms = app.get("/api/v1/rooms").json(200);
    assert!(empty.rooms.is_empty() && !empty.more);
    let mut ada = app.arrive_in("quiet", "ada").await;
    ada.join("Busy").await;
    let _bob = app.arrive_in("busy", "bob").await;
    ada.ask(serde_json::json!({ "type": "topic", "room": "busy", "topic": "Tea" })).await;
    let rooms: Rooms = app.get("/api/v1/rooms").json(200);
    let told: Vec<_> = rooms.rooms.iter().map(|r| (&*r.name, &*r.topic, r.count)).collect();
    assert_eq!(told, [("Busy", "Tea", 2), ("quiet", "", 1)]);
}

#[tokio::test]
async fn events_are_paged_in_order() {
    let app = with_a_log(120).await;
    for (query, first, last, more) in [
        ("", 71, 120, true),
        ("?limit=200", 1, 120, false),
        ("?limit=1", 120, 120, true),
        ("?before=50&limit=10", 40, 49, true),
        ("?before=11&limit=10", 1, 10, false),
        ("?after=0&limit=10", 1, 10, true),
        ("?after=110&limit=10", 111, 120, false),
        ("?after=119", 120, 120, false),
    ] {
        let page = page(&app, query);
        assert_eq!(seqs(&page.events), (first..=last).collect::<Vec<_>>(), "{query}");
        assert_eq!((page.more, page.room.as_str()), (more, "lobby"), "{query}");
    }
    let beyond = page(&app, "?after=9223372036854775807");
    assert!(beyond.events.is_empty() && !beyond.more);
    assert!(page(&app, "?before=1").events.is_empty());
}

#[tokio::test]
async fn http_shows_the_very_frames_that_the_socket_shows() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say_once("lobby", "hi", "k").await;
    let live = ada.wait_for(|frame| frame.kind() == "message").await;
    let page: Value = app.get("/api/v1/rooms/LOBBY/events").json(200);
    assert_eq!(page["events"][0], live.0);
}

#[tokio::test]
async fn questions_that_do_not_fit_are_refused_by_field() {
    let app = with_a_log(1).await;
    let events = "/api/v1/rooms/lobby/events";
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=201", "limit"),
        ("?limit=ten", "limit"),
        ("?limit=", "limit"),
        ("?before=1&after=1", "before"),
        ("?before=1.5", "before"),
        ("?after=-1", "after"),
        ("?after=18446744073709551615", "after"),
    ] {
        let answer = app.get(&format!("{events}{query}"));
        let refusal = answer.refused(422, "invalid_field");
        assert_eq!(refusal.field.as_deref(), Some(field), "{query}");
    }
    app.get(&format!("{events}?limit=1&limit=2")).refused(422, "invalid_field");
    app.get("/api/v1/rooms/nowhere/events").refused(404, "room_not_found");
    app.get("/api/v1/rooms/a%20b/events").refused(422, "room_invalid");
    app.get("/api/v1/rooms/%ff/events").refused(422, "room_invalid");
}

#[tokio::test]
async fn large_events_come_in_pages_that_end_early_and_say_so() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    for _ in 0..60 {
        ada.say("lobby", &"🦊".repeat(3900)).await;
    }
    let page = page(&app, "?limit=200");
    assert!(page.more && page.events.len() < 60, "{}", page.events.len());
    assert_dense(&crate::stage::log(&app, "lobby"), 1);
    assert_eq!(crate::stage::log(&app, "lobby").len(), 60);
}

#[tokio::test]
async fn an_empty_room_without_a_log_is_swept_and_one_with_a_log_stays() {
    let app = TestApp::with(&["janitor.sweep_ms=50"]);
    let mut ada = app.arrive_in("passing", "ada").await;
    ada.join("lasting").await;
    ada.say("lasting", "hi").await;
    ada.leave_politely().await;
    eventually("the empty room is gone", async || {
        let rooms: Rooms = app.get("/api/v1/rooms").json(200);
        let names: Vec<_> = rooms.rooms.iter().map(|room| room.name.as_str()).collect();
        (names == ["lasting"]).then_some(())
    })
    .await;
    app.get("/api/v1/rooms/passing/events").refused(404, "room_not_found");
    assert_eq!(crate::stage::log(&app, "lasting").len(), 1);
    let mut bob = app.arrive("bob").await;
    assert_eq!(bob.join("passing").await.room.seq, 0);
}

#[tokio::test]
async fn what_is_older_than_it_may_be_is_gone_from_log_and_disk() {
    let app = TestApp::with(&["history.keep=1s", "janitor.sweep_ms=50"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let first = ada.say("lobby", "gossamer-words-in-time").await;
    eventually("the old words are pruned", async || {
        let log = crate::stage::log(&app, "lobby");
        (log.is_empty() && app.files_with("gossamer").is_empty()).then_some(())
    })
    .await;
    let next = ada.say("lobby", "new").await;
    assert_eq!((next.seq, &next.epoch), (2, &first.epoch));
    let joined = ada.catch_up("lobby", &first.epoch, 0).await;
    assert!(!joined.complete);
}
