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

/// The password of the owner whom the operator added before the story begins.
const OLGAS_PASSWORD: &str = "on the other side of the door";

struct Guide {
    parlor: Parlor,
    people: HashMap<String, Person>,
    /// What stands for `pr_…`, for `pl_1…`, `pl_2…` and so on, for `pi_…`, and for the epoch of the
    /// examples.
    token: String,
    logins: Vec<String>,
    invite: String,
    epoch: String,
    /// The id of the picture that was uploaded last.
    picture: String,
    tour: Tour,
}

impl Guide {
    fn new() -> Self {
        let settings =
            ["limits.messages_per_second=0", "images.sweep_ms=50", "images.guests=review"];
        let tour = Tour { heard: Heard::default(), complaints: Vec::new(), replayed: 0 };
        Self {
            parlor: Parlor::start_owned_by("olga", OLGAS_PASSWORD, &settings),
            people: HashMap::new(),
            token: String::new(),
            logins: Vec::new(),
            invite: String::new(),
            epoch: String::new(),
            picture: String::new(),
            tour,
        }
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
        if let Some(invite) = answer["invite"].as_str() {
            invite.clone_into(&mut self.invite);
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
        let text = self.with_secrets(&block.text);
        let mut frame: Value = serde_json::from_str(&text).expect("examples are JSON");
        if let Some(epoch) = frame.pointer_mut("/after/epoch") {
            *epoch = Value::from(self.epoch.as_str());
        }
        if let Some(image) = frame.pointer_mut("/images/0") {
            *image = Value::from(self.picture.as_str());
        }
        if let Some(image) = frame.pointer_mut("/image").filter(|_| !self.picture.is_empty()) {
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

    fn with_secrets(&self, text: &str) -> String {
        let login = text.find("pl_").and_then(|at| text[at + 3..].chars().next()?.to_digit(10));
        let login = login.and_then(|number| self.logins.get(number as usize - 1));
        let secrets = [("pr_", Some(&self.token)), ("pl_", login), ("pi_", Some(&self.invite))];
        let put = |text: String, (prefix, secret): (&str, Option<&String>)| match (
            text.find(prefix),
            secret,
        ) {
            (Some(at), Some(secret)) => {
                format!("{}{secret}{}", &text[..at], &text[at + 67..])
            }
            _ => text,
        };
        secrets.into_iter().fold(text.to_owned(), put)
    }

    /// Makes the request of a block; the block below says what comes back.
    fn request(&mut self, block: &Block, answer: &Block) {
        let written = self.with_secrets(&block.text);
        let info: Vec<&str> = answer.info.iter().map(String::as_str).collect();
        match info[..] {
            ["json", "http", status] => self.compare_answer(block, &written, status),
            ["text", "http", status] => self.compare_silence(block, &written, status),
            ["text", "sse"] => {
                let mut stream = EventStream::open(&self.parlor.address, &written);
                self.post("Tea!");
                let event = stream.event();
                self.compare_event(answer, &event);
            }
            ref other => panic!("line {}: {other:?} answers no request", answer.line),
        }
    }

    fn compare_silence(&mut self, block: &Block, written: &str, status: &str) {
        let response = ask(&self.parlor.address, written);
        if response.status.to_string() != status || !response.body.is_empty() {
            let complaint = format!("line {}: {} {}", block.line, response.status, response.body);
            self.tour.complaints.push(complaint);
        }
    }

    fn compare_answer(&mut self, block: &Block, written: &str, status: &str) {
        let response = ask(&self.parlor.address, written);
        let line = written.lines().next().unwrap_or_default();
        match serde_json::from_str::<Value>(&response.body) {
            Ok(body) => {
                self.logins.extend(body["token"].as_str().map(str::to_owned));
                self.tour.heard.note(&body, line);
            }
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
        hear_the_peace(&self.parlor.address, heard);
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

/// What only an owner can have the server say: orders with and without an end, a ban off the server,
/// a mark that another device set.
fn hear_the_peace(address: &str, heard: &mut Heard) {
    let login = json!({ "nick": "olga", "password": OLGAS_PASSWORD });
    let login = format!("POST /api/v1/login\nContent-Type: application/json\n\n{login}");
    let answer: Value = serde_json::from_str(&ask(address, &login).body).expect("JSON came");
    let [mut olga, mut phone] = [(); 2].map(|()| Person::connect(address, "/ws"));
    let mut mallory = Person::connect(address, "/ws?nick=mallet&room=lobby");
    mallory.await_reply("joined", None, heard);
    for device in [&mut olga, &mut phone] {
        let hello = json!({ "type": "hello", "token": answer["token"] });
        device.ask(&hello, "welcome", heard);
        device.ask(&json!({ "type": "join", "room": "lobby" }), "joined", heard);
    }
    let mut order = |olga: &mut Person, order: Value, reply: &str| {
        let answer = olga.ask(&order, reply, heard);
        assert_eq!(answer["type"], reply, "{order}: {answer}");
    };
    order(&mut olga, json!({ "type": "read", "seq": 1 }), "ok");
    order(&mut olga, json!({ "type": "ping", "id": 1 }), "pong");
    order(&mut olga, json!({ "type": "join", "room": "lobby" }), "joined");
    let (nick, away) = ("mallet", json!({ "type": "kick", "id": 2, "nick": "nobody at all" }));
    order(&mut olga, away, "error");
    order(&mut olga, json!({ "type": "mute", "id": 3, "nick": nick, "seconds": 600 }), "ok");
    order(&mut olga, json!({ "type": "ban", "nick": "kettle", "address": false }), "ok");
    order(&mut olga, json!({ "type": "sanctions" }), "sanctions");
    order(&mut olga, json!({ "type": "reports" }), "reports");
    order(&mut olga, json!({ "type": "create", "room": "attic" }), "created");
    order(&mut olga, json!({ "type": "invite", "room": "attic" }), "invited");
    let off = json!({ "type": "ban", "nick": nick, "everywhere": true, "address": false });
    order(&mut olga, off, "ok");
    phone.await_frame("read", heard);
    mallory.hear_out(heard);
}
