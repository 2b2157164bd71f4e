//! What was ordered survives a restart and a `kill -9`.

use serde_json::{Value, json};

use crate::stage::{OWNER, TestApp};

#[tokio::test]
async fn bans_mutes_rules_and_deeds_survive_a_crash_and_a_restart() {
    let (mut app, owner) =
        TestApp::owned(&["limits.messages_per_second=0", "resume.grace_ms=600000"]);
    let ada = app.register("ada");
    let mut muted = app.arrive_in("lobby", "muted").await;
    let banned = app.arrive_in("lobby", "banned").await;
    let _phone = ada.arrive_in(&app, "lobby").await;
    for frame in [
        json!({ "type": "ban", "nick": "ada", "reason": "spam" }),
        json!({ "type": "mute", "nick": "muted", "seconds": 3600 }),
        json!({ "type": "ban", "nick": "banned", "seconds": 3600, "address": false }),
        json!({ "type": "settings", "topic_locked": true }),
    ] {
        assert_eq!(owner.order(&app, "lobby", frame).status, 200);
    }
    let deeds = app.deeds(&owner);
    let actions: Vec<&str> = deeds.iter().map(|deed| deed["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["ban", "mute", "ban", "settings"]);
    assert!(deeds.iter().all(|deed| deed["by"] == OWNER && deed["room"] == "lobby"));
    for crash in [true, false] {
        if crash {
            app.crash()
        } else {
            app.restart()
        }
        let mut phone = ada.arrive(&app).await;
        let refusal = phone.refused(json!({ "type": "join", "room": "lobby" })).await;
        assert_eq!(refusal.code, "banned");
        let mut again = app.knock().await;
        let gone = again.refused(json!({ "type": "hello", "resume": banned.token })).await;
        assert_eq!(gone.code, "bad_credentials");
        again.hello(json!({ "nick": "banned" })).await;
        let refusal = again.refused(json!({ "type": "join", "room": "lobby" })).await;
        assert_eq!(refusal.code, "banned", "by name");
        again.leave_politely().await;
        (muted, _) = app.resume(&muted.token).await;
        muted.join("lobby").await;
        for frame in
            [json!({ "type": "send", "text": "hm" }), json!({ "type": "topic", "topic": "x" })]
        {
            assert_eq!(muted.refused(frame).await.code, "muted");
        }
        assert_eq!(app.deeds(&owner), deeds);
        let path = "/api/v1/rooms/lobby/sanctions";
        let listed: Value = owner.ask(&app, "GET", path, Value::Null).json(200);
        assert_eq!(listed["sanctions"].as_array().map(Vec::len), Some(3));
    }
    for (act, nick) in [("unban", "ada"), ("unban", "banned"), ("unmute", "muted")] {
        assert_eq!(owner.order(&app, "lobby", json!({ "type": act, "nick": nick })).status, 200);
    }
    app.crash();
    ada.arrive_in(&app, "lobby").await.say("lobby", "thank you").await;
    let (mut muted, _) = app.resume(&muted.token).await;
    muted.join("lobby").await;
    muted.say("lobby", "me too").await;
    assert_eq!(muted.refused(json!({ "type": "topic", "topic": "x" })).await.code, "forbidden");
}

#[test]
fn the_deeds_are_read_in_pages() {
    let (app, owner) = TestApp::owned(&[]);
    for room in ["one", "two", "three", "four", "five"] {
        owner.create(&app, room, "open");
    }
    let page = |query: &str| -> Vec<Value> {
        let read: Value = app.get_as(&owner.token, &format!("/api/v1/audit?{query}")).json(200);
        read["deeds"].as_array().expect("a list").clone()
    };
    let first = page("limit=2");
    assert_eq!((&first[0]["room"], &first[1]["room"]), (&json!("five"), &json!("four")));
    let rest = page(&format!("limit=200&before={}", first[1]["id"]));
    let rooms: Vec<&str> = rest.iter().filter_map(|deed| deed["room"].as_str()).collect();
    assert_eq!(rooms, ["three", "two", "one"]);
    // What the operator did at the command line is the oldest.
    assert_eq!(rest[3]["by"], "operator");
    app.get_as(&owner.token, "/api/v1/audit?limit=0").refused(422, "invalid_field");
}
