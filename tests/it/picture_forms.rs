//! Forms that no browser would send: each is refused in words, or its sender is gone; nothing is left.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stage::pictures::{noise, pixels, png, png_of};
use crate::stage::{
    Answer, BOUNDARY, Form, Person, RawSocket, TestApp, Uploaded, eventually, form_type,
    upload_head,
};

/// Posts bytes as a form of this content type.
fn post(app: &TestApp, who: &Person, kind: &str, body: Vec<u8>) -> Answer {
    let bearer = format!("Bearer {}", who.token);
    let mut headers = vec![("Authorization", bearer.as_str())];
    if !kind.is_empty() {
        headers.push(("Content-Type", kind));
    }
    app.ask("POST", "/api/v1/uploads", &headers, body)
}

/// A refusal in words, of any kind; never the server's fault.
fn is_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let problem: Value = serde_json::from_str(&answer.body).expect("a problem is JSON");
    let sentence = problem["detail"].as_str().expect("a sentence");
    assert!(sentence.ends_with('.'), "{what}: {sentence}");
}

/// The server is as it was: nothing on the disk, and the next upload comes in.
async fn goes_on(app: &TestApp, who: &Person) {
    app.uploads_are_empty().await;
    let uploaded = who.upload(app, "lobby", &png(4, 4, 1));
    assert_eq!(app.take_back(&who.token, &uploaded.id).status, 204);
    app.uploads_are_empty().await;
}

/// A connection with the head of an upload written.
async fn begins(app: &TestApp, who: &Person, more: &str) -> RawSocket {
    let mut socket = app.connect(None).await;
    let head = upload_head(&who.token, more).replace("HOST", &app.address().to_string());
    socket.write(head.as_bytes()).await;
    socket
}

#[tokio::test]
async fn what_is_missing_doubled_or_unknown_is_told_apart() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let picture = png(4, 4, 1);
    let post = |form: Form| app.upload(&ada.token, form);
    let refusal = post(Form::default().field("room", "lobby")).refused(422, "missing_field");
    assert_eq!(refusal.field.as_deref(), Some("file"));
    post(Form::default()).refused(422, "missing_field");
    let twice = Form::of("lobby", &picture).file("b.png", &picture);
    post(twice).refused(422, "invalid_field");
    is_refused(&post(Form::of("lobby", b"")), "an empty file");
    is_refused(&post(Form::of("lobby", b"\x89PNG")), "a beginning");
    // As a field: without a file's name.
    let field = Form::default().field("room", "lobby");
    let answer = post(field.part("Content-Disposition: form-data; name=\"file\"", &picture));
    assert_eq!(answer.status, 201, "a picture needs no name");
    let told: Uploaded = answer.json(201);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    let unknown = Form::of("lobby", &picture).field("colour", "red").file_named_else();
    let told: Uploaded = post(unknown).json(201);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    goes_on(&app, &ada).await;
}

impl Form {
    /// A file under a name that the server does not know.
    fn file_named_else(self) -> Self {
        let head = "Content-Disposition: form-data; name=\"attachment\"; filename=\"x.bin\"";
        self.part(head, &noise(1, 100_000))
    }
}

#[tokio::test]
async fn parts_are_counted_and_words_are_measured() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let many = |count: usize| {
        (0..count).fold(Form::default(), |form, n| form.field(&format!("p{n}"), "x"))
    };
    let full = many(14).field("room", "lobby").file("a.png", &png(4, 4, 1));
    let told: Uploaded = ada.upload_form(&app, full);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    let form = many(1000).field("room", "lobby").file("a.png", &png(4, 4, 1));
    app.upload(&ada.token, form).refused(422, "invalid_field");
    for name in ["room", "alt", "ttl"] {
        let form = Form::of("lobby", &png(4, 4, 1)).field(name, &"x".repeat(100_000));
        is_refused(&app.upload(&ada.token, form), name);
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        let form = Form::of("lobby", &png(4, 4, 1)).part(&head, b"\xff\xfe\0");
        is_refused(&app.upload(&ada.token, form), name);
    }
    let long = format!("X-Long: {}", "x".repeat(100_000));
    for head in [
        "Content-Type: image/png",
        "",
        "Content-Disposition: attachment; name=\"file\"",
        "Content-Disposition: nonsense",
        &long,
        &"X-Many: x\r\n".repeat(200),
    ] {
        let form = Form::default().field("room", "lobby").part(head.trim_end(), &png(4, 4, 1));
        is_refused(&app.upload(&ada.token, form), &head[..head.len().min(60)]);
    }
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn what_is_no_form_is_not_read_as_one() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let body = || Form::of("lobby", &png(4, 4, 1)).finished();
    for kind in [
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "application/json",
        "image/png",
        "application/x-www-form-urlencoded",
        "multipart",
        "nonsense",
    ] {
        let answer = post(&app, &ada, kind, body());
        answer.refused(415, "unsupported_media_type");
    }
    let other = post(&app, &ada, "multipart/form-data; boundary=another", body());
    is_refused(&other, "another boundary");
    is_refused(&post(&app, &ada, &form_type(), Vec::new()), "no body");
    is_refused(&post(&app, &ada, &form_type(), noise(1, 100_000)), "noise");
    is_refused(&post(&app, &ada, &form_type(), vec![b'\n'; 100_000]), "empty lines");
    is_refused(&post(&app, &ada, &form_type(), png(40, 40, 1)), "a bare picture");
    goes_on(&app, &ada).await;
}

/// The same bytes with another boundary.
fn with_boundary(body: &[u8], boundary: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(at) = memchr::memmem::find(rest, BOUNDARY.as_bytes()) {
        out.extend(&rest[..at]);
        out.extend(boundary.as_bytes());
        rest = &rest[at + BOUNDARY.len()..];
    }
    out.extend(rest);
    out
}

#[tokio::test]
async fn a_boundary_may_be_as_long_as_it_likes_or_is_refused() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let rgb = noise(3, 48);
    let body = Form::of("lobby", &png_of(4, 4, &rgb)).finished();
    for length in [1, 70, 71, 500, 4000] {
        let boundary = "x".repeat(length);
        let kind = format!("multipart/form-data; boundary={boundary}");
        let answer = post(&app, &ada, &kind, with_boundary(&body, &boundary));
        if answer.status == 201 {
            let told: Uploaded = answer.json(201);
            assert_eq!(pixels(&ada.fetch(&app, &told.url).bytes), rgb, "{length}");
            assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
        } else {
            assert!(length > 70, "RFC 2046 allows it: {answer:?}");
            is_refused(&answer, "a long boundary");
        }
    }
    goes_on(&app, &ada).await;
}

/// A PNG with these bytes in a comment.
fn png_with_comment(rgb: &[u8], comment: &[u8]) -> Vec<u8> {
    let plain = png_of(4, 4, rgb);
    // Behind signature (8) and header chunk (25).
    let (head, tail) = plain.split_at(33);
    [head, &crate::stage::pictures::chunk(b"tEXt", &[b"Comment\0", comment].concat()), tail]
        .concat()
}

#[tokio::test]
async fn a_boundary_inside_a_picture_ends_it_only_where_it_is_one() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let rgb = noise(4, 48);
    for comment in [
        BOUNDARY.to_owned(),
        format!("--{BOUNDARY}"),
        format!("\n--{BOUNDARY}\n"),
        format!("\r\n-{BOUNDARY}\r\n"),
        format!("\r\n--{}", &BOUNDARY[..BOUNDARY.len() - 1]),
    ] {
        let picture = png_with_comment(&rgb, comment.as_bytes());
        let told = ada.upload(&app, "lobby", &picture);
        assert_eq!(pixels(&ada.fetch(&app, &told.url).bytes), rgb, "{comment:?}");
        assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    }
    // Here the form says that the picture has ended; a line break may be half of one.
    for comment in [
        format!("\r--{BOUNDARY}\r"),
        format!("\r\n--{BOUNDARY}--\r\n"),
        format!("\r\n--{BOUNDARY}\r\n"),
        format!("\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\nx"),
        format!("\r\n--{BOUNDARY}and more"),
    ] {
        let picture = png_with_comment(&rgb, comment.as_bytes());
        is_refused(&app.upload(&ada.token, Form::of("lobby", &picture)), &comment);
    }
    goes_on(&app, &ada).await;
}

#[tokio::test]
async fn a_form_without_its_end_is_refused() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let form = Form::of("lobby", &png(40, 40, 1));
    let (open, whole) = (form.clone().unfinished(), form.finished());
    for cut in [open.len() - 2, open.len() - 30, open.len() / 2, 100, 20, 1] {
        let answer = post(&app, &ada, &form_type(), open[..cut].to_vec());
        is_refused(&answer, &format!("cut at {cut} of {}", open.len()));
    }
    // The last line break is not worth a refusal, and what follows is not read.
    let told: Uploaded =
        post(&app, &ada, &form_type(), whole[..whole.len() - 2].to_vec()).json(201);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    let more = [whole.clone(), noise(1, 10_000)].concat();
    let answer = post(&app, &ada, &form_type(), more);
    let told: Uploaded = answer.json(201);
    assert_eq!(app.take_back(&ada.token, &told.id).status, 204);
    goes_on(&app, &ada).await;
}

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
    app.uploads_are_empty().await;
    assert!(app.inventory().pictures.is_empty());
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
