//! The story of `docs/protocol.md`, told to a real server from the top to the bottom, and a
//! second part that makes the server say what the story leaves out.

use std::collections::HashMap;
use std::sync::OnceLock;

use parlor::protocol::{COMMANDS, Command};
use serde_json::{Value, json};

use crate::heard::Heard;
use crate::markdown::{Block, Page};
use crate::parlor::Parlor;
use crate::person::Person;
use crate::request::{EventStream, ask, upload};

/// What came of it.
pub struct Tour {
    /// Everything that the server said.
    pub heard: Heard,
    /// Every example whose answer was another one than the page says.
    pub complaints: Vec<String>,
    /// How many examples were replayed.
    pub replayed: usize,
}

/// The tour; it is made once for all tests of a process.
pub fn tour() -> &'static Tour {
    static TOUR: OnceLock<Tour> = OnceLock::new();
    TOUR.get_or_init(|| {
        let mut guide = Guide::new();
        let blocks = Page::read("docs/protocol.md").blocks();
        for (index, block) in blocks.iter().enumerate() {
            guide.follow(block, blocks.get(index + 1));
        }
        guide.say_the_rest();
        guide.end();
        guide.tour
    })
}

struct Guide {
    parlor: Parlor,
    people: HashMap<String, Person>,
    /// What stands for `pr_…` and for the epoch of the examples.
    token: String,
    epoch: String,
    /// The id of the picture that was uploaded last.
    picture: String,
    tour: Tour,
}

impl Guide {
    fn new() -> Self {
        let parlor = Parlor::start(&["limits.messages_per_second=0", "images.sweep_ms=50"]);
        let tour = Tour { heard: Heard::default(), complaints: Vec::new(), replayed: 0 };
        let (token, epoch, picture) = (String::new(), String::new(), String::new());
        Self { parlor, people: HashMap::new(), token, epoch, picture, tour }
    }

    fn follow(&mut self, block: &Block, next: Option<&Block>) {
        match block.info.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["json", "client", ref words @ ..] => self.replay(block, words),
            ["sh", "upload"] => self.upload(block, next.expect("an answer stands below")),
            ["http"] => self.request(block, next.expect("an answer stands below a request")),
            ["text", "reset"] => self.compare_event(block, &self.lost_stream()),
            _ => return,
        }
        self.tour.replayed += 1;
    }

    /// Somebody says the frame of a block, and it must be answered as `words` tell.
    fn replay(&mut self, block: &Block, words: &[&str]) {
        let (who, refused) = match words {
            [] => ("ada", None),
            ["as", who] => (*who, None),
            ["refused", code] => ("ada", Some(*code)),
            ["as", who, "refused", code] => (*who, Some(*code)),
            other => panic!("line {}: what is {other:?}?", block.line),
        };
        let frame = self.lively(block);
        let command = frame["type"].as_str().and_then(Command::named).expect("a known request");
        let answer = self.answer(who, &frame, command);
        let (kind, code) = (&answer["type"], &answer["code"]);
        let as_written = match refused {
            Some(expected) => kind == "error" && code == expected,
            None if command.reply.is_empty() => kind == "pong",
            None => kind == command.reply,
        };
        if !as_written {
            let complaint = format!("line {}: {frame} was answered {answer}", block.line);
            self.tour.complaints.push(complaint);
        }
    }

    fn answer(&mut self, who: &str, frame: &Value, command: &Command) -> Value {
        if command.name == "hello" {
            return self.hello(who, frame);
        }
        let heard = &mut self.tour.heard;
        let person = self.people.get_mut(who).expect("said hello further up");
        person.say(&frame.to_string());
        if command.reply.is_empty() {
            // Nothing is the answer: what comes next must be the next answer.
            return person.ask(&json!({"type": "ping"}), "pong", heard);
        }
        let answer = person.await_reply(command.reply, frame.get("id"), heard);
        if let Some(epoch) = answer.pointer("/room/epoch").and_then(Value::as_str) {
            epoch.clone_into(&mut self.epoch);
        }
        answer
    }

    /// A `hello` opens a new connection; one that it replaces is heard out.
    fn hello(&mut self, who: &str, frame: &Value) -> Value {
        let mut person = Person::connect(&self.parlor.address, "/ws");
        let answer = person.ask(frame, "welcome", &mut self.tour.heard);
        if let (Some(token), "ada") = (answer.pointer("/resume/token"), who) {
            token.as_str().expect("tokens are strings").clone_into(&mut self.token);
        }
        if let Some(mut replaced) = self.people.insert(who.to_owned(), person)
            && answer["resumed"] == true
        {
            replaced.hear_out(&mut self.tour.heard);
        }
        answer
    }

    /// The frame of a block with what differs from run to run put in its place.
    fn lively(&self, block: &Block) -> Value {
        let text = self.with_token(&block.text);
        let mut frame: Value = serde_json::from_str(&text).expect("examples are JSON");
        if let Some(epoch) = frame.pointer_mut("/after/epoch") {
            *epoch = Value::from(self.epoch.as_str());
        }
        if let Some(image) = frame.pointer_mut("/images/0") {
            *image = Value::from(self.picture.as_str());
        }
        frame
    }

    /// Brings a picture as a block's command does; the block below says what comes back.
    fn upload(&mut self, block: &Block, answer: &Block) {
        let response = upload(&self.parlor.address, &self.token, &block.text);
        let image: Value = serde_json::from_str(&response.body).expect("JSON came");
        image["id"].as_str().unwrap_or_default().clone_into(&mut self.picture);
        self.tour.heard.note(&image, "");
        if answer.info != ["json", "http", "201"] || response.status != 201 {
            let complaint = format!("line {}: {} {image}", block.line, response.status);
            self.tour.complaints.push(complaint);
        }
    }

    fn with_token(&self, text: &str) -> String {
        match text.find("pr_") {
            Some(at) => format!("{}{}{}", &text[..at], self.token, &text[at + 67..]),
            None => text.to_owned(),
        }
    }

    /// Makes the request of a block; the block below says what comes back.
    fn request(&mut self, block: &Block, answer: &Block) {
        let written = self.with_token(&block.text);
        let info: Vec<&str> = answer.info.iter().map(String::as_str).collect();
        match info[..] {
            ["json", "http", status] => self.compare_answer(block, &written, status),
            ["text", "sse"] => {
                let mut stream = EventStream::open(&self.parlor.address, &written);
                self.post("Tea!");
                let event = stream.event();
                self.compare_event(answer, &event);
            }
            ref other => panic!("line {}: {other:?} answers no request", answer.line),
        }
    }

    fn compare_answer(&mut self, block: &Block, written: &str, status: &str) {
        let response = ask(&self.parlor.address, written);
        let line = written.lines().next().unwrap_or_default();
        match serde_json::from_str(&response.body) {
            Ok(body) => self.tour.heard.note(&body, line),
            Err(_) => self.tour.complaints.push(format!("line {}: no JSON came", block.line)),
        }
        if response.status.to_string() != status {
            let complaint = format!("line {}: {line} gave {}", block.line, response.status);
            self.tour.complaints.push(complaint);
        }
    }

    fn post(&self, text: &str) {
        let path = "POST /api/v1/rooms/lobby/messages?nick=kettle";
        assert_eq!(ask(&self.parlor.address, &format!("{path}\n\n{text}")).status, 201);
    }

    fn lost_stream(&self) -> Vec<String> {
        let written = "GET /api/v1/rooms/lobby/stream\nLast-Event-ID: elsewhere:3";
        EventStream::open(&self.parlor.address, written).event()
    }

    /// Compares an event's name, its fields, and the fields of its data.
    fn compare_event(&mut self, block: &Block, event: &[String]) {
        let names = |lines: &[String]| -> Vec<String> {
            let name = |line: &String| Some(line.split_once(": ")?.0.to_owned());
            let named = lines.iter().find(|line| line.starts_with("event: "));
            lines.iter().filter_map(name).chain(named.cloned()).collect()
        };
        let data = |lines: &[String]| -> Vec<String> {
            let data = lines.iter().find_map(|line| line.strip_prefix("data: "));
            let data: Value = serde_json::from_str(data.unwrap_or("{}")).expect("data is JSON");
            data.as_object().expect("data is an object").keys().cloned().collect()
        };
        let written: Vec<String> = block.text.lines().map(str::to_owned).collect();
        if names(&written) != names(event) || data(&written) != data(event) {
            self.tour.complaints.push(format!("line {}: it was {event:?}", block.line));
        }
    }

    /// What the story leaves out: each reply with an id, an edit of a deleted message, refusals
    /// that say when to come back, a drop.
    fn say_the_rest(&mut self) {
        let heard = &mut self.tour.heard;
        let mut carol = Person::connect(&self.parlor.address, "/ws?nick=carol&room=lobby");
        carol.await_reply("joined", None, heard);
        for command in COMMANDS.iter().filter(|row| !matches!(row.name, "hello" | "typing")) {
            let mut frame: Value = serde_json::from_str(command.example).expect("it is JSON");
            frame["id"] = json!(command.name);
            carol.ask(&frame, command.reply, heard);
        }
        carol.ask(&json!({"type": "join", "room": "lobby"}), "joined", heard);
        let sent = carol.ask(&json!({"type": "send", "text": "oops"}), "sent", heard);
        let edit = json!({"type": "edit", "seq": sent["seq"], "text": "oops!"});
        carol.ask(&edit, "sent", heard);
        carol.ask(&json!({"type": "delete", "seq": sent["seq"]}), "sent", heard);
        hear_pictures(&self.parlor.address, &mut carol, heard);
        carol.ask(&json!({"type": "history"}), "history", heard);
        let taken = "POST /api/v1/rooms/lobby/messages?nick=bob\n\nI am bob";
        heard
            .note(&serde_json::from_str(&ask(&self.parlor.address, taken).body).expect("JSON"), "");
        self.people.insert("carol".to_owned(), carol);
        self.hear_the_limits();
    }

    fn hear_the_limits(&mut self) {
        let heard = &mut self.tour.heard;
        let strict = Parlor::start(&["limits.messages_per_second=1", "limits.burst=1"]);
        let mut dora = Person::connect(&strict.address, "/ws?nick=dora&room=lobby");
        dora.await_reply("joined", None, heard);
        // One a second: however slow this machine is, one of a few is too soon.
        let send = json!({"type": "send", "text": "too soon"});
        while dora.ask(&send, "sent", heard)["type"] == "sent" {}
        let post = "POST /api/v1/rooms/lobby/messages?nick=eve\n\nhi";
        loop {
            let answer = ask(&strict.address, post);
            heard.note(&serde_json::from_str(&answer.body).expect("it is JSON"), "");
            if answer.status == 429 {
                break;
            }
        }
    }

    /// The server goes, and everybody hears why.
    fn end(&mut self) {
        self.parlor.terminate();
        let heard = &mut self.tour.heard;
        self.people.values_mut().for_each(|person| person.hear_out(heard));
    }
}

/// A picture that expires, one that is taken back, and one that goes with its message.
fn hear_pictures(address: &str, carol: &mut Person, heard: &mut Heard) {
    let mut dave = Person::connect(address, "/ws");
    let welcome = dave.ask(&json!({"type": "hello", "nick": "dave"}), "welcome", heard);
    let token = welcome["resume"]["token"].as_str().expect("tokens are strings").to_owned();
    dave.ask(&json!({"type": "join", "room": "lobby"}), "joined", heard);
    let mut send = |ttl: u32| {
        let response = upload(address, &token, &format!("-F room=lobby -F ttl={ttl}"));
        let image: Value = serde_json::from_str(&response.body).expect("JSON came");
        heard.note(&image, "");
        let frame = json!({"type": "send", "text": "look", "images": [image["id"]]});
        (image["id"].clone(), dave.ask(&frame, "sent", heard)["seq"].clone())
    };
    let ((_, _), (taken_back, _), (_, deleted)) = (send(1), send(60), send(60));
    let taken_back = taken_back.as_str().expect("ids are strings");
    let request = format!("DELETE /api/v1/uploads/{taken_back}\nAuthorization: Bearer {token}");
    assert_eq!(ask(address, &request).status, 204);
    dave.ask(&json!({"type": "delete", "seq": deleted}), "sent", heard);
    carol.await_frame("expired", heard);
}
