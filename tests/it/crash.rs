//! `kill -9` in the middle of it all: what was acknowledged or seen is there, once.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;

use crate::stage::{Event, Frame, Person, Sent, TestApp, assert_dense, log, texts};

const SENDS: usize = 2000;
const KILLS: usize = 5;
/// So many sends are under way at a time.
const WINDOW: usize = 40;

fn frame(n: usize) -> String {
    let key = format!("k{n}");
    json!({ "type": "send", "room": "lobby", "text": format!("m{n}"), "client_id": key, "id": n })
        .to_string()
}

/// Who sends, what is acknowledged, and what was seen of the room.
struct Sender {
    acked: BTreeMap<usize, u64>,
    seen: BTreeMap<u64, Event>,
    epoch: Option<String>,
}

impl Sender {
    fn note(&mut self, frame: &Frame) {
        if let Some(event) = frame.event() {
            let earlier = self.seen.insert(event.seq, event.clone());
            assert!(earlier.is_none_or(|earlier| earlier == event), "a place was given twice");
        } else if frame.kind() == "sent" {
            let sent: Sent = frame.as_a("sent");
            assert_eq!(self.epoch.get_or_insert(sent.epoch.clone()), &sent.epoch);
            let n = frame.0["id"].as_u64().expect("our ids are numbers") as usize;
            let earlier = self.acked.insert(n, sent.seq);
            assert!(earlier.is_none_or(|earlier| earlier == sent.seq), "two places for one key");
        } else {
            assert!(["presence", "welcome", "joined"].contains(&frame.kind()), "{frame:?}");
        }
    }

    /// Sends what is not acknowledged yet, until `enough` are.
    async fn goes_on(&mut self, person: &mut Person, enough: usize) {
        let mut waiting: Vec<usize> =
            (0..SENDS).rev().filter(|n| !self.acked.contains_key(n)).collect();
        let mut under_way = 0;
        while self.acked.len() < enough {
            while under_way < WINDOW
                && let Some(n) = waiting.pop()
            {
                person.write(frame(n)).await;
                under_way += 1;
            }
            let frame = person.next().await;
            under_way -= usize::from(frame.kind() == "sent");
            self.note(&frame);
        }
    }

    /// Reads what still came out of the server before it died.
    async fn reads_the_rest(&mut self, mut person: Person) {
        for frame in person.ending().await.frames {
            self.note(&frame);
        }
    }
}

#[tokio::test]
async fn five_kills_in_two_thousand_sends_lose_nothing_and_double_nothing() {
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut sender = Sender { acked: BTreeMap::new(), seen: BTreeMap::new(), epoch: None };
    for kill in 1..=KILLS {
        sender.goes_on(&mut ada, kill * SENDS / (KILLS + 1)).await;
        app.kill();
        let token = ada.token.clone();
        sender.reads_the_rest(ada).await;
        app.start_again();
        // In turn with the token, and as somebody who lost it.
        ada = if kill % 2 == 0 { app.arrive("ada").await } else { app.resume(&token).await.0 };
        let epoch = sender.epoch.clone().expect("something was acknowledged");
        let last = sender.seen.keys().last().copied().unwrap_or(0);
        let joined = ada.catch_up("lobby", &epoch, last).await;
        assert!(joined.complete, "the log was kept, so it can be proven");
        sender.seen.extend(joined.events.into_iter().map(|event| (event.seq, event)));
    }
    sender.goes_on(&mut ada, SENDS).await;
    let truth = log(&app, "lobby");
    assert_dense(&truth, 1);
    assert_eq!(truth.len(), SENDS, "nothing is missing, nothing is there twice");
    assert_eq!(texts(&truth).into_iter().collect::<HashSet<_>>().len(), SENDS);
    for (n, seq) in &sender.acked {
        assert_eq!(truth[*seq as usize - 1].text, Some(format!("m{n}")));
    }
    for (seq, event) in &sender.seen {
        assert!(truth[*seq as usize - 1] == *event, "{seq} was seen and is another one now");
    }
}

#[tokio::test]
async fn what_others_saw_just_before_a_kill_is_in_the_log() {
    let mut app = TestApp::unhurried();
    for round in 0..5 {
        let mut ada = app.arrive_in("lobby", &format!("ada {round}")).await;
        let mut bob = app.arrive_in("lobby", &format!("bob {round}")).await;
        for n in 0..30 {
            ada.write(frame(n)).await;
        }
        let mut seen = vec![bob.next_event().await];
        app.kill();
        seen.extend(bob.ending().await.frames.iter().filter_map(Frame::event));
        app.start_again();
        let truth = log(&app, "lobby");
        assert_dense(&truth, 1);
        for event in seen {
            assert_eq!(truth.get(event.seq as usize - 1), Some(&event));
        }
    }
}

#[tokio::test]
async fn a_topic_an_edit_and_a_deletion_outlive_a_kill() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "first").await;
    ada.say("lobby", "second").await;
    ada.ask(json!({ "type": "edit", "seq": 1, "text": "changed" })).await;
    ada.ask(json!({ "type": "delete", "seq": 2 })).await;
    let sent: Sent = ada.ask(json!({ "type": "topic", "topic": "Tea" })).await.as_a("sent");
    drop(ada);
    app.crash();
    let mut ada = app.arrive("ada").await;
    let joined = ada.join("lobby").await;
    assert_eq!((joined.room.topic.as_str(), joined.room.seq), ("Tea", 5));
    assert_eq!(joined.room.epoch, sent.epoch);
    assert_eq!(texts(&joined.events), ["changed", ""]);
    assert!(joined.events[0].edited && joined.events[1].deleted);
}

#[tokio::test]
async fn a_log_that_waits_for_the_disk_outlives_a_kill_as_well() {
    let mut app = TestApp::with(&["durability=full"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    for n in 0..20 {
        ada.say("lobby", &format!("m{n}")).await;
    }
    app.crash();
    assert_eq!(log(&app, "lobby").len(), 20);
}
