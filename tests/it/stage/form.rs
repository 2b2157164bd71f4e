//! Forms as a browser writes them, and forms as no browser would.

use super::{Answer, TestApp};

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
