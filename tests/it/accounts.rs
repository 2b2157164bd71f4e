//! An account: who may have one, how its owner comes in, and what a password is good for.

use std::thread;

use parlor::model::Role;
use serde_json::{Value, json};

use crate::stage::{Account, OWNER, PASSWORD, TestApp};

fn logins(app: &TestApp, account: &Account) -> Vec<Value> {
    let told: Value = app.get_as(&account.token, "/api/v1/me/logins").json(200);
    told["logins"].as_array().expect("a list").clone()
}

#[test]
fn whoever_registers_can_log_in_and_is_told_who_they_are() {
    let app = TestApp::start();
    let answer = app.try_register("Ada", json!({}));
    let made: Value = answer.json(201);
    assert_eq!((&made["nick"], &made["role"]), (&json!("Ada"), &json!("member")));
    assert!(answer.headers.get("set-cookie").is_none(), "registering is not logging in");
    let answer = app.try_log_in("ada", PASSWORD, &[("User-Agent", "kettle/1")]);
    assert_eq!(answer.header("cache-control"), "no-store");
    let told: Value = answer.json(200);
    assert_eq!(told["user"], json!({ "nick": "Ada", "guest": false, "role": "member" }));
    let ada = Account::of(&answer);
    assert!(ada.token.starts_with("pl_") && ada.token.len() > 40, "256 bits");
    let me: Value = app.get_as(&ada.token, "/api/v1/me").json(200);
    assert_eq!((&me["nick"], &me["guest"]), (&json!("Ada"), &json!(false)));
    assert_eq!(me["login"], told["login"]);
    let row = &logins(&app, &ada)[0];
    assert_eq!((&row["device"], &row["address"]), (&json!("kettle/1"), &json!("127.0.0.1")));
    app.get("/api/v1/me").refused(401, "login_required");
    app.get_as("pl_nonsense", "/api/v1/me").refused(401, "bad_credentials");
}

#[test]
fn the_cookies_are_out_of_reach_for_scripts_and_other_sites() {
    let app = TestApp::with(&["logins.max_s=7200"]);
    app.try_register("ada", json!({})).json::<Value>(201);
    let answer = app.try_log_in("ada", PASSWORD, &[]);
    let lines: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        for flag in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(line.contains(flag), "{line}");
        }
        assert!(!line.contains("Domain") && !line.contains("Secure"), "{line}");
    }
    assert!(lines[0].starts_with("parlor_login=pl_") && lines[0].ends_with("Max-Age=7200"));
    assert!(lines[1].starts_with("parlor_device=pd_"), "{lines:?}");
    let ada = Account::of(&answer);
    let me: Value = app.ask("GET", "/api/v1/me", &[("Cookie", &ada.cookie)], "").json(200);
    assert_eq!(me["nick"], "ada");
}

#[test]
fn behind_a_proxy_that_speaks_tls_cookies_are_secure_and_this_hosts_own() {
    let app = TestApp::with(&["trusted_proxies=127.0.0.1"]);
    let over = ("X-Forwarded-Proto", "https");
    app.try_register_as("ada", json!({}), &[over]).json::<Value>(201);
    let answer = app.try_log_in("ada", PASSWORD, &[over]);
    for line in answer.headers.get_all("set-cookie") {
        let line = line.to_str().unwrap();
        assert!(line.starts_with("__Host-parlor_") && line.contains("; Secure"), "{line}");
    }
}

#[test]
fn no_secret_is_in_the_log_or_in_the_files() {
    let app = TestApp::start();
    let ada = app.register("ada");
    app.try_log_in("ada", "certainly not this one", &[]).refused(401, "bad_credentials");
    for secret in [PASSWORD, &ada.token, "certainly not this one", &ada.device[14..]] {
        assert!(app.files_with(secret).is_empty() && !app.log().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_socket_takes_a_login_in_four_ways() {
    let app = TestApp::start();
    let ada = app.register("Ada");
    let bearer = format!("Bearer {}", ada.token);
    let (_, welcome) = ada.welcomed(&app).await;
    assert_eq!((welcome.user.nick.as_str(), welcome.user.guest), ("Ada", false));
    assert_eq!(welcome.user.role, "member");
    for header in [("Cookie", ada.cookie.as_str()), ("Authorization", &bearer)] {
        let mut person = app.knock_as("/ws", "127.0.0.1", &[header]).await;
        let welcome = person.hello(json!({})).await;
        assert_eq!((welcome.user.nick.as_str(), welcome.user.guest), ("Ada", false));
        let mut typed = app.knock_as("/ws?room=lobby", "127.0.0.1", &[header]).await;
        assert_eq!(typed.next().await.0["user"]["nick"], "Ada");
        assert_eq!(typed.next().await.kind(), "joined");
        // Who says their own name with a login means themselves.
        let mut typed = app.knock_as("/ws?nick=ADA&room=lobby", "127.0.0.1", &[header]).await;
        let welcome = typed.next().await;
        assert_eq!(
            (&welcome.0["user"]["nick"], &welcome.0["user"]["guest"]),
            (&json!("Ada"), &json!(false))
        );
        // And who says another one comes as a guest.
        let mut guest = app.knock_as("/ws", "127.0.0.1", &[header]).await;
        let welcome = guest.hello(json!({ "nick": "somebody" })).await;
        assert!(welcome.user.guest);
        guest.leave_politely().await;
    }
    let mut nobody = app.knock().await;
    let refusal = nobody.refused(json!({ "type": "hello" })).await;
    assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), ("missing_field", Some("nick")));
    let refusal = nobody.refused(json!({ "type": "hello", "token": "pl_nonsense" })).await;
    assert_eq!(refusal.code, "bad_credentials");
    let foreign =
        app.exchange(&crate::stage::request("/ws", "Authorization: Basic eA==\r\n")).await;
    foreign.refused(401, "bad_credentials");
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_one_answer() {
    let app = TestApp::start();
    app.register("ada");
    let wrong = app.try_log_in("ada", "certainly not this one", &[]);
    let unknown = app.try_log_in("nobody", "certainly not this one", &[]);
    wrong.refused(401, "bad_credentials");
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
}

#[test]
fn what_cannot_be_a_password_or_a_name_is_refused_in_words() {
    let app = TestApp::start();
    for password in ["short", "password1", "Ada Lovelace", &"x".repeat(129)] {
        let answer = app.try_register("Ada Lovelace", json!({ "password": password }));
        let refusal = answer.refused(422, "password_unfit");
        assert_eq!(refusal.field.as_deref(), Some("password"), "{password}");
    }
    app.try_register("Ada Lovelace", json!({ "password": "x".repeat(7) + "é" })).json::<Value>(201);
    app.try_register("", json!({})).refused(422, "nick_invalid");
    for name in ["deleted account", "operator", "Operator"] {
        app.try_register(name, json!({})).refused(409, "nick_taken");
    }
    let missing = app.post_json("/api/v1/accounts", &[], &json!({ "nick": "bob" }));
    assert_eq!(missing.refused(422, "missing_field").field.as_deref(), Some("password"));
    let wrong =
        app.post_json("/api/v1/login", &[], &json!({ "nick": 7, "password": "secret word" }));
    assert!(!wrong.refused(422, "invalid_field").message.contains("secret word"));
    app.ask("POST", "/api/v1/login", &[("Content-Type", "text/plain")], "{}")
        .refused(415, "unsupported_media_type");
}

#[test]
fn a_new_password_ends_all_other_logins_and_the_old_password() {
    let app = TestApp::start();
    let (ada, other) = (app.register("ada"), app.log_in("ada"));
    let change = |old: &str, new: &str| {
        let body = json!({ "password": old, "new_password": new });
        ada.ask(&app, "POST", "/api/v1/me/password", body)
    };
    change("not the old one", "a fresh new secret").refused(401, "bad_credentials");
    let unfit = change(PASSWORD, "12345678").refused(422, "password_unfit");
    assert_eq!(unfit.field.as_deref(), Some("new_password"));
    assert_eq!(logins(&app, &ada).len(), 2);
    assert_eq!(change(PASSWORD, "a fresh new secret").status, 204);
    app.get_as(&other.token, "/api/v1/me").refused(401, "bad_credentials");
    assert_eq!(logins(&app, &ada).len(), 1);
    app.try_log_in("ada", PASSWORD, &[]).refused(401, "bad_credentials");
    assert_eq!(app.try_log_in("ada", "a fresh new secret", &[]).status, 200);
}

#[test]
fn logins_are_listed_and_ended_one_by_one_or_all_others() {
    let app = TestApp::start();
    let (first, second, third) = (app.register("ada"), app.log_in("ada"), app.log_in("ada"));
    let eve = app.register("eve");
    let this: Vec<bool> =
        logins(&app, &second).iter().map(|row| row["this"].as_bool().unwrap()).collect();
    assert_eq!(this.iter().filter(|this| **this).count(), 1);
    let end = |who: &Account, id: &str| {
        who.ask(&app, "DELETE", &format!("/api/v1/me/logins/{id}"), Value::Null)
    };
    end(&eve, &first.login).refused(404, "login_not_found");
    end(&eve, "nonsense").refused(404, "login_not_found");
    assert_eq!(end(&second, &first.login).status, 204);
    app.get_as(&first.token, "/api/v1/me").refused(401, "bad_credentials");
    end(&second, &first.login).refused(404, "login_not_found");
    let _fourth = app.log_in("ada");
    assert_eq!(second.ask(&app, "DELETE", "/api/v1/me/logins", Value::Null).status, 204);
    assert_eq!(logins(&app, &second).len(), 1);
    app.get_as(&third.token, "/api/v1/me").refused(401, "bad_credentials");
    let out = second.ask(&app, "POST", "/api/v1/logout", Value::Null);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").starts_with("parlor_login=;"), "{out:?}");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    app.get_as(&second.token, "/api/v1/me").refused(401, "bad_credentials");
    second.ask(&app, "POST", "/api/v1/logout", Value::Null).refused(401, "bad_credentials");
    assert_eq!(logins(&app, &eve).len(), 1, "nobody else's ended");
}

#[test]
fn accounts_and_logins_survive_a_restart_and_a_crash() {
    let mut app = TestApp::start();
    let (ada, out) = (app.register("ada"), app.log_in("ada"));
    assert_eq!(out.ask(&app, "POST", "/api/v1/logout", Value::Null).status, 204);
    app.crash();
    app.restart();
    let me: Value = app.get_as(&ada.token, "/api/v1/me").json(200);
    assert_eq!(me["nick"], "ada");
    app.get_as(&out.token, "/api/v1/me").refused(401, "bad_credentials");
    app.log_in("ada");
    app.try_register("АDA", json!({})).refused(409, "nick_taken");
}

#[test]
fn where_registration_is_off_nobody_registers() {
    let app = TestApp::with(&["accounts.registration=off"]);
    app.try_register("ada", json!({})).refused(403, "registration_closed");
}

#[test]
fn by_invitation_so_many_register_as_it_says() {
    let (app, owner) = TestApp::owned(&["accounts.registration=invite"]);
    app.try_register("ada", json!({})).refused(403, "invitation_invalid");
    app.try_register("ada", json!({ "invitation": "pi_guessed" }))
        .refused(403, "invitation_invalid");
    let made: Value =
        owner.ask(&app, "POST", "/api/v1/invitations", json!({ "uses": 2 })).json(201);
    let invitation = made["invitation"].as_str().expect("a secret");
    assert_eq!(made["link"], format!("/#invitation={invitation}"));
    app.try_register("ada", json!({ "invitation": invitation })).json::<Value>(201);
    // A name that is not to be had uses nothing up.
    app.try_register("ADA", json!({ "invitation": invitation })).refused(409, "nick_taken");
    app.try_register("bob", json!({ "invitation": invitation })).json::<Value>(201);
    app.try_register("eve", json!({ "invitation": invitation })).refused(403, "invitation_invalid");
    let ada = app.log_in("ada");
    let not_hers = ada.ask(&app, "POST", "/api/v1/invitations", json!({}));
    not_hers.refused(403, "forbidden");
    for bad in [json!({ "uses": 0 }), json!({ "seconds": 0 }), json!({ "uses": 10_001 })] {
        owner.ask(&app, "POST", "/api/v1/invitations", bad).refused(422, "invalid_field");
    }
    // One into a room is none to register.
    owner.create(&app, "cellar", "private");
    let room = owner.invite(&app, "cellar", 1, 60);
    app.try_register("eve", json!({ "invitation": room })).refused(403, "invitation_invalid");
}

#[test]
fn of_sixty_four_who_register_one_name_at_once_in_all_spellings_one_gets_it() {
    let app = TestApp::with(&["limits.registrations_per_hour=0"]);
    let spellings = ["Ada", "ada", "аdа", "ADA", "АDА", "ａｄａ", " ada ", "aԁa"];
    let answers: Vec<u16> = thread::scope(|scope| {
        let rivals: Vec<_> = (0..64)
            .map(|n| {
                let app = &app;
                scope.spawn(move || app.try_register(spellings[n % 8], json!({})))
            })
            .collect();
        rivals.into_iter().map(|rival| rival.join().expect("an answer").status).collect()
    });
    let made = answers.iter().filter(|status| **status == 201).count();
    assert_eq!(made, 1, "{answers:?}");
    assert!(answers.iter().all(|status| matches!(status, 201 | 409 | 503)), "{answers:?}");
    for spelling in spellings {
        assert_eq!(app.try_log_in(spelling, PASSWORD, &[]).status, 200, "{spelling}");
    }
}

#[test]
fn nobody_becomes_owner_over_the_network() {
    let app = TestApp::with_accounts(&[], &[(OWNER, Role::Owner)]);
    app.try_register("OIga", json!({ "role": "owner" })).refused(409, "nick_taken");
    let first = app.register("first");
    let me: Value = app.get_as(&first.token, "/api/v1/me").json(200);
    assert_eq!(me["role"], "member");
    let order = json!({ "type": "role", "nick": "first", "role": "owner", "everywhere": true });
    first.create(&app, "hers", "open");
    first.order(&app, "hers", order).refused(403, "forbidden");
}
