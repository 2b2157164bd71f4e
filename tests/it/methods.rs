//! Which methods an address takes, and what is said to all others.

use crate::stage::TestApp;

/// Every address, with the methods that it takes.
const ADDRESSES: [(&str, &str); 20] = [
    ("/", "GET, HEAD, OPTIONS"),
    ("/r/lobby", "GET, HEAD, OPTIONS"),
    ("/static/js/main.js", "GET, HEAD, OPTIONS"),
    ("/favicon.ico", "GET, HEAD, OPTIONS"),
    ("/ws", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"),
    ("/readyz", "GET, HEAD, OPTIONS"),
    ("/metrics", "GET, HEAD, OPTIONS"),
    ("/api/v1/rooms", "GET, HEAD, POST, OPTIONS"),
    ("/api/v1/accounts", "POST, OPTIONS"),
    ("/api/v1/me", "GET, HEAD, DELETE, OPTIONS"),
    ("/api/v1/me/logins/l-0", "DELETE, OPTIONS"),
    ("/api/v1/rooms/lobby/events", "GET, HEAD, OPTIONS"),
    ("/api/v1/rooms/lobby/stream", "GET, HEAD, OPTIONS"),
    ("/api/v1/rooms/lobby/messages", "POST, OPTIONS"),
    ("/api/v1/uploads", "POST, OPTIONS"),
    ("/api/v1/uploads/00000000000000000000000000000000", "DELETE, OPTIONS"),
    ("/uploads/00000000000000000000000000000000", "GET, HEAD, OPTIONS"),
    ("/uploads/00000000000000000000000000000000/thumb", "GET, HEAD, OPTIONS"),
    ("/healthz/", "GET, HEAD, OPTIONS"),
];

#[tokio::test]
async fn a_method_that_is_not_there_is_told_which_ones_are() {
    let app = TestApp::start();
    for (path, allow) in ADDRESSES {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"] {
            if allow.contains(method) {
                continue;
            }
            let answer = app.exchange(&bare(method, path)).await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
        }
    }
}

/// A request without headers that are not needed.
fn bare(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn options_tells_the_same_and_does_nothing() {
    let app = TestApp::start();
    for (path, allow) in ADDRESSES {
        let answer = app.exchange(&bare("OPTIONS", path)).await;
        assert_eq!((answer.status, answer.header("allow")), (204, allow), "{path}");
        assert_eq!(answer.body, "");
    }
    let all = app.exchange(&bare("OPTIONS", "*")).await;
    assert_eq!((all.status, all.header("allow")), (204, "GET, HEAD, POST, DELETE, OPTIONS"));
    app.exchange(&bare("GET", "*")).await.refused(405, "method_not_allowed");
    app.exchange(&bare("OPTIONS", "/nowhere")).await.refused(404, "not_found");
}

#[tokio::test]
async fn nobody_is_connected_to_elsewhere() {
    let app = TestApp::start();
    for target in ["a.example:443", "127.0.0.1:22", "/", "/healthz", "/ws", "/nowhere"] {
        let answer = app.exchange(&bare("CONNECT", target)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD, POST, DELETE, OPTIONS", "{target}");
    }
}

#[tokio::test]
async fn what_is_sent_by_trace_does_not_come_back() {
    let app = TestApp::start();
    let text = bare("TRACE", "/").replace("\r\n\r\n", "\r\nCookie: secret=gossamer\r\n\r\n");
    let answer = app.exchange(&text).await;
    answer.refused(405, "method_not_allowed");
    assert!(!answer.body.contains("gossamer"));
}
