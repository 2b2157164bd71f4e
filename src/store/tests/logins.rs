//! Logins: kept as they were saved last, with an address that fades; no session outlives its own.

use super::*;
use crate::model::SessionId;

fn session(id: i64, login: Option<i64>) -> SessionRow {
    let Author { user, nick, .. } = author("Ada");
    SessionRow {
        id: SessionId(id),
        token: TokenHash::of(&id.to_string()),
        user,
        nick,
        guest: login.is_none(),
        address_hash: [1; 32],
        rooms: vec![LOBBY],
        login: login.map(LoginId),
    }
}

#[test]
fn a_login_is_written_over_its_older_state_and_ended() {
    let store = TestStore::new();
    let later = LoginRow {
        token: TokenHash::of("new"),
        used_at: NOON.plus(9),
        address: "2001:db8::1".into(),
        ..login(1, "Ada")
    };
    store.commit(vec![save_login(&login(1, "Ada")), save_login(&login(2, "Ada"))]);
    store.commit(vec![save_login(&later), Op::EndLogins(vec![LoginId(2), LoginId(7)])]);
    assert_eq!(store.rows("private"), 2);
    let store = store.reopened();
    assert_eq!(store.boot.logins, std::slice::from_ref(&later));
    // The slot of the one that ended is the next one's.
    store.commit(vec![save_login(&login(3, "Grace"))]);
    assert_eq!(store.rows("private"), 2);
    assert_eq!(store.reopened().boot.logins, [later, login(3, "Grace")]);
}

#[test]
fn a_session_comes_back_with_its_login_and_not_without() {
    let store = TestStore::new();
    let save = |row: SessionRow| Op::SaveSession(row);
    store.commit(vec![
        save_login(&login(1, "Ada")),
        save_login(&login(2, "Ada")),
        save(session(1, None)),
        save(session(2, Some(1))),
        save(session(3, Some(2))),
    ]);
    let store = store.reopened();
    let expected = [session(1, None), session(2, Some(1)), session(3, Some(2))];
    assert_eq!(store.boot.sessions, expected);
    store.commit(vec![Op::EndLogins(vec![LoginId(1)])]);
    assert_eq!(store.rows("sessions"), 2);
    // Saved behind the end of its login, as a race may have it.
    store.commit(vec![save(session(2, Some(1)))]);
    let store = store.reopened();
    assert_eq!(store.boot.sessions, [session(1, None), session(3, Some(2))]);
    assert_eq!(store.rows("sessions"), 2);
}

#[test]
fn addresses_of_old_logins_are_shortened_once() {
    let store = TestStore::new();
    let shown = [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("10.0.0.0/24", "10.0.0.0/24"),
        ("unix", "unix"),
    ];
    let with = |id: i64, address: &str| LoginRow { address: address.into(), ..login(id, "Ada") };
    let fresh = LoginRow { created_at: NOON.plus(1), ..login(9, "Ada") };
    let old = (1..).zip(shown).map(|(id, (address, _))| save_login(&with(id, address)));
    store.commit(old.chain([save_login(&fresh)]).collect());
    for _ in 0..2 {
        let shorten = Op::ShortenAddresses { before: NOON.plus(1) };
        assert_eq!(store.commit(vec![shorten]), [Outcome::Done]);
    }
    let logins = store.reopened().boot.logins;
    let addresses: Vec<&str> = logins.iter().map(|login| &*login.address).collect();
    let short = shown.iter().map(|(_, short)| *short);
    assert_eq!(addresses, short.chain(["203.0.113.77"]).collect::<Vec<_>>());
}
