//! Reports: anybody may tell the moderators of a message, and they deal with it.

use serde_json::{Value, json};

use crate::stage::TestApp;

#[tokio::test]
async fn a_report_reaches_the_moderators_and_waits_until_it_is_dealt_with() {
    let (mut app, owner) = TestApp::owned(&[]);
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let mut eve = app.arrive_in("lobby", "eve").await;
    let mut bob = app.arrive_in("lobby", "bob").await;
    let said = eve.say("lobby", "rude").await;
    let report = json!({ "type": "report", "seq": said.seq, "reason": "that is rude" });
    bob.does(report.clone()).await;
    let told = olga.wait_for(|frame| frame.kind() == "reported").await.0;
    assert_eq!((&told["room"], &told["seq"]), (&json!("lobby"), &json!(said.seq)));
    assert_eq!((&told["by"], &told["reason"]), (&json!("bob"), &json!("that is rude")));
    assert!(eve.heard().await.iter().all(|frame| frame.kind() != "reported"));
    // Once more is not another one.
    bob.does(report).await;
    let refusal = bob.refused(json!({ "type": "report", "seq": 99 })).await;
    assert_eq!(refusal.code, "message_not_found");
    app.crash();
    let listed: Value =
        owner.ask(&app, "GET", "/api/v1/rooms/lobby/reports", Value::Null).json(200);
    assert_eq!(listed["reports"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["reports"][0]["seq"], said.seq);
    let dismiss = json!({ "type": "dismiss", "seq": said.seq });
    assert_eq!(owner.order(&app, "lobby", dismiss.clone()).status, 200);
    owner.order(&app, "lobby", dismiss).refused(404, "message_not_found");
    app.crash();
    let listed: Value =
        owner.ask(&app, "GET", "/api/v1/rooms/lobby/reports", Value::Null).json(200);
    assert_eq!(listed["reports"], json!([]));
    assert_eq!(app.deeds(&owner)[0]["action"], "dismiss");
}

#[tokio::test]
async fn over_http_a_report_needs_no_socket_but_a_token() {
    let (app, owner) = TestApp::owned(&[]);
    let mut eve = app.arrive_in("lobby", "eve").await;
    eve.say("lobby", "rude").await;
    let ada = app.register("ada");
    let report = json!({ "type": "report", "seq": 1 });
    assert_eq!(ada.order(&app, "lobby", report.clone()).status, 200);
    assert_eq!(app.ask_as(&eve.token, "POST", "/api/v1/rooms/lobby/orders", &report).status, 200);
    app.post_json("/api/v1/rooms/lobby/orders", &[], &report).refused(401, "login_required");
    let mut olga = owner.arrive_in(&app, "lobby").await;
    let listed = olga.ask(json!({ "type": "reports" })).await;
    assert_eq!(listed.0["reports"].as_array().map(Vec::len), Some(2));
}
