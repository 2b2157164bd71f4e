//! An invitation into a private room: so often and so long as it says.

use serde_json::{Value, json};

use crate::stage::{Account, Person, TestApp, eventually};

async fn house() -> (TestApp, Account) {
    let (app, owner) =
        TestApp::owned(&["rooms.open_creation=false", "limits.messages_per_second=0"]);
    owner.create(&app, "cellar", "private");
    (app, owner)
}

fn enter(invite: &str) -> Value {
    json!({ "type": "join", "room": "cellar", "invite": invite })
}

async fn refused(person: &mut Person, frame: Value) -> String {
    person.refused(frame).await.code
}

#[tokio::test]
async fn it_lets_so_many_in_as_it_says() {
    let (mut app, owner) = house().await;
    let invite = owner.invite(&app, "cellar", 2, 600);
    let ada = app.register("ada");
    let mut phone = ada.arrive(&app).await;
    let mut guest = app.arrive("guest").await;
    let mut late = app.arrive("late").await;
    assert_eq!(phone.ask(enter(&invite)).await.kind(), "joined");
    // Who is in it needs it no more: neither again, nor on another device.
    assert_eq!(phone.ask(enter(&invite)).await.kind(), "joined");
    assert_eq!(ada.arrive(&app).await.join("cellar").await.count, 1);
    assert_eq!(guest.ask(enter(&invite)).await.kind(), "joined");
    assert_eq!(refused(&mut late, enter(&invite)).await, "room_private");
    assert_eq!(refused(&mut late, enter("pi_guessed")).await, "room_not_found");
    // An account belongs to the room for good, a guest for as long as they have their place.
    app.crash();
    assert_eq!(ada.arrive(&app).await.join("cellar").await.room.visibility, "private");
    let mut late = app.arrive("late").await;
    assert_eq!(refused(&mut late, enter(&invite)).await, "room_private");
    let (mut guest, welcome) = app.resume(&guest.token).await;
    assert_eq!(welcome.rooms, ["cellar"]);
    guest.join("cellar").await;
    guest.ask(json!({ "type": "leave", "room": "cellar" })).await;
    let again = json!({ "type": "join", "room": "cellar" });
    assert_eq!(refused(&mut guest, again).await, "room_not_found");
}

#[tokio::test]
async fn it_works_as_long_as_it_says_and_in_its_room_only() {
    let (app, owner) = house().await;
    owner.create(&app, "attics", "private");
    let invite = owner.invite(&app, "cellar", 100, 2);
    let mut guest = app.arrive("guest").await;
    let elsewhere = json!({ "type": "join", "room": "attics", "invite": invite });
    assert_eq!(refused(&mut guest, elsewhere).await, "room_not_found");
    let nowhere = json!({ "type": "join", "room": "nowhere", "invite": invite });
    assert_eq!(refused(&mut guest, nowhere).await, "room_not_found");
    assert_eq!(guest.ask(enter(&invite)).await.kind(), "joined");
    let mut late = app.arrive("late").await;
    let ended = eventually("its end", async || {
        late.ask(json!({ "type": "leave", "room": "cellar" })).await;
        let answer = late.ask(enter(&invite)).await;
        (answer.kind() == "error").then_some(answer)
    })
    .await;
    assert_eq!(ended.0["code"], "room_private");
}

#[tokio::test]
async fn its_secret_stands_where_no_server_and_no_log_sees_it() {
    let (app, owner) = house().await;
    let mut olga = owner.arrive_in(&app, "cellar").await;
    let frame = json!({ "type": "invite", "room": "cellar", "uses": 3, "seconds": 60 });
    let invited = olga.ask(frame).await.0;
    assert_eq!((&invited["type"], &invited["uses"]), (&json!("invited"), &json!(3)));
    let secret = invited["invite"].as_str().expect("a secret");
    assert_eq!(invited["link"], format!("/r/cellar#invite={secret}"));
    assert!(app.files_with(secret).is_empty() && !app.log().contains(secret));
    for (field, value) in [("uses", 0), ("uses", 10_001), ("seconds", 0)] {
        let mut frame = json!({ "type": "invite", "room": "cellar" });
        frame[field] = value.into();
        let refusal = olga.refused(frame).await;
        assert_eq!(
            (refusal.code.as_str(), refusal.field.as_deref()),
            ("invalid_field", Some(field))
        );
    }
}

#[tokio::test]
async fn who_may_not_come_in_does_not_use_it_up() {
    let (app, owner) = house().await;
    let invite = owner.invite(&app, "cellar", 1, 600);
    let closed = json!({ "type": "settings", "guests": false });
    assert_eq!(owner.order(&app, "cellar", closed).status, 200);
    let mut guest = app.arrive("guest").await;
    assert_eq!(refused(&mut guest, enter(&invite)).await, "guests_not_admitted");
    let mut ada = app.register("ada").arrive(&app).await;
    assert_eq!(ada.ask(enter(&invite)).await.kind(), "joined");
}

#[tokio::test]
async fn of_many_who_use_the_last_one_at_once_one_gets_in() {
    let (app, owner) = house().await;
    let invite = owner.invite(&app, "cellar", 1, 600);
    let mut rivals = Vec::new();
    for n in 0..16 {
        rivals.push(app.arrive(&format!("rival {n}")).await);
    }
    for rival in &mut rivals {
        rival.write(enter(&invite).to_string()).await;
    }
    let mut inside = 0;
    for rival in &mut rivals {
        let answer = rival.wait_for(|frame| matches!(frame.kind(), "joined" | "error")).await;
        inside += usize::from(answer.kind() == "joined");
    }
    assert_eq!(inside, 1);
}
