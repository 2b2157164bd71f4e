//! Who does not read hurts only themselves.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{Person, RawSocket, TestApp, within};

const MIB: u64 = 1 << 20;
/// What the kernel takes in for a reader that stopped. With less, TCP itself dawdles once it
/// reads on.
const WINDOW: u32 = 64 << 10;

/// A member whose window is small and who reads nothing from here on.
async fn stops_reading(app: &TestApp, nick: &str) -> RawSocket {
    let path = format!("/ws?nick={nick}&room=lobby");
    let mut socket = app.raw_with(&path, Some(WINDOW)).await;
    assert_eq!(socket.next().await.kind(), "welcome");
    assert_eq!(socket.next().await.kind(), "joined");
    socket
}

/// Says long things until the slow one is seen to go; returns the longest time that a message took
/// from its sender to `listener`.
async fn talk_until_cut(talker: &mut Person, listener: &mut Person, slow: &str) -> Duration {
    // Four bytes a character: the largest text that fits into a frame.
    let text = "🐌".repeat(3900);
    let mut longest = Duration::ZERO;
    within("the slow reader is cut", async {
        loop {
            let begin = Instant::now();
            talker.say("lobby", &text).await;
            loop {
                let frame = listener.next().await;
                if frame.kind() == "message" {
                    break;
                }
                let gone = |list: &str| {
                    let list = frame.0[list].as_array().cloned().unwrap_or_default();
                    list.iter().any(|member| member["nick"] == slow)
                };
                if frame.kind() == "presence" && (gone("changed") || gone("left")) {
                    return;
                }
            }
            longest = longest.max(begin.elapsed());
        }
    })
    .await;
    longest
}

async fn hurts_only_itself(app: &TestApp) {
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut listener = app.arrive_in("lobby", "listener").await;
    let mut slow = stops_reading(app, "slow").await;
    assert_eq!(listener.next_presence().await.joined[0].nick, "slow");
    let before = app.rss();
    let longest = talk_until_cut(&mut talker, &mut listener, "slow").await;
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 60 * MIB, "{grown} bytes");
    // Whoever reads on in time sees why; whole frames up to then, and no half one.
    let (code, last) = slow.close_code().await;
    let closing = last.expect("it is told why").0;
    assert_eq!((code, &closing["type"], &closing["code"]), (4001, &"closing".into(), &4001.into()));
    assert!(closing["reconnect_after_ms"].as_u64().is_some_and(|millis| millis > 0));
    // Its name is free once the grace is over.
    loop {
        if listener.next_presence().await.left.iter().any(|member| member.nick == "slow") {
            break;
        }
    }
    app.arrive("slow").await;
}

#[tokio::test]
async fn a_reader_that_stops_is_cut_and_nobody_else_notices() {
    hurts_only_itself(&TestApp::with(&["limits.messages_per_second=0", "resume.grace_ms=500"]))
        .await;
}

#[tokio::test]
async fn a_small_backlog_is_soon_too_much() {
    hurts_only_itself(&TestApp::with(&[
        "limits.messages_per_second=0",
        "limits.backlog_bytes=20000",
        "resume.grace_ms=500",
    ]))
    .await;
}

#[tokio::test]
async fn over_tls_it_is_no_different() {
    let settings =
        ["limits.messages_per_second=0", "limits.backlog_bytes=20000", "resume.grace_ms=500"];
    hurts_only_itself(&TestApp::secure(&settings)).await;
}

#[tokio::test]
async fn who_was_cut_resumes_and_has_lost_nothing() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.backlog_bytes=20000"]);
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut listener = app.arrive_in("lobby", "listener").await;
    let mut slow = app.raw_with("/ws?nick=slow&room=lobby", Some(WINDOW)).await;
    let welcome = slow.next().await;
    let joined = slow.next().await;
    talk_until_cut(&mut talker, &mut listener, "slow").await;
    let token = welcome.0["resume"]["token"].as_str().expect("a token");
    let (mut back, welcome) = app.resume(token).await;
    assert_eq!(welcome.rooms, ["lobby"]);
    let epoch = joined.0["room"]["epoch"].as_str().expect("an epoch");
    let caught_up = back.catch_up("lobby", epoch, 0).await;
    assert!(caught_up.complete);
    crate::stage::assert_dense(&caught_up.events, 1);
    assert_eq!(caught_up.events.len() as u64, caught_up.room.seq);
}

#[tokio::test]
async fn ten_slow_readers_cost_no_more_than_their_backlogs() {
    let app = TestApp::with(&[
        "limits.messages_per_second=0",
        "limits.backlog_bytes=100000",
        "resume.grace_ms=500",
    ]);
    let mut talker = app.arrive_in("lobby", "talker").await;
    let mut listener = app.arrive_in("lobby", "listener").await;
    let mut slow = Vec::new();
    for n in 0..10 {
        slow.push(stops_reading(&app, &format!("slow{n}")).await);
    }
    let before = app.rss();
    let text = "🐌".repeat(3900);
    let mut cut = std::collections::HashSet::new();
    while cut.len() < 10 {
        talker.say("lobby", &text).await;
        for frame in listener.heard().await {
            let changed = frame.0["changed"].as_array().cloned().unwrap_or_default();
            cut.extend(
                changed.iter().filter_map(|member| Some(member["nick"].as_str()?.to_owned())),
            );
        }
    }
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 60 * MIB, "{grown} bytes");
    for mut socket in slow {
        assert_eq!(socket.close_code().await.0, 4001);
    }
}

#[tokio::test]
async fn typing_is_dropped_before_anybody_is_cut_off() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.backlog_bytes=4096"]);
    // Long names make large frames: more than the kernel takes in for a reader that stopped.
    let (room, nick) = ("𠀀".repeat(64), "𠀁".repeat(32));
    let mut talker = app.arrive_in(&room, &nick).await;
    let mut slow = app.raw_with("/ws?nick=slow", Some(WINDOW)).await;
    slow.text(&json!({ "type": "join", "room": room }).to_string()).await;
    assert_eq!(slow.next().await.kind(), "welcome");
    assert_eq!(slow.next().await.kind(), "joined");
    let toggle = |on: bool| json!({ "type": "typing", "on": on }).to_string();
    for _ in 0..100 {
        for n in 0..200 {
            talker.write(toggle(n % 2 == 0)).await;
        }
        talker.ask(json!({ "type": "members" })).await;
    }
    let mut seen = 0;
    let told = async {
        while slow.next().await.kind() == "typing" {
            seen += 1;
            // Something to read up to, said anew until there is space for it.
            if seen % 1000 == 0 {
                talker.say(&room, "and now?").await;
            }
        }
    };
    within("a message", told).await;
    assert!(seen < 20_000, "all of it was kept for a reader that stopped");
    assert!(app.metric("parlor_passing_frames_dropped_total") > 0.0);
    slow.text(r#"{"type":"ping","id":"alive"}"#).await;
    while slow.next().await.0["id"] != "alive" {}
}

/// Fills the room with almost as much as one join may bring; returns the epoch.
async fn much_talk(app: &TestApp) -> String {
    let mut talker = app.arrive_in("lobby", "talker").await;
    let frame = json!({ "type": "send", "text": "🐌".repeat(3900) }).to_string();
    for _ in 0..250 {
        talker.write(frame.clone()).await;
        talker.wait_for(|frame| frame.kind() == "sent").await;
    }
    talker.say("lobby", "that is all").await.epoch
}

fn asks_for_everything(epoch: &str) -> String {
    let after = json!({ "epoch": epoch, "seq": 0 });
    json!({ "type": "join", "room": "lobby", "after": after }).to_string()
}

#[tokio::test]
async fn many_who_ask_for_everything_and_read_nothing_cost_a_bounded_amount() {
    let app = TestApp::unhurried();
    let epoch = much_talk(&app).await;
    let mut deaf = Vec::new();
    for n in 0..60 {
        let mut socket = app.raw_with(&format!("/ws?nick=deaf{n}"), Some(WINDOW)).await;
        assert_eq!(socket.next().await.kind(), "welcome");
        deaf.push(socket);
    }
    let before = app.rss();
    for socket in &mut deaf {
        // Almost 4 MiB each.
        socket.text(&asks_for_everything(&epoch)).await;
    }
    let mut bob = app.arrive("bob").await;
    let everything = || {
        let after = json!({ "epoch": epoch, "seq": 0 });
        json!({ "type": "join", "room": "lobby", "after": after })
    };
    crate::stage::eventually("no more long answers are given", async || {
        let answer = bob.ask(everything()).await;
        (answer.0["complete"] != true).then_some(())
    })
    .await;
    let grown = app.rss().saturating_sub(before);
    assert!(grown < 160 * MIB, "{grown} bytes");
    // Short answers go on, and long ones once those who did not read are gone.
    bob.join("lobby").await;
    drop(deaf);
    crate::stage::eventually("there is room again", async || {
        (bob.ask(everything()).await.0["complete"] == true).then_some(())
    })
    .await;
}
