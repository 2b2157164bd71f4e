//! Somebody at a WebSocket, who hears every frame and waits for the one that answers.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::heard::Heard;

/// A server that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Person {
    socket: WebSocket<TcpStream>,
}

impl Person {
    /// Opens `path` (`/ws` and perhaps a query) of the server.
    pub fn connect(address: &str, path: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        let (socket, _) = client(format!("ws://{address}{path}"), stream).expect("a handshake");
        Self { socket }
    }

    /// Says `text`, whatever it is.
    pub fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("the connection takes what is said");
    }

    /// The next frame, or `None` when the connection is closed.
    pub fn hear(&mut self, heard: &mut Heard) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Value = serde_json::from_str(&text).expect("the server says JSON");
                    heard.note(&frame, "");
                    return Some(frame);
                }
                Ok(Message::Close(_)) => {
                    // Answers the close; the next read ends it.
                    let _ = self.socket.flush();
                }
                Ok(_) => {}
                Err(error) if is_end(&error) => return None,
                Err(error) => panic!("nothing was heard any more: {error}"),
            }
        }
    }

    /// Waits for a frame of the type `reply`, or an `error`, that carries `id`.
    pub fn await_reply(&mut self, reply: &str, id: Option<&Value>, heard: &mut Heard) -> Value {
        loop {
            let frame = self.hear(heard).expect("the connection stays open");
            let is_reply = frame["type"] == reply || frame["type"] == "error";
            if is_reply && frame.get("id") == id {
                return frame;
            }
        }
    }

    /// Waits for something that nobody asked for.
    pub fn await_frame(&mut self, kind: &str, heard: &mut Heard) {
        while self.hear(heard).expect("the connection stays open")["type"] != kind {}
    }

    /// Says `frame` and waits for its reply.
    pub fn ask(&mut self, frame: &Value, reply: &str, heard: &mut Heard) -> Value {
        self.say(&frame.to_string());
        self.await_reply(reply, frame.get("id"), heard)
    }

    /// Hears everything up to the end of the connection.
    pub fn hear_out(&mut self, heard: &mut Heard) {
        while self.hear(heard).is_some() {}
    }
}

fn is_end(error: &tokio_tungstenite::tungstenite::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error::{AlreadyClosed, ConnectionClosed};
    matches!(error, ConnectionClosed | AlreadyClosed)
}
