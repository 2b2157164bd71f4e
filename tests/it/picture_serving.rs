//! How a picture is served: as what it is, under a safe name, in parts, and with what a browser may do
//! with it.

use crate::stage::pictures::{gif, jpeg, png, shown_in_the_lobby, webp};
use crate::stage::{Answer, Form, Person, TestApp, Uploaded};

/// What a picture may do that somebody opens by itself: nothing.
const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

fn head(app: &TestApp, who: &Person, path: &str) -> Answer {
    let bearer = format!("Bearer {}", who.token);
    app.ask("HEAD", path, &[("Authorization", &bearer)], "")
}

#[tokio::test]
async fn every_kind_is_served_as_what_it_is_and_may_do_nothing() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    for (kind, end, picture) in [
        ("image/png", "png", png(20, 10, 1)),
        ("image/jpeg", "jpg", jpeg(20, 10, 2)),
        ("image/gif", "gif", gif(20, 10, 2)),
        ("image/webp", "webp", webp(20, 10, 3)),
    ] {
        let uploaded = ada.upload(&app, "lobby", &picture);
        for path in [&uploaded.url, &uploaded.thumb_url] {
            let answer = ada.fetch(&app, path);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("content-security-policy"), POLICY);
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(answer.header("accept-ranges"), "bytes");
            assert_eq!(answer.headers.get_all("content-type").iter().count(), 1);
            assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1);
            assert!(!answer.header("etag").is_empty());
            assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
            assert_eq!(answer.header("content-encoding"), "");
            let head = head(&app, &ada, path);
            assert_eq!((head.status, head.bytes.len()), (200, 0));
            for name in ["content-type", "content-length", "etag", "cache-control"] {
                assert_eq!(head.header(name), answer.header(name), "{name}");
            }
        }
        let answer = ada.fetch(&app, &uploaded.url);
        assert_eq!(answer.header("content-type"), kind);
        let name = format!("inline; filename=\"picture.{end}\"");
        assert_eq!(answer.header("content-disposition"), name);
    }
}

#[tokio::test]
async fn a_browser_keeps_it_no_longer_than_it_lives() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    let max_age = |ttl: u64| {
        let uploaded = ada.upload_for(&app, "lobby", ttl, &png(4, 4, ttl));
        let answer = ada.fetch(&app, &uploaded.url);
        let rest = answer.header("cache-control").strip_prefix("private, max-age=").map(str::parse);
        rest.expect("private, with an age").expect("a number of seconds")
    };
    assert!((0..=2).contains(&max_age(2)));
    assert!((95..=100).contains(&max_age(100)));
    assert_eq!(max_age(86_400), 300, "what is taken back is soon gone there, too");
}

#[tokio::test]
async fn what_a_browser_has_it_does_not_get_again() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, bytes) = shown_in_the_lobby(&app, &mut ada).await;
    let first = ada.fetch(&app, &picture.url);
    let tag = first.header("etag");
    let same = ada.fetch_with(&app, &picture.url, &[("If-None-Match", tag)]);
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    assert_eq!(same.header("etag"), tag);
    assert!(same.header("cache-control").starts_with("private"));
    let other = ada.fetch_with(&app, &picture.url, &[("If-None-Match", "\"other\"")]);
    assert_eq!((other.status, other.bytes), (200, bytes));
    let modified = first.header("last-modified");
    let since = ada.fetch_with(&app, &picture.url, &[("If-Modified-Since", modified)]);
    assert_eq!(since.status, 304);
    // Not without a token, whatever is known of it.
    let tagged = [("If-None-Match", tag)];
    app.ask("GET", &picture.url, &tagged, "").refused(401, "login_required");
}

#[tokio::test]
async fn a_part_of_it_is_just_that_part() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, bytes) = shown_in_the_lobby(&app, &mut ada).await;
    let all = bytes.len();
    let range = |range: &str| ada.fetch_with(&app, &picture.url, &[("Range", range)]);
    let last = format!("bytes={}-", all - 5);
    for (asked, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=0-15", 0..16),
        ("bytes=100-199", 100..200),
        (&last, all - 5..all),
        ("bytes=-7", all - 7..all),
        ("bytes=10-99999999", 10..all),
    ] {
        let answer = range(asked);
        assert_eq!(answer.status, 206, "{asked}");
        assert_eq!(answer.bytes, bytes[part.clone()], "{asked}");
        let told = format!("bytes {}-{}/{all}", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), told);
        assert_eq!(answer.header("content-security-policy"), POLICY);
        assert_eq!(answer.header("content-type"), "image/png");
    }
    for asked in [format!("bytes={all}-"), "bytes=99999999-".to_owned(), "bytes=5-2".to_owned()] {
        let answer = range(&asked);
        assert_eq!(answer.status, 416, "{asked}");
        assert_eq!(answer.header("content-range"), format!("bytes */{all}"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_download_has_a_name_that_hurts_nobody() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let long = "x".repeat(10_000);
    let named = |name: &str| {
        let form = Form::default().field("room", "lobby").file(name, &png(4, 4, 1));
        let uploaded = ada.upload_form(&app, form);
        ada.fetch(&app, &uploaded.url).header("content-disposition").to_owned()
    };
    for (given, told) in [
        ("holiday.jpeg", "inline; filename=\"holiday.png\""),
        ("../../etc/passwd", "inline; filename=\"etcpasswd.png\""),
        ("C:\\Windows\\evil.exe", "inline; filename=\"CWindowsevil.png\""),
        ("page.html", "inline; filename=\"page.png\""),
        (".htaccess", "inline; filename=\"htaccess.png\""),
        ("", "inline; filename=\"picture.png\""),
        ("CON.png", "inline; filename=\"picture.png\""),
    ] {
        assert_eq!(named(given), told, "{given:?}");
    }
    assert_eq!(
        named(&format!("{long}.png")),
        format!("inline; filename=\"{}.png\"", "x".repeat(100))
    );
    // What is read from right to left would show another ending.
    let told = named("photo\u{202e}gnp.exe");
    assert!(!told.contains("%E2%80%AE") && !told.contains('\u{202e}') && told.contains(".png"));
    let told = named("Fahrräder 🚲.png");
    assert!(told.is_ascii(), "{told}");
    assert!(told.contains("filename*=UTF-8''Fahrr%C3%A4der%20%F0%9F%9A%B2.png"), "{told}");
}

#[tokio::test]
async fn a_name_cannot_write_headers() {
    let app = TestApp::unhurried();
    let ada = app.arrive_in("lobby", "ada").await;
    let lines = [
        "name=\"file\"; filename=\"a\r\nSet-Cookie: x=y\"",
        "name=\"file\"; filename=\"a%0d%0aSet-Cookie: x=y.png\"",
        "name=\"file\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x=y.png",
        "name=\"file\"; filename=\"a\nb\"",
        "name=\"file\"; filename=\"a\0b.png\"",
        "name=\"file\"; filename*=UTF-8''a%00b.png",
        "name=\"file\"; filename=\"a\\\"; filename=\\\"b.png\"",
    ];
    for line in lines {
        let head = format!("Content-Disposition: form-data; {line}");
        let form = Form::default().field("room", "lobby").part(&head, &png(4, 4, 1));
        let answer = app.upload(&ada.token, form);
        if answer.status != 201 {
            // A form that was torn apart by it is refused.
            assert!((400..500).contains(&answer.status), "{line:?}: {answer:?}");
            continue;
        }
        let uploaded: Uploaded = answer.json(201);
        let shown = ada.fetch(&app, &uploaded.url);
        assert_eq!(shown.header("set-cookie"), "", "{line:?}");
        let told = shown.header("content-disposition");
        assert!(
            !told.contains(char::is_control) && told.starts_with("inline; filename"),
            "{told:?}"
        );
    }
}
