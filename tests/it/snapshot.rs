//! Old state plus event equals a fresh snapshot: who was there all the time and who comes now see
//! the same room.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::stage::{Event, Person, TestApp, log};

/// A room as a client keeps it: its messages, their reactions, the topic.
#[derive(Debug, Default, PartialEq)]
struct View {
    messages: BTreeMap<u64, (String, bool, bool)>,
    reactions: BTreeMap<(u64, String, String), u64>,
    topic: String,
}

impl View {
    fn of(events: &[Event]) -> Self {
        let mut view = Self::default();
        events.iter().for_each(|event| view.apply(event));
        view
    }

    fn apply(&mut self, event: &Event) {
        let text = event.text.clone().unwrap_or_default();
        let target = event.target.unwrap_or(0);
        match event.r#type.as_str() {
            "message" => {
                self.messages.insert(event.seq, (text, event.edited, event.deleted));
            }
            "edited" => {
                if let Some(message) = self.messages.get_mut(&target) {
                    *message = (text, true, event.deleted);
                }
            }
            "deleted" => {
                if let Some((text, _, deleted)) = self.messages.get_mut(&target) {
                    (*text, *deleted) = (String::new(), true);
                }
            }
            "reacted" => {
                let emoji = event.emoji.clone().expect("a reaction has one");
                let key = (target, event.from.nick.clone(), emoji);
                if event.on == Some(true) {
                    self.reactions.insert(key, event.seq);
                } else {
                    self.reactions.remove(&key);
                }
            }
            _ => self.topic = event.topic.clone().expect("a topic has one"),
        }
    }
}

fn something(rng: &mut StdRng, head: u64) -> Value {
    let seq = rng.random_range(1..=head.max(1));
    let word = format!("w{}", rng.random_range(0..1000));
    match rng.random_range(0..10) {
        0..4 => json!({ "type": "send", "text": word }),
        4..6 => json!({ "type": "edit", "seq": seq, "text": word }),
        6 => json!({ "type": "delete", "seq": seq }),
        7..9 => {
            let emoji = ["👍", "❤️", "🦊"][rng.random_range(0..3)];
            json!({ "type": "react", "seq": seq, "emoji": emoji, "on": rng.random_bool(0.7) })
        }
        _ => json!({ "type": "topic", "topic": word }),
    }
}

async fn lives(people: &mut [Person], rng: &mut StdRng, steps: usize) {
    let mut head = 0;
    for _ in 0..steps {
        let who = rng.random_range(0..people.len());
        let answer = people[who].ask(something(rng, head)).await;
        if answer.kind() == "sent" {
            head = head.max(answer.0["seq"].as_u64().expect("a place"));
        }
    }
}

async fn agree(app: &TestApp) {
    let mut people = Vec::new();
    for nick in ["ada", "bob", "carol"] {
        people.push(app.arrive_in("lobby", nick).await);
    }
    let mut rng = StdRng::seed_from_u64(7);
    lives(&mut people, &mut rng, 400).await;
    let mut late = app.arrive("late").await;
    let fresh = late.join("lobby").await;
    let caught_up = late.catch_up("lobby", &fresh.room.epoch, 0).await;
    assert!(caught_up.complete);
    let truth = View::of(&caught_up.events);
    assert_eq!(truth.topic, fresh.room.topic);
    assert!(truth.messages.len() > 50 && truth.messages.values().any(|message| message.2));
    assert_eq!(View::of(&log(app, "lobby")), truth, "HTTP tells another story");
    for person in &mut people {
        let heard = person.heard().await;
        let live: Vec<Event> = heard.iter().filter_map(|frame| frame.event()).collect();
        assert_eq!(View::of(&live), truth, "whoever was there knows another room");
    }
}

#[tokio::test]
async fn who_was_there_and_who_comes_late_see_the_same_room() {
    agree(&TestApp::unhurried()).await;
}

#[tokio::test]
async fn so_they_do_in_a_room_that_lives_in_memory() {
    agree(&TestApp::with(&["history.keep=0", "limits.messages_per_second=0"])).await;
}
