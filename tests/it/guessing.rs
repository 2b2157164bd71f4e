//! Whoever guesses at passwords waits ever longer, and the owner of the name does not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use crate::stage::{Account, PASSWORD, TestApp};

const PROXY: &str = "trusted_proxies=127.0.0.1";

fn guess(app: &TestApp, nick: &str, n: usize) -> u16 {
    let address = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
    app.try_log_in(nick, &format!("guess number {n}"), &[("X-Forwarded-For", &address)]).status
}

#[test]
fn ten_thousand_wrong_passwords_from_many_addresses_keep_no_owner_out() {
    let app = TestApp::with(&[PROXY]);
    let ada = app.register("ada");
    let (looked_at, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= 10_000 {
                        return;
                    }
                    match guess(&app, "ada", n) {
                        401 => looked_at.fetch_add(1, Ordering::Relaxed),
                        status => {
                            assert_eq!(status, 429);
                            0
                        }
                    };
                }
            });
        }
    });
    let looked_at = looked_at.into_inner();
    assert!((1..=30).contains(&looked_at), "{looked_at} guesses were looked at");
    // The owner, from the device that they have logged in from, and from one that nobody knows.
    let known = [("Cookie", ada.device.as_str()), ("X-Forwarded-For", "198.51.100.1")];
    let again = Account::of(&app.try_log_in("ada", PASSWORD, &known));
    let unknown = [("X-Forwarded-For", "198.51.100.1")];
    app.try_log_in("ada", PASSWORD, &unknown).refused(429, "rate_limited");
    let forged = [("Cookie", "parlor_device=pd_forged"), ("X-Forwarded-For", "198.51.100.2")];
    app.try_log_in("ada", PASSWORD, &forged).refused(429, "rate_limited");
    // Logins that there are go on, and prove their password.
    let body = json!({ "password": PASSWORD, "new_password": "a fresh new secret" });
    assert_eq!(again.ask(&app, "POST", "/api/v1/me/password", body).status, 204);
    // Others are not concerned.
    app.register("bob");
}

#[test]
fn a_name_waits_after_ten_guesses_and_every_spelling_and_nobodys_name_is_alike() {
    let app = TestApp::with(&[PROXY]);
    app.register("ada");
    for nick in ["ada", "nobody"] {
        let spelled = [nick.to_owned(), nick.to_uppercase()];
        for n in 0..10 {
            assert_eq!(guess(&app, &spelled[n % 2], n), 401, "{nick} {n}");
        }
        let refused = app.try_log_in(nick, PASSWORD, &[("X-Forwarded-For", "198.51.100.1")]);
        refused.refused(429, "rate_limited");
        assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1));
    }
}

#[test]
fn whoever_is_right_has_their_tries_back() {
    let app = TestApp::with(&["limits.logins_per_minute=3"]);
    app.register("ada");
    for _ in 0..8 {
        assert_eq!(app.try_log_in("ada", PASSWORD, &[]).status, 200);
    }
}
