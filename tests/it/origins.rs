//! A page from elsewhere does not get in; a client that is no browser does.

use crate::stage::{TestApp, request};

async fn status(app: &TestApp, origin: &str) -> u16 {
    let more = format!("Origin: {}\r\n", origin.replace("OWN", &app.address().to_string()));
    let answer = app.exchange(&request("/ws", &more)).await;
    if answer.status != 101 {
        let refusal = answer.refused(403, "forbidden");
        assert_eq!(refusal.field.as_deref(), Some("Origin"));
    }
    answer.status
}

#[tokio::test]
async fn the_servers_own_origin_and_none_are_let_in() {
    let app = TestApp::start();
    assert_eq!(status(&app, "http://OWN").await, 101);
    assert_eq!(app.exchange(&request("/ws", "")).await.status, 101);
}

#[tokio::test]
async fn behind_a_proxy_the_outer_name_is_the_own_one() {
    let app = TestApp::start();
    for (host, origin, expected) in [
        ("chat.example.org", "https://chat.example.org", 101),
        ("Chat.Example.org", "https://chat.example.ORG", 101),
        ("chat.example.org:443", "https://chat.example.org", 101),
        ("chat.example.org", "https://example.org", 403),
        ("chat.example.org", "https://chat.example.org:8443", 403),
    ] {
        let text = request("/ws", &format!("Origin: {origin}\r\n")).replace("HOST", host);
        assert_eq!(app.exchange(&text).await.status, expected, "{host} {origin}");
    }
}

#[tokio::test]
async fn foreign_and_disguised_origins_are_refused() {
    let app = TestApp::start();
    let port = app.address().port();
    for origin in [
        "null",
        "",
        "http://evil.example",
        "https://evil.example",
        "http://OWN.evil.example",
        "http://evil.example/OWN",
        "http://evil.example#OWN",
        "http://OWN#evil.example",
        "http://OWN/",
        "http://OWN/path",
        "http://OWN?query",
        "http://OWN0",
        "http://user@OWN",
        "http://OWN@evil.example",
        "http://evil.example@OWN",
        "http://127.0.0.1",
        "ftp://OWN",
        "file://",
        "OWN",
        "//OWN",
        "http://",
        "http:OWN",
        "http://OWN http://OWN",
        "http://OWN, http://evil.example",
        "javascript:OWN",
        &format!("http://localhost:{port}"),
        &format!("http://127.0.0.2:{port}"),
        &format!("http://[::ffff:127.0.0.1]:{port}"),
    ] {
        assert_eq!(status(&app, origin).await, 403, "{origin}");
    }
}

#[tokio::test]
async fn two_origins_are_none() {
    let app = TestApp::start();
    let own = format!("Origin: http://{}\r\n", app.address());
    let answer = app.exchange(&request("/ws", &own.repeat(2))).await;
    answer.refused(403, "forbidden");
}

#[tokio::test]
async fn a_configured_origin_is_let_in_and_nothing_like_it() {
    let app = TestApp::with(&[r#"origins=["https://chat.example.org", "http://localhost:3000"]"#]);
    for (origin, expected) in [
        ("https://chat.example.org", 101),
        ("http://localhost:3000", 101),
        ("http://OWN", 101),
        ("http://chat.example.org", 403),
        ("https://chat.example.org.evil.example", 403),
        ("https://chat.example.org:8443", 403),
        ("https://evil.chat.example.org", 403),
        ("http://localhost:30000", 403),
        ("null", 403),
    ] {
        assert_eq!(status(&app, origin).await, expected, "{origin}");
    }
}

#[tokio::test]
async fn who_sends_no_origin_is_judged_by_where_its_browser_says_it_stands() {
    let app = TestApp::start();
    let token = app.arrive("ada").await.token;
    let bearer = format!("Bearer {token}");
    for (site, admitted) in [
        ("same-origin", true),
        ("none", true),
        ("same-site", false),
        ("cross-site", false),
        ("anything", false),
    ] {
        let headers = [("Sec-Fetch-Site", site), ("Authorization", &*bearer)];
        let upgrade = request("/ws", &format!("Sec-Fetch-Site: {site}\r\n"));
        let upgraded = app.exchange(&upgrade).await.status;
        assert_eq!(upgraded, if admitted { 101 } else { 403 }, "{site}");
        let said = app.post("lobby", "", &headers, "hi");
        let deleted = app.ask("DELETE", "/api/v1/uploads/nothing", &headers, "");
        let uploaded = app.ask("POST", "/api/v1/uploads", &headers, "");
        for answer in [said, deleted, uploaded] {
            assert_eq!(answer.status == 403, !admitted, "{site}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn over_tls_a_page_that_came_without_it_is_not_the_servers_own() {
    let app = TestApp::secure(&[]);
    assert_eq!(status(&app, "https://OWN").await, 101);
    assert_eq!(status(&app, "http://OWN").await, 403);
    assert_eq!(app.exchange(&request("/ws", "")).await.status, 101);
}
