//! Who may do what: owner, moderator, member, guest; on the server and in a room.

use parlor::model::Role;
use serde_json::{Value, json};

use crate::stage::{OWNER, Person, TestApp};

async fn code(person: &mut Person, frame: Value) -> String {
    person.refused(frame).await.code
}

fn kick(nick: &str) -> Value {
    json!({ "type": "kick", "room": "lobby", "nick": nick })
}

async fn role_of(person: &mut Person, room: &str, nick: &str) -> String {
    let members = person.ask(json!({ "type": "members", "room": room })).await;
    let members = members.0["members"].as_array().expect("a list").clone();
    let member = members.iter().find(|member| member["nick"] == nick).expect("they are here");
    member["role"].as_str().expect("a role").to_owned()
}

#[tokio::test]
async fn who_opens_a_room_with_an_account_moderates_it_and_a_guest_does_not() {
    let app = TestApp::start();
    let mut ada = app.register("ada").arrive_in(&app, "lobby").await;
    let mut bob = app.register("bob").arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("garden", "eve").await;
    let mut mob = app.register("mob").arrive_in(&app, "garden").await;
    assert_eq!(role_of(&mut ada, "lobby", "ada").await, "moderator");
    assert_eq!(role_of(&mut ada, "lobby", "bob").await, "member");
    assert_eq!(role_of(&mut eve, "garden", "eve").await, "guest");
    assert_eq!(code(&mut bob, kick("ada")).await, "forbidden");
    let kick_mob = json!({ "type": "kick", "room": "garden", "nick": "mob" });
    assert_eq!(code(&mut eve, kick_mob).await, "login_required");
    assert_eq!(code(&mut mob, json!({ "type": "kick", "nick": "eve" })).await, "forbidden");
    ada.does(kick("bob")).await;
    assert_eq!(bob.ending().await.code, 4500);
}

#[tokio::test]
async fn guests_need_a_login_and_members_a_right() {
    let app = TestApp::unhurried();
    let mut owner = app.register("first").arrive_in(&app, "lobby").await;
    let mut guest = app.arrive_in("lobby", "guest").await;
    let mut member = app.register("member").arrive_in(&app, "lobby").await;
    guest.say("lobby", "something").await;
    let frames = [
        kick("first"),
        json!({ "type": "mute", "nick": "first" }),
        json!({ "type": "unmute", "nick": "first" }),
        json!({ "type": "ban", "nick": "first" }),
        json!({ "type": "ban", "nick": "first", "everywhere": true }),
        json!({ "type": "unban", "nick": "first" }),
        json!({ "type": "role", "nick": "member", "role": "moderator" }),
        json!({ "type": "role", "nick": "member", "role": "owner", "everywhere": true }),
        json!({ "type": "remove", "nick": "guest", "minutes": 5 }),
        json!({ "type": "settings", "slow_s": 5 }),
        json!({ "type": "invite" }),
        json!({ "type": "sanctions" }),
        json!({ "type": "reports" }),
        json!({ "type": "dismiss", "seq": 1 }),
        json!({ "type": "approve", "seq": 1, "image": "0".repeat(32) }),
    ];
    for frame in frames {
        assert_eq!(code(&mut guest, frame.clone()).await, "login_required", "{frame}");
        assert_eq!(code(&mut member, frame.clone()).await, "forbidden", "{frame}");
    }
    assert_eq!(code(&mut member, json!({ "type": "delete", "seq": 1 })).await, "not_yours");
    assert_eq!(code(&mut guest, json!({ "type": "create", "room": "x" })).await, "login_required");
    // A room's moderator is none of the server.
    for frame in [
        json!({ "type": "ban", "nick": "guest", "everywhere": true }),
        json!({ "type": "unban", "nick": "guest", "everywhere": true }),
        json!({ "type": "role", "nick": "member", "role": "moderator", "everywhere": true }),
    ] {
        assert_eq!(code(&mut owner, frame.clone()).await, "forbidden", "{frame}");
    }
}

#[tokio::test]
async fn a_role_that_is_given_or_taken_acts_on_open_sockets() {
    let (app, owner) = TestApp::owned(&[]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let ada = app.register("ada");
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let mute = json!({ "type": "mute", "nick": "bob", "seconds": 60 });
    assert_eq!(code(&mut phone, mute.clone()).await, "forbidden");
    bob.heard().await;
    for everywhere in [false, true] {
        let role = |role: &str| json!({ "type": "role", "nick": "ada", "role": role, "everywhere": everywhere });
        olga.does(role("moderator")).await;
        let told = bob.next_presence().await;
        assert_eq!(told.changed[0].role, "moderator");
        phone.does(mute.clone()).await;
        phone.does(json!({ "type": "unmute", "nick": "bob" })).await;
        olga.does(role("member")).await;
        assert_eq!(bob.next_presence().await.changed[0].role, "member");
        assert_eq!(code(&mut phone, mute.clone()).await, "forbidden");
        ada.order(&app, "lobby", mute.clone()).refused(403, "forbidden");
    }
}

#[tokio::test]
async fn nobody_moderates_themselves_or_those_who_are_not_below_them() {
    let accounts = [
        (OWNER, Role::Owner),
        ("second", Role::Owner),
        ("mod", Role::Moderator),
        ("other mod", Role::Moderator),
        ("room mod", Role::Member),
    ];
    let app = TestApp::with_accounts(&["limits.messages_per_second=0"], &accounts);
    let mut olga = app.log_in(OWNER).arrive_in(&app, "lobby").await;
    let mut people = Vec::new();
    for (nick, _) in &accounts[1..] {
        people.push(app.log_in(nick).arrive_in(&app, "lobby").await);
    }
    olga.does(json!({ "type": "role", "nick": "room mod", "role": "moderator" })).await;
    let [second, moderator, other, room] = &mut people[..] else { unreachable!() };
    for act in ["kick", "mute", "ban"] {
        let about = |nick: &str| json!({ "type": act, "nick": nick });
        assert_eq!(code(&mut olga, about(OWNER)).await, "forbidden");
        assert_eq!(code(&mut olga, about("second")).await, "forbidden");
        assert_eq!(code(second, about(OWNER)).await, "forbidden");
        assert_eq!(code(moderator, about("other mod")).await, "forbidden");
        assert_eq!(code(moderator, about(OWNER)).await, "forbidden");
        assert_eq!(code(room, about("mod")).await, "forbidden");
        assert_eq!(code(room, about("room mod")).await, "forbidden");
    }
    // Who was muted by somebody above does not undo it, nor does who was banned, over HTTP.
    moderator.does(json!({ "type": "mute", "nick": "room mod" })).await;
    assert_eq!(code(room, json!({ "type": "unmute", "nick": "room mod" })).await, "forbidden");
    olga.does(json!({ "type": "ban", "nick": "other mod" })).await;
    assert_eq!(other.ending().await.code, 4500);
    let banned = app.log_in("other mod");
    let unban = json!({ "type": "unban", "nick": "other mod" });
    assert!(matches!(banned.order(&app, "lobby", unban).status, 403), "it holds");
    let kick = json!({ "type": "kick", "nick": "room mod" });
    banned.order(&app, "lobby", kick).refused(403, "banned");
    let itself = json!({ "type": "role", "nick": OWNER, "role": "member", "everywhere": true });
    assert_eq!(code(&mut olga, itself).await, "forbidden");
}

#[tokio::test]
async fn roles_of_rooms_and_of_the_server_survive_a_crash() {
    let (mut app, owner) = TestApp::owned(&[]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let (ada, bob) = (app.register("ada"), app.register("bob"));
    olga.does(json!({ "type": "role", "nick": "ada", "role": "moderator" })).await;
    olga.does(json!({ "type": "role", "nick": "bob", "role": "moderator", "everywhere": true }))
        .await;
    app.crash();
    let mut phone = ada.arrive_in(&app, "lobby").await;
    let (mut laptop, welcome) = bob.welcomed(&app).await;
    assert_eq!(welcome.user.role, "moderator");
    laptop.join("lobby").await;
    assert_eq!(role_of(&mut phone, "lobby", "ada").await, "moderator");
    let deeds = app.deeds(&owner);
    let roles: Vec<_> = deeds.iter().filter(|deed| deed["action"] == "role").collect();
    assert_eq!(roles.len(), 2, "{deeds:?}");
    assert_eq!((&roles[0]["by"], &roles[0]["nick"]), (&json!(OWNER), &json!("ada")));
    app.get_as(&bob.token, "/api/v1/audit").refused(403, "forbidden");
    app.get("/api/v1/audit").refused(401, "login_required");
}
