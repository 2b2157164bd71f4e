//! Pages of other origins read what the API answers only if the configuration names them.

use crate::stage::{Answer, TestApp, eventually};

const FRIEND: &str = "https://chat.example.org";
const OPEN: &str = r#"origins=["https://chat.example.org"]"#;

/// The CORS headers of an answer, by name.
fn cors(answer: &Answer) -> Vec<(&str, &str)> {
    let named =
        answer.headers.iter().filter(|(name, _)| name.as_str().starts_with("access-control"));
    let mut named: Vec<_> = named
        .map(|(name, value)| (name.as_str(), value.to_str().expect("headers are ASCII")))
        .collect();
    named.sort_unstable();
    named
}

/// What a browser asks before it sends what a form could not.
fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type,idempotency-key"),
    ];
    app.ask("OPTIONS", path, &headers, "")
}

#[tokio::test]
async fn unless_somebody_is_named_no_answer_speaks_of_other_origins() {
    let app = TestApp::start();
    let own = format!("http://{}", app.address());
    for origin in [FRIEND, "null", "*", &own] {
        for path in ["/", "/api/v1/rooms", "/api/v1/rooms/x/messages", "/nowhere", "/metrics"] {
            let headers = [("Origin", origin)];
            assert_eq!(cors(&app.ask("GET", path, &headers, "")), []);
            assert_eq!(cors(&preflight(&app, path, origin)), []);
        }
        assert_eq!(cors(&app.post("lobby", "?nick=kettle", &[("Origin", origin)], "hi")), []);
    }
}

#[tokio::test]
async fn a_named_origin_may_read_and_send() {
    let app = TestApp::with(&[OPEN]);
    let _ada = app.arrive_in("lobby", "ada").await;
    let asked = preflight(&app, "/api/v1/rooms/lobby/messages", FRIEND);
    assert_eq!(asked.status, 204);
    assert_eq!(
        cors(&asked),
        [
            (
                "access-control-allow-headers",
                "authorization, content-type, idempotency-key, last-event-id"
            ),
            ("access-control-allow-methods", "POST, OPTIONS"),
            ("access-control-allow-origin", FRIEND),
            ("access-control-max-age", "600"),
        ]
    );
    let answers = [
        app.post("lobby", "?nick=kettle", &[("Origin", FRIEND)], "hi"),
        app.ask("GET", "/api/v1/rooms/lobby/events", &[("Origin", FRIEND)], ""),
        app.ask("GET", "/api/v1/rooms/nowhere/events", &[("Origin", FRIEND)], ""),
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [201, 200, 404]);
    for answer in answers {
        let expected = [
            ("access-control-allow-origin", FRIEND),
            ("access-control-expose-headers", "location, retry-after"),
        ];
        assert_eq!(cors(&answer), expected, "and never with cookies");
        assert_eq!(answer.header("vary"), "origin");
    }
}

#[tokio::test]
async fn nobody_else_may_and_not_beside_the_api() {
    let app = TestApp::with(&[OPEN]);
    for origin in ["https://evil.example", "null", "https://chat.example.org.evil.example", ""] {
        let path = "/api/v1/rooms/lobby/messages";
        assert_eq!(cors(&preflight(&app, path, origin)), [], "{origin}");
        let read = app.ask("GET", "/api/v1/rooms", &[("Origin", origin)], "");
        assert_eq!(
            (cors(&read), read.header("vary")),
            (vec![], "origin"),
            "caches tell them apart"
        );
        app.post("lobby", "?nick=kettle", &[("Origin", origin)], "hi").refused(403, "forbidden");
    }
    let twice = [("Origin", FRIEND), ("Origin", FRIEND)];
    assert_eq!(cors(&app.ask("GET", "/api/v1/rooms", &twice, "")), []);
    for path in ["/", "/metrics", "/ws", "/uploads/00000000000000000000000000000000", "/apis"] {
        assert_eq!(cors(&app.ask("GET", path, &[("Origin", FRIEND)], "")), [], "{path}");
        assert_eq!(cors(&preflight(&app, path, FRIEND)), [], "{path}");
    }
}

#[tokio::test]
async fn a_page_elsewhere_gets_to_read_that_it_has_too_many_connections() {
    let app = TestApp::with(&[OPEN, "limits.connections_per_address=1"]);
    let _ada = app.knock().await;
    eventually("the place is taken", async || {
        let refused = app.ask("GET", "/api/v1/rooms", &[("Origin", FRIEND)], "");
        (refused.status == 429 && !cors(&refused).is_empty()).then_some(())
    })
    .await;
}
