//! Somebody at a WebSocket: says frames, waits for the answer, keeps what else came in order.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    Closing, Event, Frame, Joined, Presence, Refusal, Sent, TestApp, Welcome, Wire, within,
};

/// A connection, and what came on it and was not looked at yet.
pub struct Person {
    socket: WebSocketStream<Wire>,
    inbox: VecDeque<Frame>,
    asked: u64,
    /// The secret of the last welcome.
    pub token: String,
}

/// How a connection ended.
#[derive(Debug)]
pub struct Ending {
    /// The code of the close frame; 1005: it had none, 1006: there was no close frame.
    pub code: u16,
    /// The `closing` event, if one came.
    pub closing: Option<Closing>,
    /// All other frames that came before.
    pub frames: Vec<Frame>,
}

impl TestApp {
    /// Opens a socket and says nothing.
    pub async fn knock(&self) -> Person {
        self.knock_at("/ws", "127.0.0.1").await
    }

    /// Opens a socket with this path and query, from this address.
    pub async fn knock_at(&self, path: &str, from: &str) -> Person {
        self.knock_as(path, from, &[]).await
    }

    /// Opens a socket as a page does that came with this cookie.
    pub async fn knock_with(&self, cookie: &str) -> Person {
        self.knock_as("/ws", "127.0.0.1", &[("Cookie", cookie)]).await
    }

    /// Opens a socket with these headers.
    pub async fn knock_as(
        &self,
        path: &str,
        from: &str,
        headers: &[(&'static str, &str)],
    ) -> Person {
        let socket = TcpSocket::new_v4().expect("a socket");
        let from = format!("{from}:0").parse().expect("an address");
        socket.bind(from).expect("all of 127.0.0.0/8 is ours");
        let stream = socket.connect(self.address()).await.expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        let url = format!("ws://{}{path}", self.address());
        let stream = self.dress(stream, &["http/1.1"]).await;
        let mut request = url.into_client_request().expect("a sound address");
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().expect("a sound header"));
        }
        let opened = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = within("the handshake", opened).await.expect("it is upgraded");
        Person { socket, inbox: VecDeque::new(), asked: 0, token: String::new() }
    }

    /// Somebody with this name.
    pub async fn arrive(&self, nick: &str) -> Person {
        let mut person = self.knock().await;
        person.hello(json!({ "nick": nick })).await;
        person
    }

    /// Somebody with this name, in this room.
    pub async fn arrive_in(&self, room: &str, nick: &str) -> Person {
        let mut person = self.arrive(nick).await;
        person.join(room).await;
        person
    }

    /// Somebody who comes back.
    pub async fn resume(&self, token: &str) -> (Person, Welcome) {
        let mut person = self.knock().await;
        let welcome = person.hello(json!({ "resume": token })).await;
        (person, welcome)
    }
}

impl Person {
    /// Says exactly this.
    pub async fn write(&mut self, text: impl Into<String>) {
        let said = self.socket.send(Message::text(text.into()));
        within("the socket takes a frame", said).await.expect("the socket is open");
    }

    /// Says exactly this, if the socket still takes it.
    pub async fn try_write(&mut self, frame: &Value) -> Result<(), Error> {
        within("the socket takes a frame", self.socket.send(Message::text(frame.to_string()))).await
    }

    /// Sends any message of the WebSocket protocol.
    pub async fn put(&mut self, message: Message) {
        self.socket.send(message).await.expect("the socket is open");
    }

    /// The next frame from the socket, past the inbox; `Err` is the close code.
    pub async fn read(&mut self) -> Result<Frame, u16> {
        within("a frame", self.read_on()).await
    }

    async fn read_on(&mut self) -> Result<Frame, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let value = serde_json::from_str(&text).expect("frames are JSON");
                    return Ok(Frame(value));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map_or(1005, |CloseFrame { code, .. }| code.into()));
                }
                Some(Ok(Message::Binary(_))) => panic!("the server sent bytes"),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> Frame {
        match self.inbox.pop_front() {
            Some(frame) => frame,
            None => self.read().await.expect("a frame comes, and no close"),
        }
    }

    /// The first frame that is wanted; all others stay where they are.
    pub async fn wait_for(&mut self, wanted: impl Fn(&Frame) -> bool) -> Frame {
        if let Some(at) = self.inbox.iter().position(&wanted) {
            return self.inbox.remove(at).expect("it was found there");
        }
        loop {
            let frame = self.read().await.expect("a frame comes, and no close");
            if wanted(&frame) {
                return frame;
            }
            self.inbox.push_back(frame);
        }
    }

    /// The next entry of a log.
    pub async fn next_event(&mut self) -> Event {
        self.next_event_as_it_came().await.event().expect("it is one")
    }

    /// The same with all its fields.
    pub async fn next_event_as_it_came(&mut self) -> Frame {
        self.wait_for(|frame| frame.event().is_some()).await
    }

    /// The next `count` entries of logs.
    pub async fn next_events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next_event().await);
        }
        events
    }

    /// The next `presence`.
    pub async fn next_presence(&mut self) -> Presence {
        self.wait_for(|frame| frame.kind() == "presence").await.as_a("presence")
    }

    /// Says a frame with an id, and waits for the answer with that id.
    pub async fn ask(&mut self, mut frame: Value) -> Frame {
        self.asked += 1;
        let id = json!(format!("q{}", self.asked));
        frame["id"] = id.clone();
        self.write(frame.to_string()).await;
        self.wait_for(|answer| answer.0["id"] == id).await
    }

    /// Says hello: `who` is `{"nick": …}` or `{"resume": …}`.
    pub async fn hello(&mut self, mut who: Value) -> Welcome {
        who["type"] = "hello".into();
        let welcome: Welcome = self.ask(who).await.as_a("welcome");
        self.token.clone_from(&welcome.resume.token);
        welcome
    }

    /// Enters a room.
    pub async fn join(&mut self, room: &str) -> Joined {
        self.ask(json!({ "type": "join", "room": room })).await.as_a("joined")
    }

    /// Enters a room again, with the last event that is known.
    pub async fn catch_up(&mut self, room: &str, epoch: &str, seq: u64) -> Joined {
        let after = json!({ "epoch": epoch, "seq": seq });
        self.ask(json!({ "type": "join", "room": room, "after": after })).await.as_a("joined")
    }

    /// Says something.
    pub async fn say(&mut self, room: &str, text: &str) -> Sent {
        self.ask(json!({ "type": "send", "room": room, "text": text })).await.as_a("sent")
    }

    /// Shows pictures without words.
    pub async fn show(&mut self, room: &str, ids: &[&str]) -> Sent {
        self.ask(json!({ "type": "send", "room": room, "images": ids })).await.as_a("sent")
    }

    /// Says something with a key for retries.
    pub async fn say_once(&mut self, room: &str, text: &str, client_id: &str) -> Sent {
        let frame = json!({ "type": "send", "room": room, "text": text, "client_id": client_id });
        self.ask(frame).await.as_a("sent")
    }

    /// Says what is refused.
    pub async fn refused(&mut self, frame: Value) -> Refusal {
        let refusal: Refusal = self.ask(frame).await.as_a("error");
        assert!(refusal.message.len() > 9 && refusal.message.ends_with('.'), "{refusal:?}");
        refusal
    }

    /// Everything that came until now: what the chat had decided before it heard this question.
    pub async fn heard(&mut self) -> Vec<Frame> {
        let answer = self.ask(json!({ "type": "rooms" })).await;
        assert_eq!(answer.kind(), "rooms");
        self.inbox.drain(..).collect()
    }

    /// Says goodbye, and waits until the server has, too.
    pub async fn leave_politely(mut self) {
        self.goodbye().await;
    }

    /// The same, if the connection is still there.
    pub async fn goodbye(&mut self) {
        let _ = self.socket.send(Message::Close(None)).await;
        while self.read().await.is_ok() {}
    }

    /// Reads to the end of the connection.
    pub async fn ending(&mut self) -> Ending {
        let mut frames: Vec<Frame> = self.inbox.drain(..).collect();
        let code = loop {
            match self.read().await {
                Ok(frame) => frames.push(frame),
                Err(code) => break code,
            }
        };
        let at = frames.iter().position(|frame| frame.kind() == "closing");
        let closing = at.map(|at| frames.remove(at).as_a("closing"));
        assert!(at.is_none_or(|at| at == frames.len()), "something came behind `closing`");
        Ending { code, closing, frames }
    }
}
