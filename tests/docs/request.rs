//! An HTTP request as a page of the documentation writes it, and its answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
pub struct Response {
    pub status: u16,
    pub body: String,
}

/// Opens a connection and says `METHOD PATH`, headers, an empty line and a body.
fn open(address: &str, written: &str) -> BufReader<TcpStream> {
    let (head, body) = written.trim_end().split_once("\n\n").unwrap_or((written.trim_end(), ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let mut request = format!("{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    headers.lines().for_each(|header| request.push_str(&format!("{header}\r\n")));
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    stream.write_all(request.as_bytes()).expect("the server takes the request");
    BufReader::new(stream)
}

fn read_head(reader: &mut impl BufRead) -> u16 {
    let mut lines = reader.lines().map(|line| line.expect("heads are text"));
    let status = lines.next().expect("a status line");
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    status.expect("a status")
}

/// Makes the request and reads the whole answer.
pub fn ask(address: &str, written: &str) -> Response {
    let mut reader = open(address, written);
    let status = read_head(&mut reader);
    let mut body = String::new();
    reader.read_to_string(&mut body).expect("bodies are text");
    Response { status, body }
}

/// An event stream: the fields of one event after another, as `name: value` lines.
pub struct EventStream(BufReader<TcpStream>);

impl EventStream {
    pub fn open(address: &str, written: &str) -> Self {
        let mut reader = open(address, written);
        assert_eq!(read_head(&mut reader), 200);
        let mut stream = Self(reader);
        // The first comment says that the stream listens.
        while !stream.line().starts_with(':') {}
        stream
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("streams are text");
        assert!(!line.is_empty(), "the stream goes on");
        line.trim_end().to_owned()
    }

    /// The next event; comments, empty lines and the sizes of chunks are passed over.
    pub fn event(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        loop {
            let line = self.line();
            if line.contains(": ") {
                fields.push(line);
            } else if line.is_empty() && fields.last().is_some_and(|f| f.starts_with("data")) {
                return fields;
            }
        }
    }
}
