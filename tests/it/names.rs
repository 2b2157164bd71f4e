//! A name has one holder, however it is spelled.

use serde_json::json;

use crate::stage::{Frame, TestApp};

/// 60 spellings of one name: case, Cyrillic and full-width look-alikes, spaces.
fn spellings() -> Vec<String> {
    let first = ["a", "A", "а", "А", "ａ"];
    let second = ["d", "D", "ｄ"];
    let third = ["a", "A", "а", "А"];
    let mut spellings = Vec::new();
    for a in first {
        for d in second {
            for last in third {
                let space = if spellings.len() % 3 == 0 { " " } else { "" };
                spellings.push(format!("{space}{a}{d}{last}{space}"));
            }
        }
    }
    spellings
}

#[tokio::test]
async fn sixty_spellings_of_one_name_at_once_have_one_holder() {
    let app = TestApp::start();
    let spellings = spellings();
    assert_eq!(spellings.iter().collect::<std::collections::HashSet<_>>().len(), 60);
    let mut rivals = Vec::new();
    for _ in &spellings {
        rivals.push(app.knock().await);
    }
    for (rival, nick) in rivals.iter_mut().zip(&spellings) {
        rival.write(json!({ "type": "hello", "nick": nick }).to_string()).await;
    }
    let mut welcomed = 0;
    for rival in &mut rivals {
        let answer = rival.next().await;
        match answer.kind() {
            "welcome" => welcomed += 1,
            _ => assert_eq!(answer.0["code"], "nick_taken", "{answer:?}"),
        }
    }
    assert_eq!(welcomed, 1);
}

#[tokio::test]
async fn names_that_look_alike_are_one() {
    let app = TestApp::start();
    for (held, other) in [
        ("PayPal", "раураl"),
        ("IVAN", "ivan"),
        ("AI", "Al"),
        ("Guybrush Threepwood", "  guybrush   threepwood "),
        ("Zoë", "zoe\u{308}"),
        ("ﬁle", "file"),
    ] {
        let _holder = app.arrive(held).await;
        let mut other_one = app.knock().await;
        let refusal = other_one.refused(json!({ "type": "hello", "nick": other })).await;
        assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("nick_taken", Some("nick")));
    }
}

#[tokio::test]
async fn names_that_differ_live_beside_each_other() {
    let app = TestApp::start();
    let names = ["ada", "adah", "user1", "user2", "u10", "u11", "日本", "日木", "🦊", "🐺"];
    let mut people = Vec::new();
    for name in names {
        people.push(app.arrive(name).await);
    }
    assert_eq!(people.len(), names.len());
}

#[tokio::test]
async fn a_name_is_shown_as_prepared_and_in_its_holders_case() {
    let app = TestApp::start();
    for (said, shown) in
        [("  Ada   Lovelace ", "Ada Lovelace"), ("Ｂｏｂ", "Bob"), ("ÉMILE", "ÉMILE")]
    {
        let mut person = app.knock().await;
        assert_eq!(person.hello(json!({ "nick": said })).await.user.nick, shown);
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused_with_the_rule() {
    let app = TestApp::start();
    let mut person = app.knock().await;
    let long = "x".repeat(33);
    let nasty =
        ["", " ", "\0", "a\nb", "a\u{202e}b", "\u{301}\u{302}", "\u{200b}", "\u{ad}", &long];
    for nick in nasty {
        let refusal = person.refused(json!({ "type": "hello", "nick": nick })).await;
        assert_eq!(refusal.code, "nick_invalid", "{nick:?}");
        assert_eq!(refusal.field.as_deref(), Some("nick"));
        assert!(refusal.message.contains("1 to 32"), "{}", refusal.message);
        assert_eq!(refusal.example.expect("it teaches")["type"], "hello");
    }
    assert_eq!(person.hello(json!({ "nick": "y".repeat(32) })).await.user.nick.len(), 32);
}

#[tokio::test]
async fn a_rename_is_told_with_the_name_before_and_frees_it() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.heard().await;
    let renamed = ada.ask(json!({ "type": "rename", "nick": " Countess " })).await;
    assert_eq!((renamed.kind(), &renamed.0["nick"]), ("renamed", &"Countess".into()));
    for watcher in [&mut ada, &mut bob] {
        let told = watcher.next_presence().await.changed;
        assert_eq!((told[0].nick.as_str(), told[0].was.as_deref()), ("Countess", Some("ada")));
    }
    ada.say("lobby", "hi").await;
    assert_eq!(bob.next_event().await.from.nick, "Countess");
    let _other = app.arrive("ada").await;
}

#[tokio::test]
async fn a_rename_to_a_held_name_is_refused_and_changes_nothing() {
    let app = TestApp::start();
    let mut ada = app.arrive_in("lobby", "ada").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    ada.heard().await;
    let refusal = bob.refused(json!({ "type": "rename", "nick": "АDA" })).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("nick_taken", Some("nick")));
    assert_eq!(ada.heard().await, []);
    // Another spelling of one's own name is nobody else's.
    let renamed = bob.ask(json!({ "type": "rename", "nick": "BOB" })).await;
    assert_eq!(renamed.0["nick"], "BOB");
    assert_eq!(ada.next_presence().await.changed[0].nick, "BOB");
}

#[tokio::test]
async fn of_twenty_who_rename_to_one_name_at_once_one_gets_it() {
    let app = TestApp::start();
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(app.arrive(&format!("person {n}")).await);
    }
    let frame = json!({ "type": "rename", "nick": "queen", "id": 1 }).to_string();
    for person in &mut people {
        person.write(frame.clone()).await;
    }
    let mut answers: Vec<Frame> = Vec::new();
    for person in &mut people {
        answers.push(person.next().await);
    }
    let renamed = answers.iter().filter(|answer| answer.kind() == "renamed").count();
    let taken = answers.iter().filter(|answer| answer.0["code"] == "nick_taken").count();
    assert_eq!((renamed, taken), (1, 19));
}

#[tokio::test]
async fn a_name_in_its_grace_is_still_held() {
    let app = TestApp::start();
    let mut bob = app.arrive_in("lobby", "bob").await;
    let ada = app.arrive_in("lobby", "ada").await;
    bob.heard().await;
    drop(ada);
    assert_eq!(bob.next_presence().await.changed[0].state, "reconnecting");
    let mut thief = app.knock().await;
    let refusal = thief.refused(json!({ "type": "hello", "nick": "ada" })).await;
    assert_eq!(refusal.code, "nick_taken");
}
