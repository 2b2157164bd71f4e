//! Forms that no browser would send: each is refused in words, or its sender is gone; nothing is left.

use crate::stage::form::{goes_on, is_refused};
use crate::stage::pictures::{noise, pixels, png, png_of};
use crate::stage::{Answer, BOUNDARY, Form, Person, TestApp, Uploaded, form_type};

/// Posts bytes as a form of this content type.
fn post(app: &TestApp, who: &Person, kind: &str, body: Vec<u8>) -> Answer {
    let bearer = format!("Bearer {}", who.token);
    let mut headers = vec![("Authorization", bearer.as_str())];
    if !kind.is_empty() {
        headers.push(("Content-Type", kind));
    }
    app.ask("POST", "/api/v1/uploads", &headers, body)
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
