//! Behind trusted proxies everybody has an address of their own; without trust a header is a claim.

use crate::stage::{RawSocket, TestApp, request};

/// Opens a socket through a proxy that says who is behind it; returns its status.
async fn knock(app: &TestApp, forwarded: &str) -> (u16, RawSocket) {
    let mut socket = app.connect(None).await;
    let text = request("/ws", &format!("{forwarded}\r\n"));
    socket.write(text.replace("HOST", &app.address().to_string()).as_bytes()).await;
    (socket.answer().await.status, socket)
}

const ADA: &str = "X-Forwarded-For: 198.51.100.1";

#[tokio::test]
async fn people_behind_a_trusted_proxy_are_counted_one_by_one() {
    let app = TestApp::with(&["trusted_proxies=127.0.0.1", "limits.connections_per_address=1"]);
    let (first, _ada) = knock(&app, ADA).await;
    let (second, _) = knock(&app, ADA).await;
    let (other, _bob) = knock(&app, "X-Forwarded-For: 198.51.100.2").await;
    let (network, _eve) = knock(&app, "Forwarded: for=\"[2001:db8::1]\"").await;
    let (neighbour, _) = knock(&app, "Forwarded: for=\"[2001:db8::2]\"").await;
    assert_eq!([first, second, other, network, neighbour], [101, 429, 101, 101, 429]);
}

#[tokio::test]
async fn what_a_client_writes_before_the_proxys_word_does_not_count() {
    let app = TestApp::with(&["trusted_proxies=127.0.0.1", "limits.connections_per_address=1"]);
    let (first, _ada) = knock(&app, ADA).await;
    let (disguised, _) = knock(&app, "X-Forwarded-For: 203.0.113.7, 198.51.100.1").await;
    assert_eq!([first, disguised], [101, 429]);
}

#[tokio::test]
async fn without_trust_the_header_is_only_a_claim() {
    let app = TestApp::with(&["limits.connections_per_address=1"]);
    let (first, _ada) = knock(&app, ADA).await;
    let (second, _) = knock(&app, "X-Forwarded-For: 198.51.100.2").await;
    assert_eq!([first, second], [101, 429]);
}

#[tokio::test]
async fn a_place_is_free_again_when_the_one_behind_the_proxy_goes() {
    let app = TestApp::with(&["trusted_proxies=127.0.0.1", "limits.connections_per_address=1"]);
    let (status, ada) = knock(&app, ADA).await;
    assert_eq!(status, 101);
    drop(ada);
    crate::stage::eventually("the place is free", async || {
        let (status, socket) = knock(&app, ADA).await;
        drop(socket);
        (status == 101).then_some(())
    })
    .await;
}
