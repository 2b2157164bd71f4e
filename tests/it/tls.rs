//! TLS: handshakes, sockets over it, certificates that change while it runs.

use std::fs;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ProtocolVersion, version};

use crate::stage::{Certificate, TestApp, encrypt, eventually, mask, request, within};

#[tokio::test]
async fn both_versions_are_spoken_and_the_client_chooses_its_protocol() {
    let app = TestApp::secure(&[]);
    for (version, spoken) in
        [(&version::TLS13, ProtocolVersion::TLSv1_3), (&version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        for (offered, agreed) in
            [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
        {
            let stream = TcpStream::connect(app.address()).await.expect("it listens");
            let client = app.certificate().client_of(offered, &[version]);
            let wire = encrypt(stream, client).await.expect("hands are shaken");
            let (_, tls) = wire.tls().get_ref();
            assert_eq!(tls.protocol_version(), Some(spoken));
            let protocol = tls.alpn_protocol().map(String::from_utf8_lossy);
            assert_eq!(protocol.as_deref(), agreed);
        }
    }
}

#[tokio::test]
async fn people_talk_over_it_as_ever() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.say("lobby", "hi").await;
    assert_eq!(bob.next_event().await.text.as_deref(), Some("hi"));
    let long = "🐌".repeat(3900);
    bob.say("lobby", &long).await;
    ada.next_event().await;
    assert_eq!(ada.next_event().await.text.as_deref(), Some(&*long));
    let token = bob.token.clone();
    drop(bob);
    let (bob, welcome) = app.resume(&token).await;
    assert_eq!(welcome.rooms, ["lobby"]);
    bob.leave_politely().await;
    assert_eq!(app.post("lobby", "?nick=kettle", &[], "the water boils").status, 201);
    assert_eq!(ada.next_event().await.from.nick, "kettle");
}

#[tokio::test]
async fn a_socket_that_is_closed_says_farewell_in_tls_too() {
    let app = TestApp::secure(&[]);
    let mut socket = app.raw_with("/ws?nick=ada", None).await;
    assert_eq!(socket.next().await.kind(), "welcome");
    socket.write(&mask(0x88, &1000_u16.to_be_bytes())).await;
    assert_eq!(socket.close_code().await.0, 1000);
    // Without `close_notify` this were an error: nobody could tell it from a cut wire.
    let read = within("the end", socket.wire().read(&mut [0; 16])).await;
    assert_eq!(read.expect("a clean end"), 0);
}

#[tokio::test]
async fn a_refused_upgrade_is_told_why_and_ends_cleanly() {
    let app = TestApp::secure(&[]);
    let mut socket = app.connect(None).await;
    let text = request("/elsewhere", "").replace("HOST", &app.address().to_string());
    socket.write(text.as_bytes()).await;
    socket.answer().await.refused(404, "not_found");
    let read = within("the end", socket.wire().read(&mut [0; 16])).await;
    assert_eq!(read.expect("a clean end"), 0);
}

#[tokio::test]
async fn a_handshake_that_does_not_come_to_its_end_takes_a_place() {
    // On a connection of its own: one that was open before would keep its place.
    const ASKS: &str = "GET /api/v1/rooms HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n";
    let app = TestApp::secure(&["limits.connections_per_address=2"]);
    let silent = (app.connect_bare().await, app.connect_bare().await);
    eventually("the places are taken", async || {
        (app.exchange(ASKS).await.status == 429).then_some(())
    })
    .await;
    drop(silent);
    eventually("they are free again", async || {
        (app.exchange(ASKS).await.status == 200).then_some(())
    })
    .await;
    let metrics = app.get("/metrics").body;
    let count = |name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse().ok()).expect("it is measured")
    };
    assert!(count("parlor_tls_handshakes_failed_total") >= 2);
    assert!(count("parlor_tls_handshakes_total") >= 3);
}

#[tokio::test]
async fn who_speaks_plainly_is_told_how_to_speak() {
    let app = TestApp::secure(&[]);
    for text in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "get", "POST /api/v1/uploads HTTP/1.1\r\n"] {
        let mut socket = app.connect_bare().await;
        socket.write(text.as_bytes()).await;
        let refusal = socket.answer().await.refused(400, "bad_request");
        assert!(refusal.message.contains("https://"), "{}", refusal.message);
    }
    let mut socket = app.connect_bare().await;
    socket.write(&[0; 64]).await;
    let end = socket.everything().await;
    assert!(end.len() < 16, "an alert at most: {end}");
    assert_eq!(app.get("/healthz").status, 200);
}

/// Whether the server shows a certificate; what else may go wrong fails the test.
async fn shows(app: &TestApp, certificate: &Certificate) -> bool {
    let stream = TcpStream::connect(app.address()).await.expect("it listens");
    encrypt(stream, certificate.client(&["http/1.1"])).await.is_ok()
}

#[tokio::test]
async fn a_renewed_certificate_counts_without_a_restart_and_nobody_is_cut_off() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let next = Certificate::make();
    assert!(shows(&app, app.certificate()).await && !shows(&app, &next).await);
    next.lay_into(&app.certificate_directory());
    eventually("the new certificate is shown", async || shows(&app, &next).await.then_some(()))
        .await;
    assert!(!shows(&app, app.certificate()).await);
    ada.say("lobby", "still here").await;
}

#[tokio::test]
async fn a_broken_certificate_is_logged_and_the_old_one_stays() {
    let app = TestApp::secure(&[]);
    let directory = app.certificate_directory();
    for (file, text, complaint) in [
        ("key.pem", Certificate::make().key, "tls.key: it is not the key of the certificate"),
        ("key.pem", String::new(), "tls.key: there is no private key in it"),
        ("chain.pem", "nonsense".to_owned(), "tls.certificate: there is no certificate in it"),
    ] {
        fs::write(directory.join(file), text).expect("a file");
        eventually("it is logged", async || app.log().contains(complaint).then_some(())).await;
        assert_eq!(app.log().matches(complaint).count(), 1, "once");
        assert!(shows(&app, app.certificate()).await);
    }
    fs::remove_file(directory.join("key.pem")).expect("it was there");
    eventually("it is logged", async || app.log().contains("cannot be read").then_some(())).await;
    assert!(shows(&app, app.certificate()).await);
    let next = Certificate::make();
    next.lay_into(&directory);
    eventually("the new certificate is shown", async || shows(&app, &next).await.then_some(()))
        .await;
}

#[tokio::test]
async fn a_stream_of_events_goes_over_it() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "one").await;
    let mut socket = app.connect(None).await;
    let text = "GET /api/v1/rooms/lobby/stream HTTP/1.1\r\nHost: HOST\r\n\r\n";
    socket.write(text.replace("HOST", &app.address().to_string()).as_bytes()).await;
    let heard = within("the stream begins", async {
        while !socket.so_far().contains(":\n\n") {
            assert!(socket.more().await);
        }
    });
    heard.await;
    ada.say("lobby", "two").await;
    within("the event", async {
        while !socket.so_far().contains("event: message") {
            assert!(socket.more().await);
        }
    })
    .await;
    assert!(socket.so_far().contains("two") && !socket.so_far().contains("one\""));
}

#[tokio::test]
async fn a_storm_of_handshakes_keeps_nobody_waiting_who_is_in() {
    let app = TestApp::secure(&["limits.messages_per_second=0"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut storm = Vec::new();
    for _ in 0..300 {
        let stream = TcpStream::connect(app.address()).await.expect("it listens");
        let client = app.certificate().client(&["http/1.1"]);
        storm.push(tokio::spawn(encrypt(stream, client)));
    }
    while !storm.iter().all(tokio::task::JoinHandle::is_finished) {
        ada.ask(json!({ "type": "ping" })).await;
    }
    for shaken in storm {
        shaken.await.expect("no panic").expect("everybody comes in");
    }
}
