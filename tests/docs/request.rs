//! An HTTP request as a page of the documentation writes it, and its answer.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use ureq::{Agent, Body, BodyReader, http};

const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
pub struct Response {
    pub status: u16,
    pub body: String,
}

/// Says `METHOD PATH`, headers, an empty line and a body.
fn say(address: &str, written: &str) -> http::Response<Body> {
    let (head, body) = written.trim_end().split_once("\n\n").unwrap_or((written.trim_end(), ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("METHOD PATH");
    let mut request =
        http::Request::builder().method(method).uri(format!("http://{address}{path}"));
    for header in lines {
        let (name, value) = header.split_once(": ").expect("a header has a name and a value");
        request = request.header(name, value);
    }
    let agent = agent();
    let answer = if method == "GET" {
        agent.run(request.body(()).expect("the request is well written"))
    } else {
        agent.run(request.body(body).expect("the request is well written"))
    };
    answer.expect("the server answers")
}

/// Makes the request and reads the whole answer.
pub fn ask(address: &str, written: &str) -> Response {
    let mut answer = say(address, written);
    let body = answer.body_mut().read_to_string().expect("bodies are text");
    Response { status: answer.status().as_u16(), body }
}

/// Uploads a picture with the parts that `command` names as curl does (`-F name=value`), the token of
/// a session in hand.
pub fn upload(address: &str, token: &str, command: &str) -> Response {
    let mut body = Vec::new();
    for part in command.split("-F ").skip(1) {
        let (name, rest) = part.split_once('=').expect("a part has a name and a value");
        let value = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next(),
            None => rest.split_whitespace().next(),
        };
        if name != "file" {
            let value = value.unwrap_or_default();
            add(&mut body, &format!("name=\"{name}\""), value.as_bytes());
        }
    }
    add(&mut body, "name=\"file\"; filename=\"bicycle.png\"", &picture());
    body.extend_from_slice(b"--parts--\r\n");
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("http://{address}/api/v1/uploads"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", "multipart/form-data; boundary=parts")
        .body(body)
        .expect("the request is well written");
    let mut answer = agent().run(request).expect("the server answers");
    let body = answer.body_mut().read_to_string().expect("bodies are text");
    Response { status: answer.status().as_u16(), body }
}

fn add(body: &mut Vec<u8>, disposition: &str, bytes: &[u8]) {
    let head = format!("--parts\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n");
}

/// Three by two pixels of red, with a word about them.
fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 3, 2);
    encoder.set_color(png::ColorType::Rgb);
    let words = encoder.add_text_chunk("Comment".into(), "mine".into());
    words.expect("a word fits");
    let mut writer = encoder.write_header().expect("the size is fine");
    writer.write_image_data(&[200, 0, 0].repeat(6)).expect("the pixels are as many");
    drop(writer);
    file
}

fn agent() -> Agent {
    let settings = Agent::config_builder().http_status_as_error(false);
    settings.timeout_global(Some(PATIENCE)).build().into()
}

/// An event stream.
pub struct EventStream(BufReader<BodyReader<'static>>);

impl EventStream {
    /// Opens the stream; it listens when this returns.
    pub fn open(address: &str, written: &str) -> Self {
        let answer = say(address, written);
        assert_eq!(answer.status(), 200);
        let mut stream = Self(BufReader::new(answer.into_body().into_reader()));
        while !stream.line().starts_with(':') {}
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("streams are text");
        assert!(!line.is_empty(), "the stream goes on");
        line.trim_end().to_owned()
    }

    /// The next event as its `name: value` lines; comments are passed over.
    pub fn event(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() && !fields.is_empty() {
                return fields;
            }
            if line.contains(": ") {
                fields.push(line);
            }
        }
    }
}
