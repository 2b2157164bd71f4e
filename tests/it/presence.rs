//! Who is here: told at once in small rooms, gathered in large ones, and never wrong.

use std::collections::BTreeMap;

use serde_json::json;

use crate::stage::{Member, Members, Person, Presence, TestApp};

/// The members as one who was told of every change knows them: name and state.
#[derive(Debug, Default, PartialEq)]
struct Known(BTreeMap<String, String>);

impl Known {
    fn of(members: &[Member]) -> Self {
        Self(members.iter().map(|m| (m.nick.clone(), m.state.clone())).collect())
    }

    /// First out with whoever left or had another name, then in with the rest: two may have
    /// swapped their names between two frames.
    fn learn(&mut self, told: Presence) {
        let renamed = told.changed.iter().map(|m| m.was.as_ref().unwrap_or(&m.nick));
        for nick in told.left.iter().map(|m| &m.nick).chain(renamed) {
            assert!(self.0.remove(nick).is_some(), "{nick} was not known");
        }
        for member in told.changed.into_iter().chain(told.joined) {
            let nick = member.nick.clone();
            assert!(self.0.insert(nick, member.state).is_none(), "{} is there", member.nick);
        }
        assert_eq!(self.0.len(), told.count);
    }
}

async fn snapshot(person: &mut Person) -> Known {
    let frame = json!({ "type": "members", "room": "lobby" });
    let members: Members = person.ask(frame).await.as_a("members");
    assert_eq!(members.count, members.members.len());
    Known::of(&members.members)
}

#[tokio::test]
async fn in_a_small_room_every_coming_and_going_is_told_at_once() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let bob = app.arrive_in("lobby", "bob").await;
    let told = ada.next_presence().await;
    assert_eq!((told.room.as_str(), told.count, told.joined.len()), ("lobby", 2, 1));
    let member = &told.joined[0];
    assert_eq!((member.nick.as_str(), member.guest), ("bob", true));
    assert_eq!((member.role.as_str(), member.state.as_str()), ("guest", "online"));
    let mut carol = app.arrive_in("lobby", "carol").await;
    assert_eq!(ada.next_presence().await.joined[0].nick, "carol");
    carol.ask(json!({ "type": "leave", "room": "lobby" })).await;
    let told = ada.next_presence().await;
    assert_eq!((told.left[0].nick.as_str(), told.left[0].state.as_str()), ("carol", "offline"));
    bob.leave_politely().await;
    assert_eq!(ada.next_presence().await.left[0].nick, "bob");
    assert_eq!(snapshot(&mut ada).await.0.len(), 1);
}

#[tokio::test]
async fn joining_twice_is_coming_once() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.heard().await;
    let again = bob.join("LOBBY").await;
    assert_eq!(again.count, 2);
    assert_eq!(ada.heard().await, []);
    assert_eq!(bob.say("lobby", "hi").await.seq, 1);
    assert_eq!(bob.next_events(1).await.len(), 1);
    assert_eq!(bob.heard().await, [], "what is said comes once, too");
}

#[tokio::test]
async fn in_a_large_room_many_changes_are_few_frames_and_nothing_is_missing() {
    let app = TestApp::unhurried();
    let mut watcher = app.arrive("watcher").await;
    let mut known = Known::of(&watcher.join("lobby").await.members);
    let mut people = Vec::new();
    for n in 0..40 {
        people.push(app.arrive_in("lobby", &format!("early {n}")).await);
    }
    for frame in watcher.heard().await {
        known.learn(frame.as_a("presence"));
    }
    let before = std::time::Instant::now();
    for n in 0..60 {
        let mut person = app.arrive_in("lobby", &format!("late {n}")).await;
        if n % 3 == 0 {
            person.ask(json!({ "type": "rename", "nick": format!("later {n}") })).await;
        }
        match n % 4 {
            0 => person.leave_politely().await,
            2 => {
                // Two of those who were here swap their names.
                for (who, nick) in [(0, "between"), (1, "early 0"), (0, "early 1")] {
                    people[who].ask(json!({ "type": "rename", "nick": nick })).await;
                }
                people.swap(0, 1);
            }
            1 => drop(person),
            _ => people.push(person),
        }
    }
    let mut frames = 0;
    let truth = snapshot(&mut people[0]).await;
    while known != truth {
        known.learn(watcher.next_presence().await);
        frames += 1;
    }
    let most = 2 + before.elapsed().as_secs();
    assert!(frames <= most, "{frames} frames, at most one a second are {most}");
    assert_eq!(known, snapshot(&mut watcher).await);
}

#[tokio::test]
async fn whoever_joins_sees_themselves_first_among_at_most_500() {
    let app = TestApp::with(&["limits.connections_per_address=0", "limits.messages_per_second=0"]);
    let mut people = Vec::new();
    for n in 0..510 {
        people.push(app.knock_at(&format!("/ws?nick=n{n}&room=lobby"), "127.0.0.1").await);
        people.last_mut().expect("there is one").wait_for(|frame| frame.kind() == "joined").await;
    }
    let mut last = app.arrive("last").await;
    let joined = last.join("lobby").await;
    assert_eq!((joined.count, joined.members.len()), (511, 500));
    assert_eq!(joined.members[0].nick, "last");
    let members: Members = last.ask(json!({ "type": "members" })).await.as_a("members");
    assert_eq!((members.count, members.members.len()), (511, 500));
}

#[tokio::test]
async fn presence_stays_in_its_room() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("garden", "bob").await;
    bob.heard().await;
    assert_eq!(ada.heard().await, []);
}
