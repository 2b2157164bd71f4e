//! A hand on the wire: bytes out as the test writes them, frames in as they stand.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::{Answer, Frame, TestApp, Wire, encrypt, within};

/// A frame of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct RawFrame {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl RawFrame {
    /// The code of a close frame; 1005 where it has none.
    pub fn close_code(&self) -> u16 {
        self.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
    }

    /// The JSON of a text frame.
    pub fn json(&self) -> Frame {
        assert_eq!(self.opcode, 1, "{self:?}");
        Frame(serde_json::from_slice(&self.payload).expect("frames are JSON"))
    }
}

/// A connection whose bytes the test writes itself.
pub struct RawSocket {
    stream: Wire,
    received: Vec<u8>,
    over: bool,
}

/// The text of a handshake, with more header lines.
pub fn request(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A client frame: `first` is its first byte (FIN and opcode), the mask is written and applied.
pub fn mask(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

impl TestApp {
    /// A TCP connection; `window` bounds what the kernel takes for us while we do not read.
    pub async fn connect(&self, window: Option<u32>) -> RawSocket {
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = window {
            socket.set_recv_buffer_size(bytes).expect("a receive buffer may be small");
        }
        let stream = socket.connect(self.address()).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        RawSocket::over(self.dress(stream, &["http/1.1"]).await)
    }

    /// The stream itself, or TLS over it where the server speaks that.
    pub(super) async fn dress(&self, stream: TcpStream, protocols: &[&str]) -> Wire {
        let Some(certificate) = &self.certificate else { return Wire::Plain(stream) };
        encrypt(stream, certificate.client(protocols)).await.expect("hands are shaken")
    }

    /// A connection that speaks this, as bytes.
    pub async fn connect_speaking(&self, protocol: &str) -> RawSocket {
        let stream = TcpStream::connect(self.address()).await.expect("the server listens");
        RawSocket::over(self.dress(stream, &[protocol]).await)
    }

    /// A connection without TLS, whatever the server speaks.
    pub async fn connect_bare(&self) -> RawSocket {
        let stream = TcpStream::connect(self.address()).await.expect("the server listens");
        RawSocket::over(Wire::Plain(stream))
    }

    /// Sends bytes of HTTP (`HOST` stands for the server's own) and reads one answer.
    pub async fn exchange(&self, text: &str) -> Answer {
        let mut socket = self.connect(None).await;
        socket.write(text.replace("HOST", &self.address().to_string()).as_bytes()).await;
        socket.answer().await
    }

    /// An open WebSocket that has said nothing.
    pub async fn raw(&self) -> RawSocket {
        self.raw_with("/ws", None).await
    }

    /// An open WebSocket with a query and a window.
    pub async fn raw_with(&self, path: &str, window: Option<u32>) -> RawSocket {
        let mut socket = self.connect(window).await;
        let text = request(path, "").replace("HOST", &self.address().to_string());
        socket.write(text.as_bytes()).await;
        let head = socket.head().await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.to_lowercase().contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        socket
    }
}

impl RawSocket {
    /// A hand on this wire.
    pub fn over(stream: Wire) -> Self {
        Self { stream, received: Vec::new(), over: false }
    }

    /// The wire.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.stream
    }

    /// The wire, for somebody else's hand.
    pub fn into_wire(self) -> Wire {
        self.stream
    }

    /// Writes bytes.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.try_write(bytes).await.expect("it is open");
    }

    /// Writes bytes; the server may have closed.
    pub async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        within("the server reads or closes", async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await
    }

    /// Writes a text frame.
    pub async fn text(&mut self, text: &str) {
        self.write(&mask(0x81, text.as_bytes())).await;
    }

    /// Says that no more bytes come, and still reads.
    pub async fn says_no_more(&mut self) {
        self.stream.shutdown().await.expect("the connection is open");
    }

    /// Closes with a reset instead of a farewell.
    pub fn reset(self) {
        let linger = SockRef::from(self.stream.tcp()).set_linger(Some(std::time::Duration::ZERO));
        linger.expect("a TCP socket");
    }

    /// Takes in what came, without waiting; says whether the connection has ended.
    pub fn take_in(&mut self) -> bool {
        while !self.over {
            match self.stream.try_take_in(&mut self.received) {
                Ok(bytes) => self.over = bytes == 0,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => self.over = true,
            }
        }
        self.over
    }

    /// Waits until bytes are there; whether they are, or the connection has ended.
    pub async fn peek(&mut self) -> bool {
        !self.received.is_empty() || self.more().await
    }

    /// Reads to the end of the connection; returns what came until then.
    pub async fn everything(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// What has come and was not taken.
    pub fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Waits for more bytes than there are; `false` at the end of the connection.
    pub async fn more(&mut self) -> bool {
        if self.over {
            return false;
        }
        let read = self.stream.read_buf(&mut self.received);
        self.over = !matches!(within("bytes from the server", read).await, Ok(bytes) if bytes > 0);
        !self.over
    }

    /// Reads at most 64 KiB, so many times with a pause before each.
    pub async fn read_in_pauses(&mut self, pause: Duration, times: usize) {
        for _ in 0..times {
            tokio::time::sleep(pause).await;
            let mut piece = vec![0; 64 * 1024];
            let read = within("a piece", self.stream.read(&mut piece)).await;
            let bytes = read.expect("the connection is not cut");
            assert!(bytes > 0, "nor at its end");
            self.received.extend_from_slice(&piece[..bytes]);
        }
    }

    async fn head(&mut self) -> String {
        self.try_head().await.expect("the server closed without an answer")
    }

    async fn try_head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.received.drain(..end + 4).collect();
                return Some(String::from_utf8(head).expect("heads are ASCII"));
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// One HTTP answer; its body goes by Content-Length, else to the end.
    pub async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("the server closed without an answer")
    }

    /// The same, of a server that may close without one.
    pub async fn try_answer(&mut self) -> Option<Answer> {
        let head = self.try_head().await?;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| {
                (name.parse().expect("a header's name"), value.parse().expect("its value"))
            })
            .collect();
        let mut answer =
            Answer { status: status.expect("a status line"), headers, ..Answer::default() };
        let length = match answer.status {
            100 | 101 | 204 | 304 => Some(0),
            _ => answer.header("content-length").parse::<usize>().ok(),
        };
        while length.is_none_or(|length| self.received.len() < length) {
            if !self.more().await {
                break;
            }
        }
        let length = length.unwrap_or(self.received.len()).min(self.received.len());
        answer.bytes = self.received.drain(..length).collect();
        answer.body = String::from_utf8_lossy(&answer.bytes).into_owned();
        Some(answer)
    }

    /// The next frame; `None` at the end of the connection.
    pub async fn frame(&mut self) -> Option<RawFrame> {
        loop {
            if let Some((frame, size)) = parse(&self.received) {
                self.received.drain(..size);
                return Some(frame);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next text frame; pings and pongs are passed over and not answered.
    pub async fn next(&mut self) -> Frame {
        let next = async {
            loop {
                let frame = self.frame().await.expect("the connection is open");
                match frame.opcode {
                    1 => return frame.json(),
                    9 | 10 => {}
                    _ => panic!("{frame:?}"),
                }
            }
        };
        within("a text frame", next).await
    }

    /// Reads to the close frame; returns its code and the last text frame before it.
    pub async fn close_code(&mut self) -> (u16, Option<Frame>) {
        let end = async {
            let mut last = None;
            while let Some(frame) = self.frame().await {
                match frame.opcode {
                    1 => last = Some(frame.json()),
                    8 => return (frame.close_code(), last),
                    _ => {}
                }
            }
            panic!("the connection ended without a close frame; last was {last:?}");
        };
        within("a close frame", end).await
    }
}

/// A server frame at the beginning of `bytes`, and its size.
fn parse(bytes: &[u8]) -> Option<(RawFrame, usize)> {
    let (&[first, short], rest) = bytes.split_first_chunk::<2>()?;
    assert!(first & 0x70 == 0 && short & 0x80 == 0, "server frames are not masked");
    let (length, size) = match short {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).expect("it fits"), 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(size..size + length)?.to_vec();
    assert!(first & 0x80 != 0, "the server does not fragment");
    Some((RawFrame { opcode: first & 0x0f, payload }, size + length))
}
