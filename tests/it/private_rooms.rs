//! A private room does not exist for who is outside.

use std::time::Instant;

use serde_json::{Value, json};

use crate::stage::pictures::png;
use crate::stage::{Account, Answer, EventStream, Form, Person, Sent, TestApp, form_type, log};

/// The private room, and a name of the same length of which there is no room.
const SECRET: &str = "cellar";
const NOTHING: &str = "attics";

/// What is said of a room, without its name.
fn plain(answer: &Answer, room: &str) -> (u16, String, String) {
    let body = answer.body.replace(room, "ROOM");
    (answer.status, answer.header("content-type").to_owned(), body)
}

/// Fails unless both are the same but for the room's name; it is a refusal.
fn same(what: &str, ask: impl Fn(&str) -> Answer) {
    let (secret, nothing) = (ask(SECRET), ask(NOTHING));
    assert_eq!(plain(&secret, SECRET), plain(&nothing, NOTHING), "{what}");
    assert!((400..500).contains(&secret.status), "{what}: {} {}", secret.status, secret.body);
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&secret), names(&nothing), "{what}");
}

/// A server with a private room of Ada's in which something was said and shown.
struct House {
    app: TestApp,
    owner: Account,
    ada: Account,
    inside: Person,
    /// A picture in the private room that lives, and one that is gone.
    pictures: [String; 2],
}

async fn house(settings: &[&str]) -> House {
    let settings =
        [&["rooms.open_creation=false", "limits.messages_per_second=0"], settings].concat();
    let (app, owner) = TestApp::owned(&settings);
    let ada = app.register("ada");
    owner.create(&app, SECRET, "private");
    let role = json!({ "type": "role", "nick": "ada", "role": "moderator" });
    assert_eq!(owner.order(&app, SECRET, role).status, 200);
    owner.create(&app, "lobby", "open");
    let mut inside = ada.arrive_in(&app, SECRET).await;
    inside.say(SECRET, "psst").await;
    let pictures = [1, 2].map(|n| {
        let answer = app.upload(&ada.token, Form::of(SECRET, &png(4, 4, n)));
        let shown: Value = answer.json(201);
        shown["id"].as_str().expect("an id").to_owned()
    });
    inside.show(SECRET, &[&pictures[0]]).await;
    let gone = inside.show(SECRET, &[&pictures[1]]).await;
    inside
        .ask(json!({ "type": "delete", "room": SECRET, "seq": gone.seq }))
        .await
        .as_a::<Sent>("sent");
    House { app, owner, ada, inside, pictures }
}

#[tokio::test]
async fn over_http_it_is_answered_as_a_room_that_does_not_exist() {
    let House { app, pictures, .. } = house(&[]).await;
    let guest = app.arrive_in("lobby", "guest").await;
    let bob = app.register("bob");
    for token in [None, Some(guest.token.as_str()), Some(bob.token.as_str()), Some("pl_nonsense")] {
        let bearer = format!("Bearer {}", token.unwrap_or_default());
        let who = [("Authorization", bearer.as_str())];
        let who = if token.is_some() { &who[..] } else { &[] };
        let json = [who, &[("Content-Type", "application/json")]].concat();
        for path in ["events", "stream", "events?after=0", "sanctions", "reports"] {
            same(path, |room| app.ask("GET", &format!("/api/v1/rooms/{room}/{path}"), who, ""));
        }
        let as_guest = if token.is_some() { "" } else { "?nick=mallory" };
        same("post", |room| app.post(room, as_guest, who, "hello?"));
        same("delete", |room| {
            app.ask("DELETE", &format!("/api/v1/rooms/{room}/messages/1"), who, "")
        });
        for order in [
            json!({ "type": "report", "seq": 1 }),
            json!({ "type": "kick", "nick": "ada" }),
            json!({ "type": "ban", "nick": "ada", "seconds": 1 }),
            json!({ "type": "invite" }),
            json!({ "type": "settings", "slow_s": 1 }),
            json!({ "type": "sanctions" }),
            json!({ "type": "reports" }),
            json!({ "type": "delete", "seq": 1 }),
            json!({ "type": "remove", "nick": "ada", "minutes": 1 }),
        ] {
            same(&order.to_string(), |room| {
                app.ask("POST", &format!("/api/v1/rooms/{room}/orders"), &json, order.to_string())
            });
        }
        let kind = form_type();
        let upload = [who, &[("Content-Type", kind.as_str())]].concat();
        same("upload", |room| {
            app.ask("POST", "/api/v1/uploads", &upload, Form::of(room, &png(4, 4, 3)).finished())
        });
        same("create", |room| {
            let body = json!({ "room": room, "visibility": "private" });
            app.ask("POST", "/api/v1/rooms", &json, body.to_string())
        });
        // A picture is found by nobody outside, whether it lives or is gone.
        let other = "0123456789abcdef0123456789abcdef";
        for id in &pictures {
            for path in ["/uploads/ID", "/uploads/ID/thumb"] {
                let ask = |id: &str| app.ask("GET", &path.replace("ID", id), who, "");
                assert_eq!(plain(&ask(id), id), plain(&ask(other), other), "{path} {token:?}");
            }
            let ask = |id: &str| app.ask("DELETE", &format!("/api/v1/uploads/{id}"), who, "");
            assert_eq!(plain(&ask(id), id), plain(&ask(other), other), "{token:?}");
        }
        let rooms = app.ask("GET", "/api/v1/rooms", who, "");
        assert!(!rooms.body.contains(SECRET), "{}", rooms.body);
    }
    assert!(!app.get("/metrics").body.contains(SECRET));
}

#[tokio::test]
async fn over_a_socket_it_is_answered_as_a_room_that_does_not_exist() {
    let House { app, .. } = house(&[]).await;
    let bob = app.register("bob");
    for mut person in [app.arrive("guest").await, bob.arrive(&app).await] {
        let mut codes = Vec::new();
        for frame in [
            json!({ "type": "join" }),
            json!({ "type": "join", "invite": "pi_guessed" }),
            json!({ "type": "join", "after": { "epoch": "x", "seq": 1 } }),
            json!({ "type": "history" }),
            json!({ "type": "members" }),
            json!({ "type": "leave" }),
            json!({ "type": "send", "text": "hello?" }),
            json!({ "type": "edit", "seq": 1, "text": "hello?" }),
            json!({ "type": "delete", "seq": 1 }),
            json!({ "type": "react", "seq": 1, "emoji": "👀" }),
            json!({ "type": "topic", "topic": "x" }),
            json!({ "type": "typing" }),
            json!({ "type": "read", "seq": 1 }),
            json!({ "type": "report", "seq": 1 }),
            json!({ "type": "create" }),
            json!({ "type": "invite" }),
            json!({ "type": "kick", "nick": "ada" }),
            json!({ "type": "mute", "nick": "ada" }),
            json!({ "type": "ban", "nick": "ada" }),
            json!({ "type": "unban", "nick": "ada" }),
            json!({ "type": "role", "nick": "ada", "role": "none" }),
            json!({ "type": "remove", "nick": "ada", "minutes": 1 }),
            json!({ "type": "settings", "guests": true }),
            json!({ "type": "sanctions" }),
            json!({ "type": "reports" }),
            json!({ "type": "dismiss", "seq": 1 }),
            json!({ "type": "approve", "seq": 1, "image": "0".repeat(32) }),
        ] {
            let mut answers = [SECRET, NOTHING].map(|room| {
                let mut frame = frame.clone();
                frame["room"] = room.into();
                frame
            });
            for frame in &mut answers {
                let room = frame["room"].as_str().expect("it was set").to_owned();
                let mut answer = person.ask(frame.clone()).await.0;
                answer["id"].take();
                *frame = answer.to_string().replace(&room, "ROOM").into();
            }
            assert_eq!(answers[0], answers[1], "{frame}");
            assert!(answers[0].to_string().contains("error"), "{frame}: {}", answers[0]);
            codes.push(answers[0].to_string());
        }
        assert!(codes[0].contains("room_not_found"), "{}", codes[0]);
        let rooms = person.ask(json!({ "type": "rooms" })).await;
        assert!(!rooms.0.to_string().contains(SECRET));
    }
}

#[tokio::test]
async fn how_long_an_answer_takes_does_not_tell_either() {
    let House { app, .. } = house(&[]).await;
    let mut guest = app.arrive("guest").await;
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..600 {
        let which = n % 2;
        let room = [SECRET, NOTHING][which];
        let since = Instant::now();
        let refusal = guest.refused(json!({ "type": "join", "room": room })).await;
        times[which].push(since.elapsed());
        assert_eq!(refusal.code, "room_not_found");
    }
    let median = |times: &mut Vec<std::time::Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let [secret, nothing] = &mut times;
    let (secret, nothing) = (median(secret), median(nothing));
    let apart = (secret - nothing).abs() / nothing;
    assert!(apart < 0.25, "medians {:.0} and {:.0} µs", secret * 1e6, nothing * 1e6);
}

#[tokio::test]
async fn members_come_in_again_after_a_restart_and_see_it_in_their_list() {
    let House { mut app, ada, owner, .. } = house(&[]).await;
    app.crash();
    let mut inside = ada.arrive_in(&app, SECRET).await;
    let rooms = inside.ask(json!({ "type": "rooms" })).await;
    assert!(rooms.0.to_string().contains(SECRET));
    let rooms: Value = app.get_as(&ada.token, "/api/v1/rooms").json(200);
    assert!(rooms.to_string().contains(r#""visibility":"private""#), "{rooms}");
    let events = app.get_as(&owner.token, &format!("/api/v1/rooms/{SECRET}/events"));
    assert_eq!(events.status, 200);
}

#[tokio::test]
async fn a_room_that_turns_private_keeps_who_is_in_it_and_cuts_off_who_is_not() {
    let (app, owner) = TestApp::owned(&[]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut guest = app.arrive_in("lobby", "guest").await;
    let bob = app.register("bob");
    let eve = app.register("eve");
    let mut phone = bob.arrive_in(&app, "lobby").await;
    let mut outside: Vec<EventStream> = vec![
        app.stream("lobby", None),
        app.stream_as(&eve.token, "lobby"),
        app.stream_as(&app.arrive("other").await.token, "lobby"),
    ];
    let mut inside: Vec<EventStream> =
        vec![app.stream_as(&bob.token, "lobby"), app.stream_as(&guest.token, "lobby")];
    olga.does(json!({ "type": "settings", "visibility": "private" })).await;
    olga.say("lobby", "among us").await;
    for stream in &mut outside {
        while let Some(told) = stream.next() {
            assert!(!told.data.contains("among us"), "{}", told.data);
        }
    }
    for stream in &mut inside {
        assert_eq!(stream.next().expect("the rules").log_event().r#type, "moderated");
        assert_eq!(stream.next().expect("a word").log_event().text.as_deref(), Some("among us"));
    }
    let ruled = guest.next_event().await;
    assert_eq!(ruled.settings.expect("the rules")["visibility"], "private");
    assert_eq!(guest.next_event().await.text.as_deref(), Some("among us"));
    app.get("/api/v1/rooms/lobby/events").refused(404, "room_not_found");
    // The account belongs to it from now on, the guest as long as they are there.
    phone.ask(json!({ "type": "leave" })).await;
    phone.join("lobby").await;
    guest.ask(json!({ "type": "leave" })).await;
    while inside[1].next().is_some() {}
    let refusal = guest.refused(json!({ "type": "join", "room": "lobby" })).await;
    assert_eq!(refusal.code, "room_not_found");
    olga.does(json!({ "type": "settings", "visibility": "open" })).await;
    assert_eq!(log(&app, "lobby").len(), 3);
}

#[tokio::test]
async fn a_kick_leaves_a_member_their_place_and_a_ban_takes_it() {
    let House { app, ada, owner, mut inside, .. } = house(&[]).await;
    let order = |frame: Value| owner.order(&app, SECRET, frame).status;
    assert_eq!(order(json!({ "type": "kick", "nick": "ada" })), 200);
    assert_eq!(inside.ending().await.code, 4500);
    let mut inside = ada.arrive_in(&app, SECRET).await;
    assert_eq!(order(json!({ "type": "ban", "nick": "ada" })), 200);
    assert_eq!(inside.ending().await.code, 4500);
    assert_eq!(order(json!({ "type": "unban", "nick": "ada" })), 200);
    let mut outside = ada.arrive(&app).await;
    let refusal = outside.refused(json!({ "type": "join", "room": SECRET })).await;
    assert_eq!(refusal.code, "room_not_found");
}

#[tokio::test]
async fn whose_membership_is_taken_away_is_out_at_once_on_an_open_socket_too() {
    let House { app, owner, ada, mut inside, .. } = house(&[]).await;
    let bob = app.register("bob");
    let member = json!({ "type": "role", "nick": "bob", "role": "member" });
    assert_eq!(owner.order(&app, SECRET, member).status, 200);
    let mut out = bob.arrive_in(&app, SECRET).await;
    let token = out.token.clone();
    let ends = json!({ "type": "role", "nick": "bob", "role": "none" });
    assert_eq!(owner.order(&app, SECRET, ends).status, 200);
    let told = out.wait_for(|frame| frame.kind() == "moderation").await;
    assert_eq!((&told.0["action"], &told.0["room"]), (&json!("kicked"), &json!(SECRET)));
    inside.say(SECRET, "now that he is gone").await;
    // It was his only room.
    assert_eq!(out.ending().await.code, 4500);
    for bearer in [&token, &bob.token] {
        let bearer = format!("Bearer {bearer}");
        let who = [("Authorization", bearer.as_str())];
        let answer = app.ask("GET", &format!("/api/v1/rooms/{SECRET}/events"), &who, "");
        assert!([401, 404].contains(&answer.status), "{} {}", answer.status, answer.body);
    }
    let mut again = bob.arrive(&app).await;
    let refusal = again.refused(json!({ "type": "join", "room": SECRET })).await;
    assert_eq!(refusal.code, "room_not_found");
    drop(ada);
}
