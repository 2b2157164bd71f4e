//! Alive, ready, and how it is going.

use serde_json::{Value, json};

use crate::stage::{TestApp, eventually};

#[tokio::test]
async fn an_open_server_is_alive_and_ready() {
    let app = TestApp::start();
    let alive: Value = app.get("/healthz").json(200);
    assert_eq!(alive, json!({ "status": "alive" }));
    let ready: Value = app.get("/readyz").json(200);
    assert_eq!(ready, json!({ "status": "ready" }));
}

#[tokio::test]
async fn the_metrics_count_what_happens() {
    // A stream that was closed is noticed at its heartbeat.
    let app = TestApp::with(&["limits.messages_per_second=0", "heartbeat.interval_ms=200"]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    for n in 0..10 {
        ada.say("lobby", &format!("m{n}")).await;
    }
    bob.next_events(10).await;
    bob.refused(json!({ "type": "send", "text": "" })).await;
    let stream = app.stream("lobby", None);
    for (name, value) in [
        ("parlor_connections", 3.0),
        ("parlor_sessions", 2.0),
        ("parlor_rooms", 1.0),
        ("parlor_log_events_total", 10.0),
        ("parlor_backlog_bytes", 0.0),
        ("parlor_slow_readers_cut_total", 0.0),
        ("parlor_silent_peers_cut_total", 0.0),
        (r#"parlor_refusals_total{code="text_empty"}"#, 1.0),
        (r#"parlor_refusals_total{code="rate_limited"}"#, 0.0),
    ] {
        assert_eq!(app.metric(name), value, "{name}");
    }
    assert!(app.metric("parlor_deliveries_total") >= 20.0);
    let commits = app.metric("parlor_log_commits_total");
    assert!(commits >= 1.0 && app.metric("parlor_log_commit_seconds_count") >= commits);
    drop(stream);
    ada.leave_politely().await;
    drop(bob);
    eventually("the connections are counted out", async || {
        (app.metric("parlor_connections") == 0.0).then_some(())
    })
    .await;
    assert_eq!(app.metric("parlor_sessions"), 1.0, "the dropped one is held");
}

#[tokio::test]
async fn every_metric_says_of_which_kind_it_is() {
    let app = TestApp::start();
    let answer = app.get("/metrics");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in answer.body.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let name = line.split(['{', ' ']).next().expect("a name");
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = |name: &str| answer.body.contains(&format!("# TYPE {name} "));
        assert!(known(name) || base.is_some_and(known), "{line}");
    }
}

#[tokio::test]
async fn refused_upgrades_are_counted_as_well() {
    let app = TestApp::start();
    let more = "Origin: https://evil.example\r\n";
    app.exchange(&crate::stage::request("/ws", more)).await.refused(403, "forbidden");
    assert_eq!(app.metric(r#"parlor_refusals_total{code="forbidden"}"#), 1.0);
    assert_eq!(app.metric(r#"parlor_upgrades_refused_total{code="forbidden"}"#), 1.0);
    assert_eq!(app.metric("parlor_upgrades_total"), 0.0);
}

#[tokio::test]
async fn every_end_of_a_socket_is_counted_by_its_code() {
    let app = TestApp::start();
    let mut closes = Vec::new();
    for payload in [&b""[..], b"\x03\xe8", b"\x03\xe9", b"\x0f\x9f", b"\x0b\xb8"] {
        let mut socket = app.raw().await;
        socket.write(&crate::stage::mask(0x88, payload)).await;
        closes.push(socket.close_code().await.0);
    }
    assert_eq!(closes, [1005, 1000, 1001, 3999, 3000]);
    app.raw().await.reset();
    eventually("the broken one is counted", async || {
        (app.metric(r#"parlor_closed_total{code="1006"}"#) == 1.0).then_some(())
    })
    .await;
    for (code, count) in [("1000", 1.0), ("1001", 1.0), ("1005", 1.0), ("other", 2.0)] {
        assert_eq!(
            app.metric(&format!(r#"parlor_closed_total{{code="{code}"}}"#)),
            count,
            "{code}"
        );
    }
    assert_eq!(app.metric("parlor_upgrades_total"), 6.0);
}

#[tokio::test]
async fn silent_peers_and_slow_readers_are_counted() {
    let app = TestApp::with(&["heartbeat.interval_ms=100", "heartbeat.timeout_ms=300"]);
    let mut silent = app.raw_with("/ws?nick=ada&room=lobby", None).await;
    assert_eq!(silent.close_code().await.0, 4002);
    assert_eq!(app.metric("parlor_silent_peers_cut_total"), 1.0);
}
