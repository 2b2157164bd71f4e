//! Forms as a browser writes them, and forms as no browser would.

use serde_json::Value;

use super::pictures::{noise, png};
use super::{Answer, Person, RawSocket, TestApp};

/// What stands between the parts.
pub const BOUNDARY: &str = "----parlor-test-boundary-7MA4YWxkTrZu0gW";

/// A multipart form under construction.
#[derive(Clone, Debug, Default)]
pub struct Form {
    bytes: Vec<u8>,
}

impl Form {
    /// With a picture, and a room for it.
    pub fn of(room: &str, picture: &[u8]) -> Self {
        Self::default().field("room", room).file("picture.png", picture)
    }

    /// Adds a part with these header lines.
    pub fn part(mut self, head: &str, bytes: &[u8]) -> Self {
        self.bytes.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").as_bytes());
        self.bytes.extend(bytes);
        self.bytes.extend(b"\r\n");
        self
    }

    /// Adds words.
    pub fn field(self, name: &str, value: &str) -> Self {
        let head = format!("Content-Disposition: form-data; name=\"{name}\"");
        self.part(&head, value.as_bytes())
    }

    /// Adds the picture.
    pub fn file(self, name: &str, bytes: &[u8]) -> Self {
        let head = format!(
            "Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream"
        );
        self.part(&head, bytes)
    }

    /// A file under a name that the server does not know.
    pub fn file_named_else(self) -> Self {
        let head = "Content-Disposition: form-data; name=\"attachment\"; filename=\"x.bin\"";
        self.part(head, &noise(1, 100_000))
    }

    /// Without the last boundary.
    pub fn unfinished(self) -> Vec<u8> {
        self.bytes
    }

    /// With the last boundary.
    pub fn finished(mut self) -> Vec<u8> {
        self.bytes.extend(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.bytes
    }
}

/// The content type of a [`Form`].
pub fn form_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// The head of an upload for the bare wire; `more` has further header lines.
pub fn upload_head(token: &str, more: &str) -> String {
    format!(
        "POST /api/v1/uploads HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: {}\r\n{more}\r\n",
        form_type()
    )
}

impl TestApp {
    /// Uploads a form.
    pub fn upload(&self, token: &str, form: Form) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", &form_type())];
        self.ask("POST", "/api/v1/uploads", &headers, form.finished())
    }

    /// Takes a picture back.
    pub fn take_back(&self, token: &str, id: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let path = format!("/api/v1/uploads/{id}");
        self.ask("DELETE", &path, &[("Authorization", &bearer)], "")
    }
}

/// A refusal in words, of any kind; never the server's fault.
pub fn is_refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let problem: Value = serde_json::from_str(&answer.body).expect("a problem is JSON");
    let sentence = problem["detail"].as_str().expect("a sentence");
    assert!(sentence.ends_with('.'), "{what}: {sentence}");
}

/// The server is as it was: nothing on the disk, and the next upload comes in.
pub async fn goes_on(app: &TestApp, who: &Person) {
    app.uploads_are_empty().await;
    let uploaded = who.upload(app, "lobby", &png(4, 4, 1));
    assert_eq!(app.take_back(&who.token, &uploaded.id).status, 204);
    app.uploads_are_empty().await;
}

/// A connection with the head of an upload written.
pub async fn begins(app: &TestApp, who: &Person, more: &str) -> RawSocket {
    let mut socket = app.connect(None).await;
    let head = upload_head(&who.token, more).replace("HOST", &app.address().to_string());
    socket.write(head.as_bytes()).await;
    socket
}
