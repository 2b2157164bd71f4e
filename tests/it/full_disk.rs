//! A disk that takes no more: what was acknowledged stays, reading goes on, and once there is
//! space again so does everything.

use rlimit::{Resource, prlimit};
use serde_json::json;

use crate::stage::{Person, Sent, SmallDisk, TestApp, eventually, log, texts};

/// Says things until one is refused for lack of space; returns how many were acknowledged.
async fn talks_until_full(ada: &mut Person) -> usize {
    let text = "x".repeat(3900);
    for said in 0..5000 {
        let answer = ada.ask(json!({ "type": "send", "room": "lobby", "text": text })).await;
        if answer.kind() == "error" {
            let code = answer.0["code"].as_str().expect("a code");
            assert!(["storage_full", "busy"].contains(&code), "{answer:?}");
            assert!(answer.0["retry_after_ms"].as_u64().is_some());
            return said;
        }
    }
    panic!("the disk does not fill");
}

/// What still works, and what does not, while the disk is full.
async fn goes_on_without_writing(app: &TestApp, ada: &mut Person, acked: usize) {
    assert_eq!(log(app, "lobby").len(), acked, "reading goes on");
    let joined = ada.join("lobby").await;
    assert_eq!(joined.room.seq as usize, acked);
    let mut bob = app.arrive_in("lobby", "bob").await;
    assert_eq!(ada.next_presence().await.joined[0].nick, "bob", "people come");
    bob.write(json!({ "type": "typing", "on": true }).to_string()).await;
    ada.wait_for(|frame| frame.kind() == "typing").await;
    bob.leave_politely().await;
    assert_eq!(ada.next_presence().await.left[0].nick, "bob", "and go");
    let answer = app.get("/readyz");
    assert!([503, 507].contains(&answer.status), "{answer:?}");
    assert_eq!(app.get("/healthz").status, 200);
    let answer = app.post("lobby", "?nick=carol", &[], "anybody?");
    assert!([503, 507].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

/// There is space again.
async fn recovers(app: &mut TestApp, ada: &mut Person, acked: usize) {
    let sent = eventually("sends are kept again", async || {
        let frame = json!({ "type": "send", "room": "lobby", "text": "at last" });
        let mut ada = app.arrive(&format!("eve {}", rand::random::<u32>())).await;
        ada.join("lobby").await;
        let answer = ada.ask(frame).await;
        (answer.kind() == "sent").then(|| answer.as_a::<Sent>("sent"))
    })
    .await;
    assert_eq!(sent.seq as usize, acked + 1, "the order goes on where it stood");
    assert_eq!(ada.say("lobby", "indeed").await.seq, sent.seq + 1);
    eventually("it is ready again", async || (app.get("/readyz").status == 200).then_some(()))
        .await;
    app.crash();
    let truth = log(app, "lobby");
    crate::stage::assert_dense(&truth, 1);
    assert_eq!(texts(&truth)[acked..], ["at last", "indeed"]);
}

#[tokio::test]
async fn a_file_size_limit_refuses_sends_and_nothing_else_and_is_recovered_from() {
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let pid = app.pid() as i32;
    let (mut soft, mut hard) = (0, 0);
    prlimit(pid, Resource::FSIZE, None, Some((&mut soft, &mut hard))).expect("it is ours");
    prlimit(pid, Resource::FSIZE, Some((1 << 20, hard)), None).expect("it is ours");
    let acked = talks_until_full(&mut ada).await;
    assert!(acked > 0);
    // Smaller messages would still fit: from here on nothing does.
    prlimit(pid, Resource::FSIZE, Some((16 << 10, hard)), None).expect("it is ours");
    goes_on_without_writing(&app, &mut ada, acked).await;
    prlimit(pid, Resource::FSIZE, Some((soft, hard)), None).expect("it is ours");
    recovers(&mut app, &mut ada, acked).await;
}

#[tokio::test]
async fn a_full_disk_refuses_sends_and_nothing_else_and_is_recovered_from() {
    let Some(disk) = SmallDisk::mount(8) else {
        eprintln!("skipped: this user may not mount a file system");
        return;
    };
    let settings = ["limits.messages_per_second=0"];
    let mut app = TestApp::with_data_in(&disk.path().join("data"), &settings);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "while there is space").await;
    disk.fill();
    let acked = 1 + talks_until_full(&mut ada).await;
    goes_on_without_writing(&app, &mut ada, acked).await;
    disk.free();
    recovers(&mut app, &mut ada, acked).await;
    drop(app);
}

#[tokio::test]
async fn a_disk_that_fills_by_talk_alone_loses_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::mount(3) else {
        eprintln!("skipped: this user may not mount a file system");
        return;
    };
    let settings = ["limits.messages_per_second=0"];
    let mut app = TestApp::with_data_in(&disk.path().join("data"), &settings);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let acked = talks_until_full(&mut ada).await;
    assert_eq!(log(&app, "lobby").len(), acked);
    drop(ada);
    app.kill();
    // A new start on a full disk may be refused; with space it must find everything.
    let more = std::process::Command::new("mount")
        .args(["-o", "remount,size=32m"])
        .arg(disk.path())
        .status();
    assert!(more.is_ok_and(|status| status.success()));
    app.start_again();
    let truth = log(&app, "lobby");
    crate::stage::assert_dense(&truth, 1);
    assert_eq!(truth.len(), acked);
}
