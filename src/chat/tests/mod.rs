//! The rules of the chat, without a runtime: time is a number, the store a list in this file that
//! keeps the promises of the real one for what these tests ask of it.

mod peace;
mod people;
mod pictures;

use rand::SeedableRng;
use serde_json::Value;

use super::*;
use crate::model::config::Config;
use crate::model::{ConnId, Keep, Nick, RoomName, Timestamp};
use crate::protocol::{After, COMMANDS, Close, Command, Hello, Needs, Request, decode, wire};
use crate::store::{Boot, Op, Outcome};

const NOWHERE: Caller = Caller { address: [0; 32], browser: None, login: None };

/// Somebody's connection, as the relay would see it.
struct World {
    chat: Chat,
    now: u64,
    heads: std::collections::HashMap<i64, u64>,
    /// What each connection was given, in order.
    inbox: Vec<(ConnId, Value)>,
    listening: Vec<(ConnId, crate::store::RoomId)>,
    closed: Vec<(ConnId, Close)>,
    /// Pictures whose files are to be removed.
    to_remove: Vec<crate::model::ImageId>,
}

fn conn(number: u32) -> ConnId {
    ConnId { worker: 0, slot: number, serial: u64::from(number) }
}

impl World {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.limits.messages_per_second = 0;
        change(&mut config);
        let boot = Boot::default();
        let rng = rand::rngs::StdRng::seed_from_u64(7);
        let now = Moment { mono: 0, wall: Timestamp(0) };
        let chat = Chat::new(Rules::of(&config), boot, now, rng);
        let heads = std::collections::HashMap::new();
        let (inbox, listening, closed) = (Vec::new(), Vec::new(), Vec::new());
        Self { chat, now: 0, heads, inbox, listening, closed, to_remove: Vec::new() }
    }

    fn moment(&self) -> Moment {
        Moment { mono: self.now, wall: Timestamp(self.now as i64) }
    }

    fn settle(&mut self) {
        loop {
            self.chat.tick(self.moment());
            self.carry_out();
            let Some(batch) = self.chat.batch() else { break };
            let outcomes = batch.iter().map(|op| self.keep(op)).collect();
            self.chat.committed(batch, Ok(outcomes));
        }
    }

    fn keep(&mut self, op: &Op) -> Outcome {
        let append = match op {
            Op::Append(append) => append,
            Op::EndImage { note: Some(note), .. } => note,
            _ => return Outcome::Done,
        };
        let head = self.heads.entry(append.room.0).or_default();
        *head += 1;
        Outcome::Appended { seq: *head }
    }

    fn carry_out(&mut self) {
        for effect in self.chat.effects() {
            match effect {
                Effect::To { conn, frame, .. } => self.give(conn, &frame),
                Effect::Room { room, frames, except, .. } => {
                    let to: Vec<ConnId> = self
                        .listening
                        .iter()
                        .filter(|(conn, where_)| *where_ == room && Some(*conn) != except)
                        .map(|(conn, _)| *conn)
                        .collect();
                    to.into_iter().for_each(|conn| self.give(conn, &frames));
                }
                Effect::Enter { conn, room } => self.listening.push((conn, room)),
                Effect::Exit { conn, room } => self.listening.retain(|l| *l != (conn, room)),
                Effect::Close { conn, close } => self.closed.push((conn, close)),
                Effect::RemoveFiles(ids) => self.to_remove.extend(ids),
                Effect::Http(http) => http.channel.send(http.answer),
                Effect::Read { .. } => unreachable!("not asked for here"),
            }
        }
    }

    fn give(&mut self, conn: ConnId, frames: &[u8]) {
        for json in wire::payloads(frames) {
            self.inbox.push((conn, serde_json::from_slice(json).unwrap()));
        }
    }

    fn hello(&mut self, number: u32, name: &str) -> Vec<Value> {
        let hello = Hello::Nick(Nick::parse(name).unwrap());
        self.chat.hello(self.moment(), conn(number), None, hello, NOWHERE);
        self.read(number)
    }

    fn resume(&mut self, number: u32, token: &str) -> Vec<Value> {
        let hello = Hello::Resume(token.to_owned());
        self.chat.hello(self.moment(), conn(number), None, hello, NOWHERE);
        self.read(number)
    }

    fn ask(&mut self, number: u32, frame: &str) -> Vec<Value> {
        self.say(number, frame);
        self.read(number)
    }

    fn say(&mut self, number: u32, frame: &str) {
        let decoded = decode(frame, 4000);
        let (row, request): (&'static Command, Request) =
            (decoded.command.unwrap(), decoded.request.unwrap());
        self.chat.request(self.moment(), conn(number), decoded.id, row, request);
        self.settle();
    }

    /// What the connection was given since the last time.
    fn read(&mut self, number: u32) -> Vec<Value> {
        self.settle();
        let (mine, rest) =
            std::mem::take(&mut self.inbox).into_iter().partition(|(to, _)| *to == conn(number));
        self.inbox = rest;
        let mine: Vec<(ConnId, Value)> = mine;
        mine.into_iter().map(|(_, frame)| frame).collect()
    }

    fn drop_connection(&mut self, number: u32, clean: bool) {
        self.listening.retain(|(to, _)| *to != conn(number));
        self.chat.gone(self.moment(), conn(number), clean);
        self.settle();
    }

    fn wait(&mut self, millis: u64) {
        self.now += millis;
        self.settle();
    }
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect()
}

/// Ada (1) and Bob (2) in the lobby, with their tokens.
fn two_people(change: impl FnOnce(&mut Config)) -> (World, String, String) {
    let mut world = World::new(change);
    let tokens: Vec<String> = [(1, "ada"), (2, "bob")]
        .into_iter()
        .map(|(number, name)| {
            let welcome = world.hello(number, name).remove(0);
            world.ask(number, r#"{"type":"join","room":"lobby"}"#);
            welcome["resume"]["token"].as_str().unwrap().to_owned()
        })
        .collect();
    world.inbox.clear();
    (world, tokens[0].clone(), tokens[1].clone())
}

#[test]
fn everybody_sees_an_event_before_its_sender_has_the_ack() {
    let (mut world, ..) = two_people(|_| {});
    let seen = world.ask(1, r#"{"type":"send","text":"hi","id":5}"#);
    assert_eq!(kinds(&seen), ["message", "sent"]);
    assert_eq!((&seen[1]["seq"], &seen[1]["id"]), (&1.into(), &5.into()));
    assert_eq!(kinds(&world.read(2)), ["message"]);
}

#[test]
fn a_name_that_looks_like_a_held_one_is_taken() {
    let (mut world, ..) = two_people(|_| {});
    assert_eq!(world.hello(3, "АDА")[0]["code"], "nick_taken");
    assert_eq!(world.ask(2, r#"{"type":"rename","nick":"Ada"}"#)[0]["code"], "nick_taken");
    assert_eq!(world.ask(1, r#"{"type":"rename","nick":"ADA"}"#)[0]["nick"], "ADA");
}

#[test]
fn a_drop_is_a_reconnecting_and_the_grace_ends_in_one_leave() {
    let (mut world, ..) = two_people(|_| {});
    world.drop_connection(1, false);
    let seen = world.read(2);
    assert_eq!(seen[0]["changed"][0]["state"], "reconnecting");
    assert_eq!(world.hello(3, "ada")[0]["code"], "nick_taken");
    world.wait(29_999);
    assert!(world.read(2).is_empty());
    world.wait(1);
    let seen = world.read(2);
    assert_eq!(kinds(&seen), ["presence"]);
    assert_eq!((&seen[0]["left"][0]["nick"], &seen[0]["count"]), (&"ada".into(), &1.into()));
    assert_eq!(world.hello(4, "ada")[0]["type"], "welcome");
}

#[test]
fn who_said_goodbye_comes_back_as_the_same_person_if_the_name_is_still_free() {
    let (mut world, token, _) = two_people(|_| {});
    world.ask(1, r#"{"type":"send","text":"mine"}"#);
    world.drop_connection(1, true);
    assert_eq!(world.read(2)[1]["left"][0]["nick"], "ada");
    let welcome = world.resume(3, &token).remove(0);
    assert_eq!(
        (&welcome["user"]["nick"], &welcome["rooms"]),
        (&"ada".into(), &Value::Array(vec![]))
    );
    world.ask(3, r#"{"type":"join","room":"lobby"}"#);
    assert_eq!(kinds(&world.ask(3, r#"{"type":"edit","seq":1,"text":"still mine"}"#))[1], "sent");
    world.drop_connection(3, true);
    assert_eq!(world.hello(4, "ada")[0]["type"], "welcome");
    assert_eq!(world.resume(5, &token)[0]["code"], "bad_credentials");
}

#[test]
fn the_way_back_is_open_for_a_grace_and_fills_no_bucket() {
    let (mut world, token, _) = two_people(|config| {
        config.limits.messages_per_second = 1;
        config.limits.burst = 1;
    });
    world.ask(1, r#"{"type":"send","text":"one"}"#);
    world.drop_connection(1, true);
    assert_eq!(world.resume(3, &token)[0]["type"], "welcome");
    assert_eq!(world.ask(3, r#"{"type":"join","room":"lobby"}"#)[0]["type"], "joined");
    assert_eq!(world.ask(3, r#"{"type":"send","text":"two"}"#)[0]["code"], "rate_limited");
    world.drop_connection(3, true);
    world.wait(30_000);
    assert_eq!(world.resume(4, &token)[0]["code"], "bad_credentials");
}

#[test]
fn a_clean_close_frees_the_name_at_once() {
    let (mut world, ..) = two_people(|_| {});
    world.drop_connection(1, true);
    assert_eq!(world.read(2)[0]["left"][0]["nick"], "ada");
    assert_eq!(world.hello(3, "ada")[0]["type"], "welcome");
}

#[test]
fn a_resume_brings_what_was_missed_once_and_nobody_sees_a_leave() {
    let (mut world, token, _) = two_people(|_| {});
    let first = world.ask(1, r#"{"type":"send","text":"one"}"#);
    world.drop_connection(1, false);
    world.ask(2, r#"{"type":"send","text":"two"}"#);
    let welcome = world.resume(3, &token);
    assert_eq!((&welcome[0]["resumed"], &welcome[0]["rooms"][0]), (&true.into(), &"lobby".into()));
    world.ask(2, r#"{"type":"send","text":"three"}"#);
    assert!(world.read(3).is_empty(), "events wait for the join");
    let epoch = first[1]["epoch"].as_str().unwrap();
    let join = format!(r#"{{"type":"join","room":"lobby","after":{{"epoch":"{epoch}","seq":1}}}}"#);
    let joined = world.ask(3, &join).remove(0);
    let texts: Vec<_> = joined["events"].as_array().unwrap().iter().map(|e| &e["text"]).collect();
    assert_eq!(texts, ["two", "three"]);
    assert_eq!(joined["complete"], true);
    world.ask(2, r#"{"type":"send","text":"four"}"#);
    assert_eq!(world.read(3)[0]["text"], "four");
}

#[test]
fn a_resume_replaces_a_connection_that_still_looks_alive() {
    let (mut world, token, _) = two_people(|_| {});
    assert_eq!(world.resume(3, &token)[0]["type"], "welcome");
    assert_eq!(world.closed, [(conn(1), Close::Replaced)]);
    world.drop_connection(1, false);
    assert!(world.read(2).is_empty(), "the others see no change");
}

#[test]
fn held_rooms_that_nobody_joins_are_joined_after_a_second() {
    let (mut world, token, _) = two_people(|_| {});
    world.drop_connection(1, false);
    world.resume(3, &token);
    world.ask(2, r#"{"type":"send","text":"meanwhile"}"#);
    world.wait(1000);
    let seen = world.read(3);
    assert_eq!(
        (kinds(&seen), &seen[0]["events"][0]["text"]),
        (vec!["joined"], &"meanwhile".into())
    );
}

#[test]
fn a_failing_store_refuses_and_consumes_no_place() {
    let (mut world, ..) = two_people(|_| {});
    for (error, code) in
        [(crate::store::StoreError::Full, "storage_full"), (crate::store::StoreError::Busy, "busy")]
    {
        let decoded = decode(r#"{"type":"send","text":"lost"}"#, 4000);
        let (row, request) = (decoded.command.unwrap(), decoded.request.unwrap());
        world.chat.request(world.moment(), conn(1), None, row, request);
        let batch = world.chat.batch().unwrap();
        world.chat.committed(batch, Err(error));
        let refused = world.read(1);
        assert_eq!((refused.len(), &refused[0]["code"]), (1, &code.into()));
        assert!(world.read(2).is_empty());
    }
    assert_eq!(world.ask(1, r#"{"type":"send","text":"kept"}"#)[1]["seq"], 1);
}

#[test]
fn what_cannot_be_proven_is_a_fresh_start() {
    let (mut world, ..) = two_people(|_| {});
    let epoch = world.ask(1, r#"{"type":"send","text":"one"}"#)[1]["epoch"].clone();
    for (epoch, seq, complete) in [
        (epoch.as_str().unwrap(), 1, true),
        (epoch.as_str().unwrap(), 2, false),
        ("other", 0, false),
    ] {
        let join = serde_json::json!({"type": "join", "room": "lobby", "after": {"epoch": epoch, "seq": seq}});
        let joined = world.ask(1, &join.to_string()).remove(0);
        assert_eq!(joined["complete"], complete, "{epoch} {seq}");
        assert_eq!(joined["events"].as_array().unwrap().len(), usize::from(!complete));
    }
}

#[test]
fn a_room_that_keeps_nothing_has_order_and_idempotency_all_the_same() {
    let (mut world, ..) = two_people(|config| config.history.keep = crate::model::Keep::Nothing);
    let send = r#"{"type":"send","text":"hi","client_id":"k"}"#;
    assert_eq!(world.ask(1, send)[1]["duplicate"], false);
    let again = world.ask(1, send);
    assert_eq!((kinds(&again), &again[0]["duplicate"]), (vec!["sent"], &true.into()));
    assert_eq!(world.ask(2, r#"{"type":"edit","seq":1,"text":"no"}"#)[1]["code"], "not_yours");
    world.ask(1, r#"{"type":"edit","seq":1,"text":"ho"}"#);
    let history = world.ask(1, r#"{"type":"history"}"#).remove(0);
    assert_eq!(history["events"][0]["text"], "ho");
    let react = r#"{"type":"react","seq":1,"emoji":"+"}"#;
    assert_eq!(world.ask(2, react)[2]["duplicate"], false);
    assert_eq!(world.ask(2, react)[0]["duplicate"], true);
    assert_eq!(
        world.ask(1, r#"{"type":"edit","seq":9,"text":"x"}"#)[1]["code"],
        "message_not_found"
    );
}

#[test]
fn a_large_room_hears_of_comings_and_goings_once_a_second() {
    let mut world = World::new(|_| {});
    for number in 0..60 {
        world.hello(number, &format!("user {number}"));
        world.ask(number, r#"{"type":"join","room":"lobby"}"#);
    }
    world.wait(1000);
    let told = |frames: &[Value]| frames.iter().filter(|f| f["type"] == "presence").count();
    let first = world.read(0);
    assert!(told(&first) < 45, "{}", told(&first));
    let names: usize =
        first.iter().filter_map(|f| f["joined"].as_array()).map(Vec::len).sum::<usize>();
    assert!(names >= 59 && first.last().unwrap()["count"] == 60);
    (50..60).for_each(|number| world.drop_connection(number, true));
    world.wait(1000);
    let last = world.read(0);
    assert!(told(&last) <= 2 && last.last().unwrap()["count"] == 50);
}

#[test]
fn typing_ends_by_itself_on_a_message_and_on_a_drop() {
    let (mut world, ..) = two_people(|_| {});
    let on = r#"{"type":"typing"}"#;
    assert!(world.ask(1, on).is_empty());
    world.wait(9_999);
    assert_eq!(world.read(2).len(), 1);
    world.wait(1);
    assert_eq!(world.read(2)[0]["on"], false);
    world.ask(1, on);
    world.ask(1, r#"{"type":"send","text":"x"}"#);
    let seen = world.read(2);
    assert_eq!(
        (kinds(&seen), &seen[1]["on"]),
        (vec!["typing", "typing", "message"], &false.into())
    );
    world.ask(1, on);
    world.drop_connection(1, false);
    assert_eq!(kinds(&world.read(2)), ["typing", "typing", "presence"]);
}

#[test]
fn somebody_in_no_room_or_in_several_must_name_it() {
    let (mut world, ..) = two_people(|_| {});
    world.ask(1, r#"{"type":"join","room":"garden"}"#);
    assert_eq!(world.ask(1, r#"{"type":"send","text":"x"}"#)[0]["code"], "missing_field");
    world.ask(1, r#"{"type":"leave","room":"garden"}"#);
    world.ask(1, r#"{"type":"leave"}"#);
    assert_eq!(world.ask(1, r#"{"type":"send","text":"x"}"#)[0]["code"], "not_in_room");
}

#[test]
fn empty_rooms_that_never_had_a_log_are_swept() {
    let (mut world, ..) = two_people(|_| {});
    world.ask(1, r#"{"type":"join","room":"garden"}"#);
    world.ask(1, r#"{"type":"leave","room":"garden"}"#);
    assert_eq!(world.chat.sweep(world.moment()) + world.chat.sweep(world.moment()), 1);
    let rooms = world.ask(1, r#"{"type":"rooms"}"#).remove(0);
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1);
}

proptest::proptest! {
    /// Whatever people do, their places, names and connections stay consistent, every request is
    /// answered exactly once, and every member's events are dense.
    #[test]
    fn whatever_people_do_the_books_balance(steps in proptest::collection::vec((0u32..5, 0u8..9), 1..120)) {
        let mut world = World::new(|_| {});
        let mut tokens: std::collections::HashMap<u32, String> = Default::default();
        let mut seen: std::collections::HashMap<u32, u64> = Default::default();
        let mut up: std::collections::HashMap<u32, u32> = Default::default();
        let mut next = 100;
        for (who, step) in steps {
            let at = up.get(&who).copied();
            match (step, at) {
                (0, None) => {
                    next += 1;
                    let frames = world.hello(next, &format!("user {who}"));
                    if frames[0]["type"] == "welcome" {
                        tokens.insert(who, frames[0]["resume"]["token"].as_str().unwrap().into());
                        up.insert(who, next);
                        seen.remove(&who);
                    }
                }
                (1, _) => if let Some(token) = tokens.get(&who).cloned() {
                    next += 1;
                    if world.resume(next, &token)[0]["type"] == "welcome" {
                        if let Some(old) = at { world.drop_connection(old, false); }
                        up.insert(who, next);
                        seen.remove(&who);
                    }
                },
                (2, Some(c)) => { world.ask(c, r#"{"type":"leave","room":"lobby"}"#); seen.remove(&who); }
                (3, Some(c)) => { world.drop_connection(c, step % 2 == 0); up.remove(&who); seen.remove(&who); }
                (4, Some(c)) => { world.drop_connection(c, true); up.remove(&who); seen.remove(&who); }
                (5, Some(c)) => {
                    let frames = world.ask(c, r#"{"type":"join","room":"lobby"}"#);
                    let joined = frames.iter().rfind(|f| f["type"] == "joined").unwrap();
                    seen.insert(who, joined["room"]["seq"].as_u64().unwrap());
                }
                (6, _) => { world.wait(700); }
                (_, Some(c)) => {
                    world.say(c, r#"{"type":"send","room":"lobby","text":"x","id":1}"#);
                }
                _ => {}
            }
            for (who, c) in &up {
                for frame in world.read(*c) {
                    match frame["type"].as_str().unwrap() {
                        "joined" => { seen.insert(*who, frame["room"]["seq"].as_u64().unwrap()); }
                        "message" => {
                            let seq = frame["seq"].as_u64().unwrap();
                            if let Some(last) = seen.insert(*who, seq) {
                                proptest::prop_assert_eq!(seq, last + 1);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        world.wait(60_000);
        up.values().for_each(|c| world.drop_connection(*c, true));
        proptest::prop_assert_eq!(world.chat.size().0, 0, "every session ends");
        proptest::prop_assert!(world.listening.is_empty() && world.chat.connections().is_empty());
    }
}

#[test]
fn every_request_is_answered_once() {
    for command in COMMANDS.iter().filter(|row| !row.reply.is_empty() && row.name != "hello") {
        let (mut world, ..) = two_people(|_| {});
        world.ask(1, r#"{"type":"send","text":"first"}"#);
        let Ok(request) = decode(command.example, 4000).request else { continue };
        if matches!(request, Request::Ping | Request::Help { .. }) {
            continue;
        }
        let frame = command.example.replacen('{', r#"{"id":"q","#, 1);
        let answers = world.ask(1, &frame);
        let answers: Vec<_> = answers.iter().filter(|answer| answer["id"] == "q").collect();
        assert_eq!(answers.len(), 1, "{}", command.name);
        if command.needs > Needs::Hello {
            assert_eq!(answers[0]["code"], "login_required", "{}", command.name);
        } else {
            assert_eq!(answers[0]["type"], command.reply, "{}", command.name);
        }
    }
}

#[test]
fn every_request_of_a_moderator_is_answered_once() {
    for command in COMMANDS.iter().filter(|row| row.needs > Needs::Hello) {
        let (mut world, ..) = two_people(|config| config.history.keep = Keep::Nothing);
        world.somebody(3, "olga", crate::model::Role::Owner);
        world.ask(2, r#"{"type":"send","text":"first"}"#);
        world.ask(1, r#"{"type":"report","seq":1}"#);
        if command.name.starts_with("un") {
            world.ask(3, &command.example.replace(r#""un"#, r#"""#));
        }
        let frame = command.example.replacen('{', r#"{"id":"q","#, 1);
        let frame = match command.name {
            "create" => frame,
            // A room that there is.
            _ => frame.replace("garden", "lobby"),
        };
        let answers = world.ask(3, &frame);
        let answers: Vec<_> = answers.iter().filter(|answer| answer["id"] == "q").collect();
        assert_eq!(answers.len(), 1, "{}", command.name);
        let expected = match command.name {
            // Bob has no account, and no picture waits.
            "role" | "approve" => "error",
            _ => command.reply,
        };
        assert_eq!(answers[0]["type"], expected, "{}", command.name);
    }
}

#[test]
fn after_is_checked_against_epoch_and_head_only_where_it_was_given() {
    let after = After { epoch: crate::model::Epoch("e".into()), seq: 0 };
    let (mut world, ..) = two_people(|_| {});
    let (reader, lobby) =
        (Reader { token: None, address: [0; 32] }, RoomName::parse("lobby").unwrap());
    world.chat.watch(world.moment(), conn(9), reader, &lobby, Some(after), 0);
    let joined = world.read(9).remove(0);
    assert_eq!((&joined["complete"], &joined["count"]), (&false.into(), &2.into()));
}
