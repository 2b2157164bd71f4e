//! A picture comes in: what the answer says, which words may stand beside it, who may send it and
//! how often.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::stage::pictures::{gif, jpeg, jpeg_with, noise, png, webp};
use crate::stage::{Answer, Form, TestApp};

/// How long after its upload a picture goes, to the second.
fn life(uploaded: &str) -> i64 {
    let end = OffsetDateTime::parse(uploaded, &Rfc3339).expect("times are RFC 3339");
    // What has passed since then is less than half a second, or else the next one's rounding.
    ((end - OffsetDateTime::now_utc()) + Duration::milliseconds(500)).whole_seconds()
}

#[tokio::test]
async fn an_upload_answers_with_its_id_its_addresses_and_its_end_and_nothing_else() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let picture = png(31, 17, 1);
    let form = Form::of("lobby", &picture).field("alt", "A red bicycle").field("ttl", "3600");
    let answer = app.upload(&ada.token, form);
    let told: Value = answer.json(201);
    let id = told["id"].as_str().expect("an id");
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()));
    let url = format!("/uploads/{id}");
    assert_eq!(answer.header("location"), url);
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut names: Vec<&str> =
        told.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected = [
        "id",
        "url",
        "thumb_url",
        "width",
        "height",
        "type",
        "bytes",
        "alt",
        "expires_at",
        "metadata_removed",
    ];
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(
        (&told["url"], &told["thumb_url"]),
        (&url.clone().into(), &format!("{url}/thumb").into())
    );
    assert_eq!((&told["width"], &told["height"]), (&31.into(), &17.into()));
    assert_eq!((&told["type"], &told["alt"]), (&"image/png".into(), &"A red bicycle".into()));
    assert_eq!(told["metadata_removed"], Value::Array(Vec::new()));
    let stored = ada.fetch(&app, &url);
    assert_eq!(told["bytes"], stored.bytes.len());
    assert!((3595..=3600).contains(&life(told["expires_at"].as_str().expect("a time"))));
}

#[tokio::test]
async fn every_kind_comes_back_as_what_it_is_whatever_its_name_says() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    for (kind, picture) in [
        ("image/png", png(20, 10, 1)),
        ("image/jpeg", jpeg(20, 10, 2)),
        ("image/gif", gif(20, 10, 3)),
        ("image/webp", webp(20, 10, 3)),
    ] {
        let form = Form::default().field("room", "lobby").file("notes.txt", &picture);
        let told: Value = app.upload(&ada.token, form).json(201);
        assert_eq!(
            (&told["type"], &told["width"], &told["height"]),
            (&kind.into(), &20.into(), &10.into())
        );
        let shown = ada.fetch(&app, told["url"].as_str().expect("an address"));
        assert_eq!((shown.status, shown.header("content-type")), (200, kind));
        let thumb = ada.fetch(&app, told["thumb_url"].as_str().expect("an address"));
        assert!(thumb.header("content-type").starts_with("image/") && !thumb.bytes.is_empty());
    }
}

/// Exif with a maker's name and a place, little-endian.
fn exif(camera: &[u8; 16]) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend(2u16.to_le_bytes());
    // Make: 16 characters behind the directory; GPS: a directory behind them.
    for (tag, kind, count, value) in [(0x010f_u16, 2_u16, 16_u32, 38_u32), (0x8825, 4, 1, 54)] {
        tiff.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes()].concat());
        tiff.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    tiff.extend([0; 4]);
    tiff.extend(camera);
    tiff.extend(1u16.to_le_bytes());
    tiff.extend(b"\x01\0\x02\0\x02\0\0\0N\0\0\0\0\0\0\0");
    tiff
}

#[tokio::test]
async fn what_a_photograph_says_of_its_sender_is_named_and_lies_nowhere() {
    let mut app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let camera = b"Gossamer-Cam-77\0";
    let photograph = jpeg_with((40, 30), &noise(7, 3600), |encoder| {
        let exif = [b"Exif\0\0".as_slice(), &exif(camera)].concat();
        encoder.add_app_segment(1, exif).expect("it is short");
    });
    assert!(photograph.windows(12).any(|w| w == &camera[..12]));
    let told: Value = app.upload(&ada.token, Form::of("lobby", &photograph)).json(201);
    let removed = told["metadata_removed"].as_array().expect("a list");
    assert!(removed.contains(&"camera".into()) && removed.contains(&"location".into()), "{told}");
    for path in ["url", "thumb_url"] {
        let shown = ada.fetch(&app, told[path].as_str().expect("an address"));
        assert!(!shown.bytes.windows(8).any(|w| w == b"Gossamer"), "{path}");
    }
    assert_eq!(app.files_with("Gossamer"), Vec::<std::path::PathBuf>::new());
    app.stop();
    assert_eq!(app.files_with("Gossamer"), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn the_room_may_stand_in_the_address_or_be_left_out_where_it_is_clear() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let bearer = format!("Bearer {}", ada.token);
    let file = || Form::default().file("a.png", &png(4, 4, 1));
    let post = |path: &str, form: Form| {
        let kind = crate::stage::form_type();
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind.as_str())];
        app.ask("POST", path, &headers, form.finished())
    };
    assert_eq!(post("/api/v1/uploads?room=lobby", file()).status, 201);
    assert_eq!(post("/api/v1/uploads", file()).status, 201);
    assert_eq!(post("/api/v1/uploads", file().field("room", "lobby")).status, 201, "room last");
    ada.join("garden").await;
    let unclear = post("/api/v1/uploads", file());
    assert!((400..500).contains(&unclear.status), "{unclear:?}");
    assert_eq!(unclear.header("content-type"), "application/problem+json");
    post("/api/v1/uploads?room=attic", file()).refused(404, "room_not_found");
    post("/api/v1/uploads", file().field("room", "attic")).refused(404, "room_not_found");
    post("/api/v1/uploads?room=%20", file()).refused(422, "room_invalid");
    post("/api/v1/uploads", file().field("room", " ")).refused(422, "room_invalid");
    app.arrive("bob").await.leave_politely().await;
}

#[tokio::test]
async fn a_life_that_is_none_is_refused_and_leaves_nothing() {
    let app = TestApp::with(&["images.default_ttl_s=60", "images.max_ttl_s=100"]);
    let ada = app.arrive_in("lobby", "ada").await;
    let upload = |ttl: &str| -> Answer {
        app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)).field("ttl", ttl))
    };
    for ttl in ["0", "-1", "1.5", "101", "forever", "1e3", "0x10", "99999999999999999999999", "5 s"]
    {
        let refusal = upload(ttl).refused(422, "invalid_field");
        assert_eq!(refusal.field.as_deref(), Some("ttl"), "{ttl}");
    }
    app.uploads_are_empty().await;
    for (ttl, seconds) in [("1", 1), ("100", 100), ("default", 60), ("", 60)] {
        let told: Value = upload(ttl).json(201);
        let left = life(told["expires_at"].as_str().expect("a time"));
        assert!((seconds - 2..=seconds).contains(&left), "{ttl:?}: {left}");
    }
    let told: Value = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1))).json(201);
    assert!((58..=60).contains(&life(told["expires_at"].as_str().expect("a time"))));
}

#[tokio::test]
async fn words_beside_a_picture_may_be_long_but_not_endless() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let upload =
        |alt: &str| app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)).field("alt", alt));
    let longest = "é".repeat(1000);
    let told: Value = upload(&longest).json(201);
    assert_eq!(told["alt"], longest);
    let refusal = upload(&"é".repeat(1001)).refused(422, "text_too_long");
    assert_eq!(refusal.field.as_deref(), Some("alt"));
    let told: Value = upload("").json(201);
    assert_eq!(told["alt"], "");
}

#[tokio::test]
async fn nobody_uploads_without_a_token_and_no_page_elsewhere_at_all() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let form = || Form::of("lobby", &png(4, 4, 1)).finished();
    let kind = crate::stage::form_type();
    let post = |headers: &[(&str, &str)]| {
        let headers = [&[("Content-Type", kind.as_str())], headers].concat();
        app.ask("POST", "/api/v1/uploads", &headers, form())
    };
    let anonymous = post(&[]);
    anonymous.refused(401, "login_required");
    assert_eq!(anonymous.header("www-authenticate"), "Bearer");
    let wrong = format!("Bearer {}", ada.token.replace(|c: char| c.is_ascii_digit(), "0"));
    for header in [wrong.as_str(), "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "nonsense"] {
        post(&[("Authorization", header)]).refused(401, "bad_credentials");
    }
    let right = format!("Bearer {}", ada.token);
    for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
        let refused = post(&[("Authorization", &right), ("Origin", origin)]);
        refused.refused(403, "forbidden");
    }
    let own = app.url("");
    assert_eq!(post(&[("Authorization", &right), ("Origin", &own)]).status, 201);
    let told: Value = post(&[("Authorization", &right)]).json(201);
    let path = format!("/api/v1/uploads/{}", told["id"].as_str().expect("an id"));
    let foreign = [("Authorization", right.as_str()), ("Origin", "https://evil.example")];
    app.ask("DELETE", &path, &foreign, "").refused(403, "forbidden");
    app.ask("DELETE", &path, &[], "").refused(401, "login_required");
    assert_eq!(app.uploads().len(), 4, "two pictures and their thumbnails");
}

#[tokio::test]
async fn uploads_draw_from_a_bucket_of_their_own_and_messages_from_theirs() {
    let app = TestApp::with(&["limits.uploads_per_minute=5"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let upload = || app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)));
    // More than the bucket holds, faster than it fills.
    let answers: Vec<Answer> = (0..12).map(|_| upload()).collect();
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert!(refused.len() >= 3 && answers[..5].iter().all(|answer| answer.status == 201));
    for answer in refused {
        let refusal = answer.refused(429, "rate_limited");
        assert!(refusal.retry_after_ms.is_some_and(|millis| (1..=12_000).contains(&millis)));
        assert!(answer.header("retry-after").parse().is_ok_and(|s: u64| (1..=12).contains(&s)));
    }
    ada.say("lobby", "messages are not used up").await;
    let bob = app.arrive_in("lobby", "bob").await;
    bob.upload(&app, "lobby", &png(4, 4, 2));
}

#[tokio::test]
async fn a_pace_of_zero_lets_everybody_upload_as_fast_as_they_can() {
    let app = TestApp::with(&["limits.messages_per_second=0", "limits.burst=1"]);
    let ada = app.arrive_in("lobby", "ada").await;
    for seed in 0..40 {
        ada.upload(&app, "lobby", &png(4, 4, seed));
    }
    assert_eq!(app.uploads().len(), 80);
}

#[tokio::test]
async fn one_session_has_at_most_sixteen_uploads_under_way() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let mut under_way = Vec::new();
    let head = crate::stage::upload_head(&ada.token, "Content-Length: 5000\r\n")
        .replace("HOST", &app.address().to_string());
    let begun = Form::default().field("room", "lobby").file("a.png", &png(4, 4, 1)).unfinished();
    for _ in 0..16 {
        let mut socket = app.connect(None).await;
        socket.write(&[head.as_bytes(), &begun].concat()).await;
        under_way.push(socket);
    }
    // Each has its ticket once its draft is there.
    crate::stage::eventually("sixteen drafts", async || (app.uploads().len() == 16).then_some(()))
        .await;
    let refused = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)));
    refused.refused(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    let bob = app.arrive_in("lobby", "bob").await;
    let picture = bob.upload(&app, "lobby", &png(4, 4, 1));
    under_way.pop();
    let another = crate::stage::eventually("a place is free again", async || {
        let answer = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)));
        (answer.status == 201).then(|| answer.json::<crate::stage::Uploaded>(201))
    })
    .await;
    drop(under_way);
    crate::stage::eventually("only whole pictures are left", async || {
        (app.uploads().len() == 4).then_some(())
    })
    .await;
    assert!(app.has_files_of(&picture.id) && app.has_files_of(&another.id));
}

#[tokio::test]
async fn a_server_that_takes_no_pictures_says_so() {
    for setting in ["images.disk_bytes=0", "limits.images_per_message=0"] {
        let app = TestApp::with(&[setting]);
        let mut ada = app.knock().await;
        let welcome = ada.hello(serde_json::json!({ "nick": "ada" })).await;
        assert_eq!(welcome.limits["images_per_message"], 0, "{setting}");
        ada.join("lobby").await;
        let refusal = app.upload(&ada.token, Form::of("lobby", &png(4, 4, 1)));
        assert!(refusal.refused(403, "forbidden").message.contains("no pictures"), "{setting}");
        let id = "0".repeat(32);
        let frame = serde_json::json!({ "type": "send", "text": "see", "images": [id] });
        let code = ada.refused(frame).await.code;
        assert!(["too_many_images", "image_not_found"].contains(&code.as_str()), "{code}");
        ada.say("lobby", "words are welcome").await;
        app.uploads_are_empty().await;
    }
}
