//! The site over HTTP/2: the same answers, and bounds for who asks for many things at once.

use bytes::Bytes;
use h2::Reason;
use h2::client::SendRequest;
use http::Request;

use crate::headers::is_protected;
use crate::stage::{Answer, RawSocket, TestApp, within};

/// A connection over HTTP/2, driven in the background; `Err` in its end is why it ended.
pub struct Client {
    pub send: SendRequest<Bytes>,
    pub end: tokio::task::JoinHandle<Result<(), h2::Error>>,
    authority: String,
}

impl Client {
    pub async fn connect(app: &TestApp) -> Self {
        Self::with(app, &h2::client::Builder::new()).await
    }

    pub async fn with(app: &TestApp, builder: &h2::client::Builder) -> Self {
        let wire = app.connect_speaking("h2").await.into_wire();
        let (send, connection) = builder.handshake(wire).await.expect("it speaks HTTP/2");
        Self { send, end: tokio::spawn(connection), authority: app.address().to_string() }
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request =
            Request::builder().method(method).uri(format!("https://{}{path}", self.authority));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a sound request")
    }

    /// Asks and reads the answer to its end.
    pub async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let request = self.request(method, path, headers);
        let mut send = self.send.clone().ready().await.expect("it is open");
        let (response, mut stream) = send.send_request(request, body.is_empty()).expect("it fits");
        if !body.is_empty() {
            stream.send_data(body.to_owned().into(), true).expect("it fits");
        }
        let (parts, mut body) =
            within("an answer", response).await.expect("an answer").into_parts();
        let mut bytes = Vec::new();
        while let Some(piece) = within("its body", body.data()).await {
            let piece = piece.expect("all of it comes");
            let _ = body.flow_control().release_capacity(piece.len());
            bytes.extend_from_slice(&piece);
        }
        let mut answer = Answer { status: parts.status.as_u16(), ..Answer::default() };
        for (name, value) in &parts.headers {
            let name: ureq::http::HeaderName = name.as_str().parse().expect("a name");
            answer.headers.append(name, value.to_str().expect("ASCII").parse().expect("a value"));
        }
        answer.body = String::from_utf8_lossy(&bytes).into_owned();
        answer.bytes = bytes;
        answer
    }
}

#[tokio::test]
async fn the_site_answers_as_it_does_over_http_1() {
    let app = TestApp::secure(&[]);
    let mut client = Client::connect(&app).await;
    for (method, path, status) in [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/static/js/main.js", 200),
        ("GET", "/nowhere", 404),
        ("POST", "/", 405),
        ("TRACE", "/", 405),
        ("BREW", "/metrics", 405),
        ("OPTIONS", "/api/v1/rooms", 204),
        ("GET", "/api/v1/rooms", 200),
        ("GET", "/api/v1/rooms/a%20b/events", 422),
    ] {
        let answer = client.ask(method, path, &[], "").await;
        assert_eq!(answer.status, status, "{method} {path}");
        is_protected(&answer, true, &format!("{method} {path}"));
        assert_eq!(
            answer.body,
            if method == "HEAD" { String::new() } else { app.ask(method, path, &[], "").body }
        );
        if status == 405 {
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }
    let page = client.ask("GET", "/", &[], "").await;
    assert!(page.header("set-cookie").starts_with("__Host-parlor_browser="));
}

#[tokio::test]
async fn a_page_sends_and_reads_pictures_over_it() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    let (picture, bytes) = crate::stage::pictures::shown_in_the_lobby(&app, &mut ada).await;
    let mut client = Client::connect(&app).await;
    let (own, bearer) = (format!("https://{}", app.address()), format!("Bearer {}", ada.token));
    let headers = [("origin", own.as_str()), ("authorization", &bearer)];
    let path = "/api/v1/rooms/lobby/messages";
    assert_eq!(client.ask("POST", path, &headers, "over HTTP/2").await.status, 201);
    let foreign = [("origin", "https://evil.example"), ("authorization", &*bearer)];
    client.ask("POST", path, &foreign, "no").await.refused(403, "forbidden");
    let shown = client.ask("GET", &picture.url, &headers[1..], "").await;
    assert_eq!((shown.status, shown.bytes), (200, bytes));
}

#[tokio::test]
async fn a_socket_needs_http_1_and_is_told_so() {
    let app = TestApp::secure(&[]);
    let mut client = Client::connect(&app).await;
    client.ask("GET", "/ws", &[], "").await.refused(426, "upgrade_required");
    let connect = Request::builder().method("CONNECT").uri(app.address().to_string());
    let connect = connect.body(()).expect("a sound request");
    let (response, _) = client.send.send_request(connect, true).expect("it fits");
    let response = within("an answer", response).await.expect("an answer");
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD, POST, DELETE, OPTIONS");
}

#[tokio::test]
async fn what_is_too_long_is_told_so() {
    let app = TestApp::secure(&[]);
    let mut client = Client::connect(&app).await;
    let path = format!("/{}", "a".repeat(9 * 1024));
    let answer = client.ask("GET", &path, &[], "").await;
    answer.refused(414, "uri_too_long");
    is_protected(&answer, true, "a long address");
    let filler = "~".repeat(9 * 1024);
    let headers = [("x-one", &*filler), ("x-two", &*filler)];
    client.ask("GET", "/healthz", &headers, "").await.refused(431, "headers_too_large");
    assert_eq!(client.ask("GET", "/healthz", &[], "").await.status, 200);
}

/// Opens event streams until somebody ends it; returns the statuses.
async fn opens_streams(app: &TestApp, client: &mut Client, count: usize) -> Vec<Option<u16>> {
    let mut answers = Vec::new();
    for _ in 0..count {
        let request = client.request("GET", "/api/v1/rooms/lobby/stream", &[]);
        let Ok(mut send) = client.send.clone().ready().await else { break };
        let Ok((response, _)) = send.send_request(request, true) else { break };
        answers.push(response);
    }
    assert_eq!(app.get("/healthz").status, 200);
    let mut statuses = Vec::new();
    for answer in answers {
        let answer = within("an answer", answer).await;
        statuses.push(answer.ok().map(|answer| answer.status().as_u16()));
    }
    statuses
}

#[tokio::test]
async fn a_connection_has_so_many_requests_under_way_and_no_more() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    let mut client = Client::connect(&app).await;
    let statuses = opens_streams(&app, &mut client, 140).await;
    let with = |status| statuses.iter().filter(|found| **found == Some(status)).count();
    assert_eq!((with(200), with(429)), (128, 12), "{statuses:?}");
    client.end.abort();
}

#[tokio::test]
async fn who_asks_for_far_too_much_at_once_is_cut_off() {
    let app = TestApp::secure(&[]);
    let mut ada = app.arrive_in("lobby", "ada").await;
    ada.say("lobby", "hi").await;
    // Answers, refusals too, find no room: they all stay under way.
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let mut client = Client::with(&app, &builder).await;
    opens_streams(&app, &mut client, 1000).await;
    assert!(within("the end", client.end).await.expect("no panic").is_err());
    ada.say("lobby", "nobody else was").await;
    let cut = app.get("/metrics").body;
    assert!(cut.contains(r#"parlor_http_connections_cut_total{cause="too_much"} 1"#), "{cut}");
}

#[tokio::test]
async fn who_asks_and_takes_it_back_over_and_over_is_cut_off() {
    let app = TestApp::secure(&[]);
    let mut client = Client::connect(&app).await;
    for _ in 0..2000 {
        let request = client.request("GET", "/", &[]);
        let Ok((_, mut stream)) = client.send.send_request(request, false) else { break };
        stream.send_reset(Reason::CANCEL);
        if client.end.is_finished() {
            break;
        }
    }
    let error = within("the end", client.end).await.expect("no panic").expect_err("it is cut off");
    // It is told to calm down, if it still reads.
    assert!(error.reason().is_none_or(|why| why == Reason::ENHANCE_YOUR_CALM), "{error}");
    assert_eq!(app.get("/healthz").status, 200);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = &(payload.len() as u32).to_be_bytes()[1..];
    [length, &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A connection whose frames the test writes itself.
async fn raw(app: &TestApp) -> RawSocket {
    let mut socket = app.connect_speaking("h2").await;
    socket.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    socket.write(&frame(4, 0, 0, &[])).await;
    socket
}

#[tokio::test]
async fn a_header_block_without_an_end_takes_no_memory_for_ever() {
    let app = TestApp::secure(&[]);
    let mut socket = raw(&app).await;
    // A literal header whose value goes on and on: nothing can be decoded until it ends.
    socket
        .write(&frame(
            1,
            1,
            1,
            &[&[0, 1, b'x', 0x7f, 0xff, 0xff, 0x7f], &[b'a'; 16_000][..]].concat(),
        ))
        .await;
    let mut sent = 16_000;
    while socket.try_write(&frame(9, 0, 1, &[b'a'; 16_000])).await.is_ok() {
        sent += 16_000;
        assert!(sent < 8 << 20, "it is gathered without an end");
    }
    assert_eq!(app.get("/healthz").status, 200);
}

#[tokio::test]
async fn an_empty_continuation_over_and_over_is_cut_off() {
    let app = TestApp::secure(&[]);
    let mut socket = raw(&app).await;
    socket.write(&frame(1, 1, 1, &[0x82])).await;
    let many = frame(9, 0, 1, &[]).repeat(1000);
    let mut sent = 0;
    while socket.try_write(&many).await.is_ok() {
        sent += 1000;
        assert!(sent < 10_000_000, "it is read without an end");
    }
    assert_eq!(app.get("/healthz").status, 200);
}
