//! One room, one order, and nothing in it that the log does not hold.

use std::collections::HashMap;

use serde_json::json;

use crate::stage::{Event, History, Person, Sent, TestApp, assert_dense, log};

const MEMBERS: usize = 20;
const EACH: usize = 50;

/// Says all at once, then reads everything that everybody said.
async fn talks_and_listens(mut person: Person, member: usize) -> (Vec<Event>, Vec<Sent>) {
    for n in 0..EACH {
        let frame = json!({ "type": "send", "text": format!("{member}/{n}") });
        person.write(frame.to_string()).await;
    }
    let (mut events, mut sent) = (Vec::new(), Vec::new());
    while events.len() < MEMBERS * EACH || sent.len() < EACH {
        let frame = person.next().await;
        match frame.kind() {
            "sent" => sent.push(frame.as_a("sent")),
            "presence" => {}
            _ => events.push(frame.event().expect("only the log's events come")),
        }
    }
    (events, sent)
}

#[tokio::test]
async fn twenty_members_who_send_fifty_messages_each_see_one_order_without_holes() {
    let app = TestApp::unhurried();
    let mut members = Vec::new();
    for member in 0..MEMBERS {
        members.push(app.arrive_in("lobby", &format!("member {member}")).await);
    }
    let talks = members.into_iter().enumerate();
    let talks = talks.map(|(member, person)| tokio::spawn(talks_and_listens(person, member)));
    let mut views = Vec::new();
    for talk in talks.collect::<Vec<_>>() {
        views.push(talk.await.expect("nobody's connection broke"));
    }
    let truth = log(&app, "lobby");
    assert_dense(&truth, 1);
    assert_eq!(truth.len(), MEMBERS * EACH);
    for (member, (events, sent)) in views.iter().enumerate() {
        assert!(*events == truth, "member {member} saw another order");
        let own: Vec<&Event> =
            truth.iter().filter(|e| e.from.nick == format!("member {member}")).collect();
        for (n, (event, sent)) in own.iter().zip(sent).enumerate() {
            assert_eq!(event.text, Some(format!("{member}/{n}")), "said in another order");
            assert_eq!((event.seq, &event.at), (sent.seq, &sent.at));
        }
        assert_eq!((own.len(), sent.len()), (EACH, EACH));
    }
}

#[tokio::test]
async fn what_anybody_sees_or_is_told_was_kept_is_in_the_log_at_that_moment() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let kept = |seq: u64| {
        let path = format!("/api/v1/rooms/lobby/events?after={}&limit=1", seq - 1);
        app.get(&path).json::<History>(200)
    };
    for n in 0..60 {
        ada.write(json!({ "type": "send", "text": format!("m{n}") }).to_string()).await;
        let seen = bob.next_event().await;
        assert_eq!(kept(seen.seq).events, [seen]);
        let sent: Sent = ada.wait_for(|frame| frame.kind() == "sent").await.as_a("sent");
        let page = kept(sent.seq);
        assert_eq!((page.events[0].seq, &page.epoch), (sent.seq, &sent.epoch));
    }
}

#[tokio::test]
async fn rooms_have_orders_of_their_own() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("one", "ada").await;
    ada.join("two").await;
    let mut seqs: HashMap<String, Vec<u64>> = HashMap::new();
    for n in 0..10 {
        let room = if n % 3 == 0 { "two" } else { "one" };
        let sent = ada.say(room, "hi").await;
        seqs.entry(sent.room).or_default().push(sent.seq);
    }
    assert_eq!(seqs["one"], [1, 2, 3, 4, 5, 6]);
    assert_eq!(seqs["two"], [1, 2, 3, 4]);
}

#[tokio::test]
async fn an_answer_comes_behind_the_event_that_it_is_about() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.write(json!({ "type": "send", "text": "hi", "id": 1 }).to_string()).await;
    let frames = [ada.next().await, ada.next().await];
    let kinds: Vec<&str> = frames.iter().map(|frame| frame.kind()).collect();
    assert_eq!(kinds, ["message", "sent"]);
}

#[tokio::test]
async fn posts_and_sockets_share_one_order() {
    let app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for n in 0..40 {
        bob.write(json!({ "type": "send", "text": format!("said {n}") }).to_string()).await;
        let posted: Sent = app.post("lobby", "?nick=carol", &[], &format!("posted {n}")).json(201);
        assert_eq!(posted.room, "lobby");
    }
    let seen = ada.next_events(80).await;
    assert_dense(&seen, 1);
    assert_eq!(seen, bob.next_events(80).await);
    assert_eq!(seen, log(&app, "lobby"));
}
