//! Bodies that stop, trickle, lie about their length or have no end: each is answered in time or its
//! sender is gone; nothing is left.

use std::time::{Duration, Instant};

use crate::stage::form::{begins, goes_on, is_refused};
use crate::stage::pictures::{noise, pixels, png, png_of};
use crate::stage::{Answer, Form, Person, TestApp, Uploaded, eventually, upload_head};

#[tokio::test]
async fn who_hangs_up_half_way_leaves_nothing_behind() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(120, 90, 1)).finished();
    let length = format!("Content-Length: {}\r\n", body.len());
    for round in 0..48 {
        let mut socket = begins(&app, &ada, &length).await;
        let part = body.len() * round / 47;
        // The last byte never comes.
        socket.write(&body[..part.min(body.len() - 1)]).await;
        if round % 2 == 0 { drop(socket) } else { socket.reset() }
    }
    // More than may be under way at once: their tickets came back.
    eventually("uploads come in again", async || {
        let answer = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)));
        let told = (answer.status == 201).then(|| answer.json::<Uploaded>(201))?;
        (app.take_back(&ada.token, &told.id).status == 204).then_some(())
    })
    .await;
    goes_on(&app, &ada).await;
    assert!(app.inventory().pictures.is_empty());
}

#[tokio::test]
async fn who_hangs_up_before_the_answer_leaves_at_most_a_picture_that_nobody_sends() {
    let app =
        TestApp::with(&["limits.messages_per_second=0", "images.claim_s=1", "images.sweep_ms=100"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(120, 90, 1)).finished();
    let length = format!("Content-Length: {}\r\n", body.len());
    for round in 0..12 {
        let mut socket = begins(&app, &ada, &length).await;
        socket.write(&body).await;
        if round % 2 == 0 { drop(socket) } else { socket.reset() }
    }
    // Those that were read to their end are pictures for a second.
    eventually("all of them were looked at", async || {
        app.uploads().iter().any(|name| !name.ends_with(".tmp")).then_some(())
    })
    .await;
    eventually("table and disk hold nothing", async || {
        let (agrees, inventory) = app.take_stock();
        (agrees && inventory.pictures.is_empty() && app.uploads().is_empty()).then_some(())
    })
    .await;
    let told = ada.upload(&app, "lobby", &png(4, 4, 1));
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
}

#[tokio::test]
async fn who_says_no_more_half_way_is_told_or_cut_off() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(40, 40, 1)).finished();
    for part in [0, 10, 300, body.len() - 1] {
        let mut socket = begins(&app, &ada, "Content-Length: 100000\r\n").await;
        socket.write(&body[..part]).await;
        socket.says_no_more().await;
        let told = socket.everything().await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{part}: {told}");
    }
    goes_on(&app, &ada).await;
}

/// Sends a few bytes now and then until it is answered.
async fn trickles(app: &TestApp, who: &Person) -> Answer {
    let mut body = Form::of("lobby", &png(200, 200, 1)).finished().into_iter();
    let mut socket = begins(app, who, "Content-Length: 100000\r\n").await;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            answer = socket.peek() => {
                assert!(answer, "it answers before it closes");
                return socket.answer().await;
            }
            _ = ticks.tick() => {
                let few: Vec<u8> = body.by_ref().take(8).collect();
                socket.write(&few).await;
            }
        }
    }
}

/// Sends `part` and nothing more; returns the answer and how long it took.
async fn falls_silent(app: &TestApp, who: &Person, part: &[u8]) -> (Answer, Duration) {
    let since = Instant::now();
    let mut socket = begins(app, who, "Content-Length: 100000\r\n").await;
    socket.write(part).await;
    (socket.answer().await, since.elapsed())
}

#[tokio::test]
async fn who_falls_silent_or_trickles_is_told_that_it_took_too_long() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(40, 40, 1)).finished();
    let (trickle, nothing, half, all) = tokio::join!(
        trickles(&app, &ada),
        falls_silent(&app, &ada, b""),
        falls_silent(&app, &ada, &body[..body.len() / 2]),
        falls_silent(&app, &ada, &body[..body.len() - 1]),
    );
    trickle.refused(408, "request_timeout");
    for (answer, took) in [nothing, half, all] {
        answer.refused(408, "request_timeout");
        assert!(took < Duration::from_secs(20), "nobody waits for who is silent: {took:?}");
    }
    goes_on(&app, &ada).await;
}

/// Bytes as one chunk.
fn chunked(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

#[tokio::test]
async fn a_body_of_unknown_length_is_measured_as_it_comes() {
    let app = TestApp::with(&["limits.image_bytes=65536", "limits.messages_per_second=0"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let rgb = noise(5, 48);
    let body = Form::of("lobby", &png_of(4, 4, &rgb)).finished();
    let mut socket = begins(&app, &ada, "Transfer-Encoding: chunked\r\n").await;
    for byte in body.chunks(7) {
        socket.write(&chunked(byte)).await;
    }
    socket.write(b"0\r\n\r\n").await;
    let told: Uploaded = socket.answer().await.json(201);
    assert_eq!(pixels(&ada.fetch(&app, &told.url).bytes), rgb);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);

    // A picture beyond the limit, then parts beyond it that are none.
    let picture = Form::of("lobby", &png(400, 400, 1)).unfinished();
    let words = Form::default().file_named_else().file_named_else().file_named_else();
    let words = words.file_named_else().file_named_else().finished();
    for (body, code) in [(picture, "image_too_large"), (words, "payload_too_large")] {
        let mut socket = begins(&app, &ada, "Transfer-Encoding: chunked\r\n").await;
        for part in body.chunks(8000) {
            socket.write(&chunked(part)).await;
        }
        socket.write(b"0\r\n\r\n").await;
        socket.answer().await.refused(413, code);
    }
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn a_body_without_an_end_is_refused_and_fills_no_memory() {
    let app = TestApp::with(&["limits.image_bytes=65536", "limits.messages_per_second=0"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let mut socket = begins(&app, &ada, "Transfer-Encoding: chunked\r\n").await;
    socket.write(&chunked(&Form::of("lobby", &png(4, 4, 1)).unfinished())).await;
    let more = chunked(&noise(1, 1 << 20));
    let rest = app.rss();
    for _ in 0..100 {
        socket.write(&more).await;
    }
    assert!(app.rss() < rest + (16 << 20), "{} after {rest}", app.rss());
    is_refused(&socket.answer().await, "a hundred MiB and more to come");
    drop(socket);
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn a_length_that_is_too_much_is_refused_before_the_body() {
    let app = TestApp::with(&["limits.image_bytes=65536", "limits.messages_per_second=0"]);
    let ada = app.arrive_in("lobby", "ada").await;
    for length in ["200000", "999999999999999999", "9223372036854775807"] {
        let more = format!("Content-Length: {length}\r\n");
        let mut socket = begins(&app, &ada, &more).await;
        socket.says_no_more().await;
        let told = socket.everything().await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 413"), "{length}: {told}");
        assert!(app.uploads().is_empty(), "nothing was begun");
    }
    for length in ["-1", "1e9", "0x10", "99999999999999999999999", "5, 6"] {
        let more = format!("Content-Length: {length}\r\n");
        let mut socket = begins(&app, &ada, &more).await;
        socket.says_no_more().await;
        let told = socket.everything().await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{length}: {told}");
    }
    let both = "Content-Length: 5\r\nContent-Length: 600\r\n";
    let mut socket = begins(&app, &ada, both).await;
    socket.says_no_more().await;
    let told = socket.everything().await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn a_length_that_is_too_small_ends_the_form_early() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(40, 40, 1)).finished();
    let more = format!("Content-Length: {}\r\n", body.len() / 2);
    let mut socket = begins(&app, &ada, &more).await;
    let _ = socket.try_write(&body).await;
    let answer = socket.answer().await;
    is_refused(&answer, "half of it");
    drop(socket);
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn who_asks_before_sending_is_let_in_or_refused() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = Form::of("lobby", &png(40, 40, 1)).finished();
    let more = format!("Content-Length: {}\r\nExpect: 100-continue\r\n", body.len());
    let mut socket = begins(&app, &ada, &more).await;
    assert_eq!(socket.answer().await.status, 100);
    socket.write(&body).await;
    let told: Uploaded = socket.answer().await.json(201);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    let mut socket = app.connect(None).await;
    let head = upload_head("nonsense", &more).replace("HOST", &app.address().to_string());
    socket.write(head.as_bytes()).await;
    let mut answer = socket.answer().await;
    if answer.status == 100 {
        let _ = socket.try_write(&body).await;
        answer = socket.answer().await;
    }
    answer.refused(401, "bad_credentials");
    drop(socket);
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn who_sends_too_much_gets_to_read_why() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    // A program that writes all of it before it reads: 20 MiB where 10 are allowed.
    let form = Form::of("lobby", &[png(4, 4, 1), noise(1, 20 << 20)].concat());
    app.upload(&ada.token, form).refused(413, "image_too_large");
    // And one that is refused by its first bytes.
    let film = [b"\0\0\0\x18ftypisom".as_slice(), &noise(2, 9 << 20)].concat();
    app.upload(&ada.token, Form::of("lobby", &film)).refused(415, "image_unsupported");
    app.upload("nonsense", Form::of("lobby", &film)).refused(401, "bad_credentials");
    goes_on(&app, &ada).await;
}
