//! The promise of how much disk pictures take: kept by refusing, or by letting the oldest go; and a
//! disk that is full takes no picture and loses no word.

use rlimit::{Resource, prlimit};
use serde_json::json;

use crate::stage::pictures::{noise, png};
use crate::stage::{Form, Frame, SmallDisk, TestApp, Uploaded, eventually, log};

const IMAGE_BYTES: &str = "limits.image_bytes=20000";

/// About 12 KiB with its thumbnail.
fn picture(seed: u64) -> Vec<u8> {
    png(48, 48, seed)
}

/// Uploads until one is refused; returns those that were taken.
fn fills(app: &TestApp, token: &str, room: &str, most: u64) -> Vec<Uploaded> {
    let mut taken = Vec::new();
    for seed in 0..200 {
        let answer = app.upload(token, Form::of(room, &picture(seed)));
        assert!(app.uploads_bytes() <= most, "{} of {most} bytes", app.uploads_bytes());
        if answer.status != 201 {
            answer.refused(507, "storage_full");
            return taken;
        }
        taken.push(answer.json(201));
    }
    panic!("{most} bytes do not fill");
}

fn with(disk: u64, more: &[&str]) -> TestApp {
    let disk = format!("images.disk_bytes={disk}");
    let settings = ["limits.messages_per_second=0", IMAGE_BYTES, "images.sweep_ms=100", &disk];
    TestApp::with(&[settings.as_slice(), more].concat())
}

#[tokio::test]
async fn a_full_store_refuses_and_every_picture_lives_as_long_as_was_promised() {
    let most = 200_000;
    let mut app = with(most, &["images.person_share=100", "images.room_share=100"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let first = ada.upload_for(&app, "lobby", 60, &picture(900));
    ada.show("lobby", &[&first.id]).await;
    let taken = fills(&app, &token, "lobby", most);
    assert!(taken.len() >= 8, "{}", taken.len());
    for uploaded in [&first, &taken[0], taken.last().expect("some")] {
        assert_eq!(ada.fetch(&app, &uploaded.url).status, 200);
    }
    ada.say("lobby", "words take no place").await;
    assert!(!log(&app, "lobby").iter().any(|event| event.r#type == "expired"));
    // Full after a restart as well, and free again once one has gone.
    drop(ada);
    app.restart();
    let (ada, _) = app.resume(&token).await;
    app.upload(&token, Form::of("lobby", &picture(901))).refused(507, "storage_full");
    assert_eq!(app.take_back(&token, &taken[0].id).status, 204);
    ada.upload(&app, "lobby", &picture(902));
    app.upload(&token, Form::of("lobby", &picture(903))).refused(507, "storage_full");
    assert_eq!(app.inventory().bytes_on_disk, app.uploads_bytes());
}

#[tokio::test]
async fn many_at_once_do_not_get_past_the_promise_either() {
    let most = 120_000;
    let app = with(most, &["images.person_share=100", "images.room_share=100"]);
    let mut tokens = Vec::new();
    let mut people = Vec::new();
    for n in 0..6 {
        let person = app.arrive_in("lobby", &format!("p{n}")).await;
        tokens.push(person.token.clone());
        people.push(person);
    }
    let refused = std::thread::scope(|scope| {
        let upload = |(n, token): (usize, &String)| {
            let (app, token) = (&app, token.clone());
            scope.spawn(move || {
                let one = |seed| app.upload(&token, Form::of("lobby", &picture(seed))).status;
                let statuses: Vec<u16> = (0..8).map(|k| one(n as u64 * 100 + k)).collect();
                assert!(statuses.iter().all(|status| [201, 507].contains(status)), "{statuses:?}");
                statuses.iter().filter(|status| **status == 507).count()
            })
        };
        let threads: Vec<_> = tokens.iter().enumerate().map(upload).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).sum::<usize>()
    });
    assert!(refused > 20, "{refused}");
    let inventory = app.inventory();
    assert!(inventory.bytes_on_disk <= most && inventory.pictures.len() >= 4);
}

#[tokio::test]
async fn a_full_store_may_let_the_oldest_go_with_a_tombstone() {
    let most = 200_000;
    let more = ["images.when_full=oldest", "images.person_share=100", "images.room_share=100"];
    let app = with(most, &more);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mut shown: Vec<Uploaded> = Vec::new();
    for seed in 0..40 {
        let uploaded = ada.upload(&app, "lobby", &picture(seed));
        ada.show("lobby", &[&uploaded.id]).await;
        shown.push(uploaded);
    }
    // In the order in which they came.
    let mut gone = 0;
    while gone < 15 {
        let event = bob.next_event().await;
        if event.r#type == "expired" {
            assert_eq!(event.image.as_deref(), Some(&*shown[gone].id));
            assert!(!app.has_files_of(&shown[gone].id));
            bob.fetch(&app, &shown[gone].url).refused(410, "image_gone");
            gone += 1;
        }
    }
    eventually("the promise holds", async || (app.uploads_bytes() <= most).then_some(())).await;
    assert_eq!(bob.fetch(&app, &shown[39].url).status, 200);
    app.log_and_disk_agree("lobby");
    app.inventory();
    // One that can never fit is refused, and nobody has to go for it.
    let before = app.uploads();
    let tiny = with(21_000, &["images.when_full=oldest"]);
    let eve = tiny.arrive_in("lobby", "eve").await;
    let fits = eve.upload(&tiny, "lobby", &picture(1));
    let large = Form::of("lobby", &png(78, 78, 2));
    tiny.upload(&eve.token, large).refused(507, "storage_full");
    assert_eq!(eve.fetch(&tiny, &fits.url).status, 200);
    assert_eq!(app.uploads(), before);
}

#[tokio::test]
async fn nobody_and_no_room_takes_more_than_their_share() {
    // A share has room for four of the largest pictures, 80,000 bytes.
    let app = with(1_000_000, &["images.person_share=10", "images.room_share=20"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let bob = app.arrive_in("lobby", "bob").await;
    let carol = app.arrive_in("lobby", "carol").await;
    app.arrive_in("garden", "dan").await.leave_politely().await;
    fills(&app, &ada.token, "lobby", 100_000);
    assert!(app.uploads_bytes() > 80_000);
    // Nor elsewhere: it is the person's share.
    app.upload(&ada.token, Form::of("garden", &picture(1))).refused(507, "storage_full");
    fills(&app, &bob.token, "lobby", 200_000);
    assert!(fills(&app, &carol.token, "lobby", 200_000).len() < 4);
    assert!(app.uploads_bytes() > 180_000);
    carol.upload(&app, "garden", &picture(2));
    app.inventory();
}

#[tokio::test]
async fn a_share_that_is_used_up_lets_its_own_oldest_go_and_nobody_elses() {
    let more = ["images.when_full=oldest", "images.person_share=10", "images.room_share=100"];
    let app = with(1_000_000, &more);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let bobs = bob.upload(&app, "lobby", &picture(500));
    bob.show("lobby", &[&bobs.id]).await;
    let mut mine = Vec::new();
    for seed in 0..12 {
        let uploaded = ada.upload(&app, "lobby", &picture(seed));
        ada.show("lobby", &[&uploaded.id]).await;
        mine.push(uploaded);
    }
    let first = |frame: &Frame| frame.kind() == "expired";
    let event = bob.wait_for(first).await;
    assert_eq!(event.0["image"], *mine[0].id);
    assert_eq!(bob.fetch(&app, &bobs.url).status, 200, "though it is older");
    eventually("her share holds", async || (app.uploads_bytes() <= 100_000 + 20_000).then_some(()))
        .await;
}

#[tokio::test]
async fn a_disk_that_takes_no_more_refuses_pictures_and_keeps_every_word() {
    let mut app = TestApp::unhurried();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let kept = ada.upload(&app, "lobby", &picture(1));
    ada.show("lobby", &[&kept.id]).await;
    let pid = app.pid() as i32;
    let (mut soft, mut hard) = (0, 0);
    prlimit(pid, Resource::FSIZE, None, Some((&mut soft, &mut hard))).expect("it is ours");
    // Drafts of more than that cannot be written; the log's files are larger already.
    prlimit(pid, Resource::FSIZE, Some((1000, hard)), None).expect("it is ours");
    for seed in 0..20 {
        app.upload(&token, Form::of("lobby", &picture(seed))).refused(507, "storage_full");
    }
    eventually("nothing is left over", async || (app.uploads().len() == 2).then_some(())).await;
    assert_eq!(ada.fetch(&app, &kept.url).status, 200, "reading goes on");
    let answer = ada.ask(json!({ "type": "send", "text": "anybody?" })).await;
    assert!(["sent", "error"].contains(&answer.kind()));
    prlimit(pid, Resource::FSIZE, Some((soft, hard)), None).expect("it is ours");
    let later = eventually("pictures are kept again", async || {
        let answer = app.upload(&token, Form::of("lobby", &picture(2)));
        (answer.status == 201).then(|| answer.json::<Uploaded>(201))
    })
    .await;
    let shown = eventually("and sent again", async || {
        let frame = json!({ "type": "send", "images": [later.id], "client_id": "k" });
        (ada.ask(frame).await.kind() == "sent").then_some(())
    });
    shown.await;
    drop(ada);
    app.crash();
    app.inventory();
    app.log_and_disk_agree("lobby");
}

#[tokio::test]
async fn a_full_disk_takes_no_picture_and_leaves_room_for_words() {
    let Some(disk) = SmallDisk::mount(10) else {
        eprintln!("skipped: this user may not mount a file system");
        return;
    };
    let settings =
        ["limits.messages_per_second=0", "images.person_share=100", "images.sweep_ms=100"];
    let mut app = TestApp::with_data_in(&disk.path().join("data"), &settings);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let token = ada.token.clone();
    let fleeting = ada.upload_for(&app, "lobby", 3, &picture(1));
    ada.show("lobby", &[&fleeting.id]).await;
    // About 180 KiB each.
    let large = |seed| Form::of("lobby", &png(250, 250, seed));
    let mut taken = Vec::new();
    let refused = loop {
        let answer = app.upload(&token, large(taken.len() as u64));
        if answer.status != 201 {
            break answer;
        }
        taken.push(answer.json::<Uploaded>(201));
        assert!(taken.len() < 100, "the disk does not fill");
    };
    refused.refused(507, "storage_full");
    assert!(taken.len() > 10);
    // Pictures have left something for the log: a tenth of the disk. A commit takes whole pages of it,
    // 16.5 KiB for one such message.
    for _ in 0..50 {
        ada.say("lobby", &"x".repeat(2000)).await;
    }
    disk.fill();
    for seed in 0..10 {
        app.upload(&token, large(seed)).refused(507, "storage_full");
    }
    let files = 2 * (taken.len() + 1);
    assert!(app.uploads().len() <= files, "{:?}", app.uploads());
    assert_eq!(ada.fetch(&app, &taken[0].url).status, 200, "reading goes on");
    // What ends, ends also now: its files make the room for saying so.
    eventually("its files go", async || (!app.has_files_of(&fleeting.id)).then_some(())).await;
    disk.free();
    ada.wait_for(|frame| frame.kind() == "expired").await;
    ada.fetch(&app, &fleeting.url).refused(410, "image_gone");
    drop(ada);
    app.crash();
    app.inventory();
    app.log_and_disk_agree("lobby");
    drop(app);
}

#[tokio::test]
async fn noise_is_noise() {
    // The tests here rely on pictures that nothing makes smaller.
    assert_ne!(noise(1, 100), noise(2, 100));
    assert!(picture(1).len() > 48 * 48 * 3 && png(78, 78, 2).len() < 20_000);
}
