//! Keeping the peace in the rules: who may order about whom, what a mute and a ban mean, where the
//! ban stands in the log.

use super::people::last;
use super::*;
use crate::chat::Caller;
use crate::model::{Role, TokenHash};
use crate::protocol::Code;

/// An owner (1), a member (2) and a guest (3) in the lobby.
fn lobby(change: impl FnOnce(&mut Config)) -> World {
    let mut world = World::new(change);
    world.somebody(1, "olga", Role::Owner);
    world.somebody(2, "mia", Role::Member);
    world.hello(3, "gus");
    world.ask(3, r#"{"type":"join","room":"lobby"}"#);
    world.read(1);
    world.read(2);
    world
}

fn code(frames: &[Value]) -> String {
    last(frames)["code"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn guests_need_a_login_members_a_role_and_nobody_orders_about_their_equals() {
    let mut world = lobby(|_| {});
    let kick = r#"{"type":"kick","nick":"gus"}"#;
    assert_eq!(code(&world.ask(3, kick)), "login_required");
    assert_eq!(code(&world.ask(2, kick)), "forbidden");
    let promote = r#"{"type":"role","nick":"mia","role":"moderator"}"#;
    assert_eq!(last(&world.ask(1, promote))["type"], "ok");
    assert_eq!(code(&world.ask(2, r#"{"type":"kick","nick":"olga"}"#)), "forbidden");
    assert_eq!(code(&world.ask(2, r#"{"type":"kick","nick":"mia"}"#)), "forbidden");
    assert_eq!(code(&world.ask(2, r#"{"type":"kick","nick":"nobody"}"#)), "nick_not_found");
    assert_eq!(last(&world.ask(2, kick))["type"], "ok");
    assert_eq!(world.closed, [(conn(3), Close::Removed)], "it was his only room");
    let demote = r#"{"type":"role","nick":"mia","role":"none"}"#;
    assert_eq!(last(&world.ask(1, demote))["type"], "ok");
    assert_eq!(code(&world.ask(2, r#"{"type":"mute","nick":"gus"}"#)), "forbidden", "at once");
}

#[test]
fn whoever_creates_a_room_moderates_it_and_only_it() {
    let mut world = lobby(|_| {});
    assert_eq!(code(&world.ask(3, r#"{"type":"create","room":"own"}"#)), "login_required");
    assert_eq!(last(&world.ask(2, r#"{"type":"create","room":"own"}"#))["type"], "created");
    assert_eq!(code(&world.ask(2, r#"{"type":"create","room":"Own"}"#)), "room_taken");
    world.ask(2, r#"{"type":"join","room":"own"}"#);
    world.ask(3, r#"{"type":"join","room":"own"}"#);
    let kicked = world.ask(2, r#"{"type":"kick","room":"own","nick":"gus"}"#);
    assert_eq!(last(&kicked)["type"], "ok");
    assert!(world.closed.is_empty(), "he is still in the lobby");
    let kick = r#"{"type":"kick","room":"lobby","nick":"gus"}"#;
    assert_eq!(code(&world.ask(2, kick)), "forbidden");
}

#[test]
fn the_muted_listen_until_it_ends_and_are_told_how_long() {
    let mut world = lobby(|_| {});
    world.ask(1, r#"{"type":"mute","nick":"gus","seconds":60,"reason":"loud"}"#);
    let told = world.read(3);
    assert_eq!(kinds(&told), ["moderation", "moderated"]);
    assert_eq!((&told[0]["reason"], &told[0]["by"]), (&"loud".into(), &"olga".into()));
    assert!(told[1].get("reason").is_none(), "the room is not told why");
    for frame in [
        r#"{"type":"send","text":"x"}"#,
        r#"{"type":"react","seq":1,"emoji":"👍"}"#,
        r#"{"type":"topic","topic":"x"}"#,
        r#"{"type":"typing"}"#,
    ] {
        assert_eq!(code(&world.ask(3, frame)), "muted", "{frame}");
    }
    assert_eq!(last(&world.ask(3, r#"{"type":"send","text":"x"}"#))["retry_after_ms"], 60_000);
    world.wait(60_000);
    assert_eq!(last(&world.ask(3, r#"{"type":"send","text":"x"}"#))["type"], "sent");
}

#[test]
fn nothing_of_the_banned_stands_behind_the_ban() {
    let mut world = lobby(|_| {});
    // What was said before is on its way to the store when the ban comes; what comes after is not.
    let say = |world: &mut World, number: u32, frame: &str| {
        let decoded = decode(frame, 4000);
        let (row, request) = (decoded.command.unwrap(), decoded.request.unwrap());
        let now = world.moment();
        world.chat.request(now, conn(number), None, row, request);
    };
    say(&mut world, 3, r#"{"type":"send","text":"before"}"#);
    say(&mut world, 1, r#"{"type":"ban","nick":"gus"}"#);
    say(&mut world, 3, r#"{"type":"send","text":"after"}"#);
    let heard = world.read(1);
    let log: Vec<&Value> = heard.iter().filter(|frame| frame["seq"].is_u64()).collect();
    let texts: Vec<&Value> = log.iter().map(|frame| &frame["type"]).collect();
    assert_eq!(texts, ["message", "moderated"], "{heard:?}");
    assert_eq!(code(&world.hello(4, "gus")), "none");
    assert_eq!(code(&world.ask(4, r#"{"type":"join","room":"lobby"}"#)), "banned");
}

#[test]
fn a_guests_ban_is_about_name_and_address_and_one_without_address_is_not() {
    let mut world = lobby(|_| {});
    let elsewhere = Caller { address: [7; 32], browser: None, login: None };
    let come = |world: &mut World, number: u32, name: &str, caller: Caller| {
        let hello = Hello::Nick(Nick::parse(name).unwrap());
        let now = world.moment();
        world.chat.hello(now, conn(number), None, hello, caller);
        world.read(number);
        code(&world.ask(number, r#"{"type":"join","room":"lobby"}"#))
    };
    world.ask(1, r#"{"type":"ban","nick":"gus","address":false}"#);
    assert_eq!(come(&mut world, 4, "other", NOWHERE), "none", "another guest from there");
    assert_eq!(come(&mut world, 5, "Gus", elsewhere), "banned", "the name");
    world.ask(1, r#"{"type":"unban","nick":"gus"}"#);
    assert_eq!(code(&world.ask(5, r#"{"type":"join","room":"lobby"}"#)), "none");
    world.ask(1, r#"{"type":"ban","nick":"gus","seconds":60}"#);
    assert_eq!(come(&mut world, 6, "third", elsewhere), "banned", "where he came from");
    assert_eq!(come(&mut world, 7, "fourth", NOWHERE), "none", "somewhere else");
    world.wait(60_000);
    assert_eq!(code(&world.ask(6, r#"{"type":"join","room":"lobby"}"#)), "none", "it has ended");
}

#[test]
fn a_ban_off_the_server_ends_everything_and_every_room_hears_of_it() {
    let mut world = lobby(|_| {});
    world.ask(1, r#"{"type":"join","room":"tea"}"#);
    world.ask(2, r#"{"type":"join","room":"tea"}"#);
    world.read(1);
    let ban = r#"{"type":"ban","room":"lobby","nick":"mia","everywhere":true}"#;
    let heard = world.ask(1, ban);
    let rooms: Vec<&Value> = heard
        .iter()
        .filter(|frame| frame["type"] == "moderated")
        .map(|frame| &frame["room"])
        .collect();
    assert_eq!(rooms.len(), 2, "{heard:?}");
    assert_eq!(world.closed, [(conn(2), Close::Removed)]);
    assert_eq!(code(&world.come(4, "mia")), "banned");
    assert_eq!(world.log_in("mia", "again"), Err(Code::Banned));
    let me = TokenHash::of("mia");
    let refused = world.answered(|c, now, ch| c.me(now, &me, ch)).unwrap_err();
    assert_eq!(refused.code, Code::Banned);
    world.ask(1, r#"{"type":"unban","room":"lobby","nick":"mia","everywhere":true}"#);
    assert_eq!(kinds(&world.come(5, "mia")), ["welcome"]);
}

#[test]
fn slow_mode_makes_people_wait_and_moderators_not() {
    let mut world = lobby(|_| {});
    assert_eq!(last(&world.ask(1, r#"{"type":"settings","slow_s":10}"#))["type"], "ok");
    assert_eq!(last(&world.ask(3, r#"{"type":"send","text":"1"}"#))["type"], "sent");
    world.wait(4000);
    let refused = last(&world.ask(3, r#"{"type":"send","text":"2"}"#));
    assert_eq!((&refused["code"], &refused["retry_after_ms"]), (&"slow_mode".into(), &6000.into()));
    for _ in 0..2 {
        assert_eq!(last(&world.ask(1, r#"{"type":"send","text":"x"}"#))["type"], "sent");
    }
    world.wait(6000);
    assert_eq!(last(&world.ask(3, r#"{"type":"send","text":"2"}"#))["type"], "sent");
}

#[test]
fn a_room_that_is_closed_to_guests_sends_them_out_and_lets_none_in() {
    let mut world = lobby(|_| {});
    world.ask(1, r#"{"type":"settings","guests":false}"#);
    assert_eq!(world.closed, [(conn(3), Close::Removed)]);
    world.hello(4, "gil");
    assert_eq!(code(&world.ask(4, r#"{"type":"join","room":"lobby"}"#)), "guests_not_admitted");
    assert_eq!(last(&world.ask(2, r#"{"type":"send","text":"ours"}"#))["type"], "sent");
}

#[test]
fn a_report_reaches_the_moderators_once_and_only_them() {
    let mut world = lobby(|_| {});
    world.ask(3, r#"{"type":"send","text":"spam"}"#);
    world.read(1);
    world.read(2);
    let report = r#"{"type":"report","seq":1,"reason":"spam"}"#;
    assert_eq!(kinds(&world.ask(2, report)), ["ok"]);
    assert_eq!(kinds(&world.ask(2, report)), ["ok"], "twice is once");
    assert_eq!(kinds(&world.read(1)), ["reported"]);
    assert!(world.read(3).is_empty());
    let list = last(&world.ask(1, r#"{"type":"reports"}"#));
    assert_eq!(list["reports"].as_array().unwrap().len(), 1);
    assert_eq!(code(&world.ask(2, r#"{"type":"report","seq":99}"#)), "message_not_found");
    assert_eq!(kinds(&world.ask(1, r#"{"type":"dismiss","seq":1}"#)), ["ok"]);
    assert_eq!(code(&world.ask(1, r#"{"type":"dismiss","seq":1}"#)), "message_not_found");
}

#[test]
fn a_private_room_is_nowhere_for_those_outside_and_an_invitation_opens_it_so_often() {
    let mut world = lobby(|config| config.rooms.open_creation = true);
    world.ask(2, r#"{"type":"create","room":"den","visibility":"private"}"#);
    world.ask(2, r#"{"type":"join","room":"den"}"#);
    world.chat.rules.open_creation = false;
    let asked = |world: &mut World, frame: &str| {
        let answer = |world: &mut World, room: &str| {
            last(&world.ask(3, &frame.replace("ROOM", room))).to_string()
        };
        (answer(world, "den"), answer(world, "nix"))
    };
    for frame in [
        r#"{"type":"join","room":"ROOM"}"#,
        r#"{"type":"join","room":"ROOM","invite":"pi_guess"}"#,
        r#"{"type":"history","room":"ROOM"}"#,
        r#"{"type":"members","room":"ROOM"}"#,
        r#"{"type":"send","room":"ROOM","text":"x"}"#,
        r#"{"type":"report","room":"ROOM","seq":1}"#,
        r#"{"type":"leave","room":"ROOM"}"#,
        r#"{"type":"kick","room":"ROOM","nick":"mia"}"#,
    ] {
        let (there, nowhere) = asked(&mut world, frame);
        assert_eq!(there, nowhere, "{frame}");
    }
    assert_eq!(last(&world.ask(3, r#"{"type":"rooms"}"#))["rooms"].as_array().unwrap().len(), 1);
    let invited = last(&world.ask(2, r#"{"type":"invite","room":"den","uses":1}"#));
    let secret = invited["invite"].as_str().unwrap();
    assert!(invited["link"].as_str().unwrap().contains('#'), "never sent to a server");
    let join = format!(r#"{{"type":"join","room":"den","invite":"{secret}"}}"#);
    assert_eq!(last(&world.ask(3, &join))["type"], "joined");
    world.hello(4, "late");
    assert_eq!(code(&world.ask(4, &join)), "room_private", "used up");
    // A guest's place is all that they have of it.
    world.ask(3, r#"{"type":"leave","room":"den"}"#);
    assert_eq!(code(&world.ask(3, r#"{"type":"join","room":"den"}"#)), "room_not_found");
}

#[test]
fn a_guest_who_loads_the_page_anew_is_still_in_the_private_room_and_one_sent_out_is_not() {
    let mut world = lobby(|_| {});
    world.ask(2, r#"{"type":"create","room":"den","visibility":"private"}"#);
    world.ask(2, r#"{"type":"join","room":"den"}"#);
    let token = world.hello(4, "ivy").remove(0)["resume"]["token"].as_str().unwrap().to_owned();
    let invited = last(&world.ask(2, r#"{"type":"invite","room":"den","uses":1}"#));
    let secret = invited["invite"].as_str().unwrap();
    world.ask(4, &format!(r#"{{"type":"join","room":"den","invite":"{secret}"}}"#));
    let back = r#"{"type":"join","room":"den"}"#;
    world.drop_connection(4, true);
    assert_eq!(world.resume(5, &token)[0]["type"], "welcome");
    assert_eq!(last(&world.ask(5, back))["type"], "joined");
    world.drop_connection(5, true);
    assert_eq!(
        last(&world.ask(2, r#"{"type":"kick","room":"den","nick":"ivy","seconds":1}"#))["type"],
        "ok"
    );
    world.wait(1000);
    assert_eq!(world.resume(6, &token)[0]["type"], "welcome");
    assert_eq!(code(&world.ask(6, back)), "room_not_found");
}
