//! `kill -9` among uploads, messages and deletions: table, disk and log say the same afterwards, what
//! was acknowledged is there, and what is gone is gone.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::stage::pictures::{noise, pixels, png_of};
use crate::stage::{Form, Picture, Sent, TestApp, Uploaded, eventually, log};

const KILLS: usize = 20;
const THREADS: u64 = 4;
const SIDE: u32 = 12;

fn rgb(seed: u64) -> Vec<u8> {
    noise(seed, (SIDE * SIDE * 3) as usize)
}

/// A picture whose message was acknowledged.
#[derive(Clone, Debug)]
struct Known {
    seed: u64,
    url: String,
    seq: u64,
    expires_at: String,
}

/// What those who upload know.
#[derive(Default)]
struct Ledger {
    known: Mutex<BTreeMap<String, Known>>,
    acks: AtomicUsize,
    seeds: AtomicUsize,
    over: AtomicBool,
}

/// Uploads and sends until the server is gone.
fn uploads_and_sends(app: &TestApp, token: &str, ledger: &Ledger) {
    let bearer = format!("Bearer {token}");
    while !ledger.over.load(Ordering::Acquire) {
        let seed = ledger.seeds.fetch_add(1, Ordering::Relaxed) as u64;
        let ttl = if seed.is_multiple_of(3) { "1" } else { "3600" };
        let form = Form::of("lobby", &png_of(SIDE, SIDE, &rgb(seed))).field("ttl", ttl).finished();
        let kind = crate::stage::form_type();
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind.as_str())];
        let Ok(answer) = app.try_ask("POST", "/api/v1/uploads", &headers, form) else { return };
        let uploaded: Uploaded = answer.json(201);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", uploaded.id.as_str()),
        ];
        let body = json!({ "images": [uploaded.id] }).to_string();
        let path = "/api/v1/rooms/lobby/messages";
        let Ok(answer) = app.try_ask("POST", path, &headers, body) else { return };
        if answer.status == 410 {
            // Its second was over before it could be sent.
            assert_eq!(ttl, "1");
            continue;
        }
        let sent: Sent = answer.json(201);
        let Uploaded { id, url, expires_at, .. } = uploaded;
        let known = Known { seed, url, seq: sent.seq, expires_at };
        ledger.known.lock().expect("nobody panics with it").insert(id, known);
        ledger.acks.fetch_add(1, Ordering::Release);
    }
}

/// What may be seen after a restart.
fn is_whole(app: &TestApp, token: &str, known: &BTreeMap<String, Known>) {
    let inventory = app.inventory();
    assert_eq!(inventory.drafts, 0);
    app.log_and_disk_agree("lobby");
    let bearer = format!("Bearer {token}");
    let events = log(app, "lobby");
    crate::stage::assert_dense(&events, 1);
    let now = || time::OffsetDateTime::now_utc();
    for (id, Known { seed, url, seq, expires_at }) in known {
        let shown = &events[*seq as usize - 1].images.as_ref().expect("it was acknowledged")[0];
        assert_eq!(shown.id(), id);
        let end =
            time::OffsetDateTime::parse(expires_at, &time::format_description::well_known::Rfc3339)
                .expect("times are RFC 3339");
        let was_over = now() >= end;
        let answer = app.ask("GET", url, &[("Authorization", &bearer)], "");
        if was_over {
            answer.refused(410, "image_gone");
        } else if now() < end {
            assert_eq!(answer.status, 200, "{id} lives: {}", answer.body);
            assert_eq!(pixels(&answer.bytes), rgb(*seed));
            let entry = inventory.pictures.iter().find(|entry| entry.id == *id);
            let entry = entry.expect("it is in the table");
            assert_eq!((entry.room.as_deref(), entry.seq), (Some("lobby"), Some(*seq)));
        }
    }
    for event in &events {
        if let Some([Picture::Gone(gone)]) = event.images.as_deref() {
            let end = events.iter().filter(|e| e.image.as_deref() == Some(&gone.id)).count();
            assert_eq!((gone.gone.as_str(), end), ("expired", 1), "{gone:?}");
        }
    }
}

#[tokio::test]
async fn twenty_kills_among_uploads_lose_no_picture_and_leave_no_leftover() {
    let mut app = TestApp::with(&[
        "limits.messages_per_second=0",
        "images.sweep_ms=100",
        "images.disk_bytes=1000000000",
        "resume.grace_ms=3600000",
    ]);
    let ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    drop(ada);
    let ledger = Ledger::default();
    for round in 0..KILLS {
        let enough = ledger.acks.load(Ordering::Acquire) + 8 + rand::random_range(0..12);
        ledger.over.store(false, Ordering::Release);
        let pid = app.pid().to_string();
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| uploads_and_sends(&app, &token, &ledger));
            }
            while ledger.acks.load(Ordering::Acquire) < enough {
                std::thread::sleep(Duration::from_micros(200));
            }
            // At any moment of what is under way now.
            std::thread::sleep(Duration::from_micros(rand::random_range(0..8000)));
            let kill = std::process::Command::new("kill").args(["-KILL", &pid]).status();
            assert!(kill.is_ok_and(|status| status.success()));
            ledger.over.store(true, Ordering::Release);
        });
        app.wait();
        app.start_again();
        let known = ledger.known.lock().expect("nobody panics with it").clone();
        is_whole(&app, &token, &known);
        assert!(known.len() > round * 8);
    }
    assert!(ledger.acks.load(Ordering::Acquire) >= 200);
}

#[tokio::test]
async fn kills_among_deletions_leave_no_live_picture_without_and_no_dead_one_with_a_file() {
    let mut app = TestApp::with(&[
        "limits.messages_per_second=0",
        "images.disk_bytes=1000000000",
        "resume.grace_ms=3600000",
    ]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    for round in 0..4_u64 {
        let mut messages = Vec::new();
        for n in 0..30 {
            let [one, two] = [0, 1].map(|k| {
                ada.upload(&app, "lobby", &png_of(SIDE, SIDE, &rgb(round * 1000 + n * 2 + k)))
            });
            messages.push((ada.show("lobby", &[&one.id, &two.id]).await.seq, one, two));
        }
        // Every third message loses a picture, the others go as a whole.
        let token = ada.token.clone();
        let (single, whole): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|(seq, ..)| seq % 3 == 0);
        for (seq, ..) in &whole {
            ada.write(json!({ "type": "delete", "id": seq, "seq": seq }).to_string()).await;
        }
        let acked = std::thread::scope(|scope| {
            let retractions = scope.spawn(|| {
                let bearer = format!("Bearer {token}");
                let take_back = |one: &Uploaded| {
                    let path = format!("/api/v1/uploads/{}", one.id);
                    app.try_ask("DELETE", &path, &[("Authorization", &bearer)], "")
                };
                let gone = single.iter().map_while(|(_, one, _)| {
                    let answer = take_back(one).ok()?;
                    assert_eq!(answer.status, 204);
                    Some(one.id.clone())
                });
                gone.collect::<Vec<String>>()
            });
            std::thread::sleep(Duration::from_micros(rand::random_range(500..15_000)));
            let pid = app.pid().to_string();
            let kill = std::process::Command::new("kill").args(["-KILL", &pid]).status();
            assert!(kill.is_ok_and(|status| status.success()));
            retractions.join().expect("it ends")
        });
        app.wait();
        let ending = ada.ending().await;
        let deleted = ending.frames.iter().filter(|frame| frame.kind() == "deleted");
        let told: Vec<u64> = deleted.filter_map(|frame| frame.0["seq"].as_u64()).collect();
        app.start_again();
        assert_eq!(app.inventory().drafts, 0);
        app.log_and_disk_agree("lobby");
        let events = log(&app, "lobby");
        crate::stage::assert_dense(&events, 1);
        for seq in told {
            assert_eq!(events[seq as usize - 1].r#type, "deleted", "what was told is kept");
        }
        for id in acked {
            assert!(!app.has_files_of(&id), "a retraction was acknowledged");
        }
        // Half a deletion may have been cut short: its message says so.
        for (seq, one, two) in &whole {
            let message = &events[*seq as usize - 1];
            let shown = message.images.as_ref().expect("their places");
            for (picture, uploaded) in shown.iter().zip([one, two]) {
                assert_eq!(picture.lives(), app.has_files_of(&uploaded.id));
                assert!(!(message.deleted && picture.lives()));
            }
        }
        (ada, _) = app.resume(&token).await;
        ada.join("lobby").await;
    }
    // In the end everything can be deleted.
    let events = log(&app, "lobby");
    for event in events.iter().filter(|event| event.r#type == "message" && !event.deleted) {
        let frame = json!({ "type": "delete", "seq": event.seq });
        eventually("it is deleted", async || {
            (ada.ask(frame.clone()).await.kind() == "sent").then_some(())
        })
        .await;
    }
    assert!(app.uploads().is_empty());
}
