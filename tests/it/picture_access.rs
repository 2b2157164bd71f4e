//! Who sees a picture: by token, by the cookie of a page, and who does not.

use serde_json::json;

use crate::stage::pictures::{png, shown_in_the_lobby};
use crate::stage::{Answer, Form, TestApp, eventually};

#[tokio::test]
async fn whoever_has_a_session_sees_it_and_nobody_else_does() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, _) = shown_in_the_lobby(&app, &mut ada).await;
    let bob = app.arrive_in("garden", "bob").await;
    for path in [&picture.url, &picture.thumb_url] {
        assert_eq!(ada.fetch(&app, path).status, 200);
        assert_eq!(bob.fetch(&app, path).status, 200, "every room is open");
        let nobody = app.get(path);
        nobody.refused(401, "login_required");
        assert_eq!(nobody.header("cache-control"), "no-store");
        for header in ["Bearer nonsense", "Bearer", "Basic YWRhOmFkYQ==", "ada"] {
            let refused = app.ask("GET", path, &[("Authorization", header)], "");
            refused.refused(401, "bad_credentials");
        }
        let query = format!("{path}?token={}", ada.token);
        app.get(&query).refused(401, "login_required");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_not_found() {
    let app = TestApp::start();
    let ada = app.arrive_in("lobby", "ada").await;
    for id in [
        "0".repeat(32).as_str(),
        "0",
        "..%2fparlor.db",
        "%2e%2e%2fparlor.db",
        "....//parlor.db",
        "parlor.db",
        &"F".repeat(32),
        &format!("{}.thumb", "0".repeat(32)),
        "%00",
    ] {
        let answer = ada.fetch(&app, &format!("/uploads/{id}"));
        assert_eq!(answer.status, 404, "{id}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    ada.fetch(&app, &format!("/uploads/{}", "0".repeat(32))).refused(404, "image_not_found");
    ada.fetch(&app, &format!("/uploads/{}/thumb", "0".repeat(32))).refused(404, "image_not_found");
    app.take_back(&ada.token, &"0".repeat(32)).refused(404, "image_not_found");
    assert_eq!(ada.fetch(&app, "/uploads/").status, 404, "there is no list");
}

#[tokio::test]
async fn before_it_is_sent_only_its_uploader_knows_of_it() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let bob = app.arrive_in("lobby", "bob").await;
    let picture = ada.upload(&app, "lobby", &png(9, 9, 1));
    for path in [&picture.url, &picture.thumb_url] {
        assert_eq!(ada.fetch(&app, path).status, 200);
        bob.fetch(&app, path).refused(404, "image_not_found");
        app.get(path).refused(401, "login_required");
    }
    app.take_back(&bob.token, &picture.id).refused(404, "image_not_found");
    ada.show("lobby", &[&picture.id]).await;
    assert_eq!(bob.fetch(&app, &picture.url).status, 200);
    app.take_back(&bob.token, &picture.id).refused(403, "not_yours");
    assert_eq!(bob.fetch(&app, &picture.thumb_url).status, 200);
}

/// The page's cookie, as it would be sent back.
fn cookie_of(page: &Answer) -> String {
    let set = page.header("set-cookie");
    let (pair, attributes) = set.split_once("; ").expect("a cookie with attributes");
    let attributes: Vec<&str> = attributes.split("; ").collect();
    assert!(attributes.contains(&"HttpOnly") && attributes.contains(&"SameSite=Lax"), "{set}");
    assert!(!set.contains("Domain") && !set.contains("Max-Age") && !set.contains("Expires"));
    let name =
        if attributes.contains(&"Secure") { "__Host-parlor_browser=" } else { "parlor_browser=" };
    assert!(pair.starts_with(name) && attributes.contains(&"Path=/"), "{set}");
    pair.to_owned()
}

fn fetch_by(app: &TestApp, cookie: &str, path: &str) -> Answer {
    app.ask("GET", path, &[("Cookie", cookie)], "")
}

#[tokio::test]
async fn a_page_sees_pictures_by_its_cookie_for_as_long_as_its_session_lasts() {
    sees_by_its_cookie(TestApp::start()).await;
}

#[tokio::test]
async fn so_does_a_page_that_came_over_tls() {
    sees_by_its_cookie(TestApp::secure(&[])).await;
}

async fn sees_by_its_cookie(app: TestApp) {
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, bytes) = shown_in_the_lobby(&app, &mut ada).await;
    let [home, room] = ["/", "/r/lobby"].map(|path| cookie_of(&app.get(path)));
    assert_ne!(home, room, "every browser has its own");
    let known = fetch_by(&app, &home, "/");
    assert_eq!(known.header("set-cookie"), "", "who has one keeps it");
    // A cookie alone is nobody.
    fetch_by(&app, &home, &picture.url).refused(401, "bad_credentials");
    let mut bob = app.knock_with(&format!("theme=dark; {home}")).await;
    fetch_by(&app, &home, &picture.url).refused(401, "bad_credentials");
    bob.hello(json!({ "nick": "bob" })).await;
    assert_eq!(fetch_by(&app, &home, &picture.url).bytes, bytes);
    assert_eq!(fetch_by(&app, &home, &picture.thumb_url).status, 200);
    fetch_by(&app, &room, &picture.url).refused(401, "bad_credentials");
    // Two windows of one browser: it sees until the last of them has gone.
    let mut second = app.knock_with(&home).await;
    second.hello(json!({ "nick": "bob too" })).await;
    bob.leave_politely().await;
    assert_eq!(fetch_by(&app, &home, &picture.url).status, 200);
    second.leave_politely().await;
    eventually("the cookie is nobody's again", async || {
        (fetch_by(&app, &home, &picture.url).status == 401).then_some(())
    })
    .await;
    fetch_by(&app, &home, &picture.url).refused(401, "bad_credentials");
}

#[tokio::test]
async fn a_page_that_lost_its_connection_sees_on_and_after_a_restart_as_well() {
    let mut app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, _) = shown_in_the_lobby(&app, &mut ada).await;
    let cookie = cookie_of(&app.get("/"));
    let mut bob = app.knock_with(&cookie).await;
    let token = bob.hello(json!({ "nick": "bob" })).await.resume.token;
    drop(bob);
    assert_eq!(fetch_by(&app, &cookie, &picture.url).status, 200, "its grace lasts");
    app.restart();
    let mut bob = app.knock_with(&cookie).await;
    bob.hello(json!({ "resume": token })).await;
    assert_eq!(fetch_by(&app, &cookie, &picture.url).status, 200);
    // Resumed elsewhere, the session is in that browser.
    let other = cookie_of(&app.get("/"));
    let mut elsewhere = app.knock_with(&other).await;
    elsewhere.hello(json!({ "resume": token })).await;
    assert_eq!(fetch_by(&app, &other, &picture.url).status, 200);
    fetch_by(&app, &cookie, &picture.url).refused(401, "bad_credentials");
}

#[tokio::test]
async fn the_cookie_neither_uploads_nor_takes_back_nor_speaks() {
    let app = TestApp::start();
    let cookie = cookie_of(&app.get("/"));
    let mut ada = app.knock_with(&cookie).await;
    ada.hello(json!({ "nick": "ada" })).await;
    ada.join("lobby").await;
    let (picture, _) = shown_in_the_lobby(&app, &mut ada).await;
    let kind = crate::stage::form_type();
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", kind.as_str())];
    let form = Form::of("lobby", &png(4, 4, 2)).finished();
    app.ask("POST", "/api/v1/uploads", &headers, form).refused(401, "login_required");
    let path = format!("/api/v1/uploads/{}", picture.id);
    app.ask("DELETE", &path, &headers[..1], "").refused(401, "login_required");
    let said = app.post("lobby", "", &headers[..1], "hello");
    said.refused(401, "login_required");
    assert_eq!(fetch_by(&app, &cookie, &picture.url).status, 200, "it is still there");
}
