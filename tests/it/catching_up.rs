//! Catch-up proves that nothing is missing, or refuses; live events mesh with it.

use serde_json::json;

use crate::stage::{
    Event, History, Joined, Person, TestApp, assert_dense, eventually, seqs, texts,
};

/// Says `count` things one after the other; returns the room's epoch.
async fn says(person: &mut Person, count: usize) -> String {
    let mut epoch = String::new();
    for n in 1..=count {
        epoch = person.say("lobby", &format!("m{n}")).await.epoch;
    }
    epoch
}

/// What came with `joined` and what came live after it, up to `upto`, without hole or overlap.
async fn meshes(person: &mut Person, joined: &Joined, upto: u64) -> Vec<Event> {
    let mut events = joined.events.clone();
    assert_eq!(joined.events.last().map_or(joined.room.seq, |event| event.seq), joined.room.seq);
    while events.last().map_or(joined.room.seq, |event| event.seq) < upto {
        events.push(person.next_event().await);
    }
    let first = events.first().map_or(1, |event| event.seq);
    assert_dense(&events, first);
    events
}

#[tokio::test]
async fn twenty_joins_into_a_busy_room_have_no_hole_and_no_overlap() {
    let app = TestApp::unhurried();
    let mut talker = app.arrive_in("lobby", "talker").await;
    let epoch = says(&mut talker, 300).await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let talk = tokio::spawn(async move {
        let mut said = 300;
        while stopped.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
            said = talker.say("lobby", "and on it goes").await.seq;
        }
        said
    });
    for n in 0..20 {
        let mut joiner = app.arrive(&format!("joiner {n}")).await;
        // In turn: the latest few, a proven catch-up from memory, one that the store must read.
        let joined = match n % 4 {
            0 => joiner.join("lobby").await,
            1 => joiner.catch_up("lobby", &epoch, 295).await,
            2 => joiner.catch_up("lobby", &epoch, 3).await,
            _ => {
                let frame = json!({ "type": "join", "room": "lobby", "limit": 200 });
                joiner.ask(frame).await.as_a("joined")
            }
        };
        assert!(joined.complete);
        let events = meshes(&mut joiner, &joined, joined.room.seq + 30).await;
        match n % 4 {
            0 => assert_eq!(joined.events.len(), 50),
            1 => assert_eq!(events[0].seq, 296),
            2 => assert_eq!(events[0].seq, 4),
            _ => assert_eq!(joined.events.len(), 200),
        }
        joiner.leave_politely().await;
    }
    stop.send(()).expect("the talker talks until now");
    assert!(talk.await.expect("the talker was not cut off") > 900);
}

#[tokio::test]
async fn everything_since_is_given_whatever_the_limit() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says(&mut ada, 600).await;
    let mut bob = app.arrive("bob").await;
    let after = json!({ "epoch": epoch, "seq": 10 });
    let frame = json!({ "type": "join", "room": "lobby", "after": after, "limit": 5 });
    let joined: Joined = bob.ask(frame).await.as_a("joined");
    assert!(joined.complete);
    assert_eq!(joined.events.len(), 590);
    assert_dense(&joined.events, 11);
    // Nothing missed is proven, too; and so is the whole log from its beginning.
    let joined = bob.catch_up("lobby", &epoch, 600).await;
    assert!(joined.complete && joined.events.is_empty());
    let joined = bob.catch_up("lobby", &epoch, 0).await;
    assert!(joined.complete);
    assert_eq!(joined.events.len(), 600);
}

#[tokio::test]
async fn another_epoch_or_a_place_ahead_of_the_head_is_not_proven() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says(&mut ada, 60).await;
    let mut bob = app.arrive("bob").await;
    for (epoch, seq) in [("elsewhere", 60), (epoch.as_str(), 61), (&epoch, i64::MAX as u64)] {
        let joined = bob.catch_up("lobby", epoch, seq).await;
        assert!(!joined.complete, "{epoch} {seq}");
        assert_eq!(seqs(&joined.events), (11..=60).collect::<Vec<_>>());
    }
    let said = ada.say("lobby", "live").await.seq;
    assert_eq!(bob.next_event().await.seq, said);
}

#[tokio::test]
async fn what_was_pruned_is_not_proven() {
    let settings = ["history.keep=10", "janitor.sweep_ms=50", "limits.messages_per_second=0"];
    let app = TestApp::with(&settings);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says(&mut ada, 60).await;
    eventually("the log is pruned to ten events", async || {
        let page: History = app.get("/api/v1/rooms/lobby/events?limit=200").json(200);
        (page.events.len() == 10 && !page.more).then_some(())
    })
    .await;
    let mut bob = app.arrive("bob").await;
    for seq in [0, 1, 49] {
        let joined = bob.catch_up("lobby", &epoch, seq).await;
        assert!(!joined.complete, "{seq}");
        assert_eq!(seqs(&joined.events), (51..=60).collect::<Vec<_>>());
    }
    let joined = bob.catch_up("lobby", &epoch, 50).await;
    assert!(joined.complete);
    assert_eq!(joined.events.len(), 10);
    assert_eq!(ada.say("lobby", "on").await.seq, 61, "pruning does not touch the order");
}

#[tokio::test]
async fn a_longer_catch_up_than_one_join_may_bring_is_a_fresh_start() {
    let app = TestApp::with(&["limits.catch_up_events=20", "limits.messages_per_second=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let epoch = says(&mut ada, 60).await;
    let joined = ada.catch_up("lobby", &epoch, 39).await;
    assert!(!joined.complete);
    assert_eq!(joined.events.len(), 50);
    let joined = ada.catch_up("lobby", &epoch, 40).await;
    assert!(joined.complete);
    assert_eq!(joined.events.len(), 20);
}

#[tokio::test]
async fn a_fresh_join_brings_the_latest_up_to_its_limit() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    says(&mut ada, 60).await;
    for (limit, first) in [(0, 61), (1, 60), (7, 54), (200, 1)] {
        let frame = json!({ "type": "join", "room": "lobby", "limit": limit });
        let joined: Joined = ada.ask(frame).await.as_a("joined");
        assert_eq!(seqs(&joined.events), (first..=60).collect::<Vec<_>>());
        assert!(joined.complete);
    }
}

#[tokio::test]
async fn history_pages_both_ways_to_the_ends_of_the_log() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    says(&mut ada, 450).await;
    let (mut before, mut back) = (None::<u64>, Vec::new());
    loop {
        let mut frame = json!({ "type": "history", "limit": 200 });
        if let Some(before) = before {
            frame["before"] = before.into();
        }
        let page: History = ada.ask(frame).await.as_a("history");
        before = page.events.first().map(|event| event.seq);
        back.splice(0..0, page.events);
        if !page.more {
            break;
        }
    }
    assert_dense(&back, 1);
    assert_eq!(texts(&back), (1..=450).map(|n| format!("m{n}")).collect::<Vec<_>>());
    let page = |after: u64| json!({ "type": "history", "limit": 100, "after": after });
    let forth: History = ada.ask(page(100)).await.as_a("history");
    assert_eq!((forth.events[0].seq, forth.events.len(), forth.more), (101, 100, true));
    let end: History = ada.ask(page(400)).await.as_a("history");
    assert_eq!((end.events.len(), end.more), (50, false));
    let beyond: History = ada.ask(page(9999)).await.as_a("history");
    assert_eq!((beyond.events.len(), beyond.more), (0, false));
}
