//! Accounts in the rules: whose a name is, what a login opens and what ends with it, one person on
//! many devices.

use super::*;
use crate::chat::{Applicant, Channel, Ending, Legacy, NewLogin, Operation};
use crate::model::{PasswordHash, Role, TokenHash};
use crate::protocol::{Code, Refusal};
use crate::store::StoreError;

impl World {
    /// An account, as the operator adds one.
    pub(super) fn account(&mut self, name: &str, role: Role) {
        let nick = Nick::parse(name).unwrap();
        let password = hash(name);
        let answer = self.operate(Operation::Add { nick, role, password });
        assert_eq!(answer.map_err(|refusal| refusal.code).map(|_| ()), Ok(()), "{name}");
    }

    pub(super) fn operate(&mut self, operation: Operation) -> Result<Shown, Refusal> {
        self.answered(|chat, now, channel| chat.operate(now, operation, channel))
    }

    /// Asks over HTTP and waits for the answer.
    pub(super) fn answered(
        &mut self,
        ask: impl FnOnce(&mut Chat, Moment, Channel),
    ) -> Result<Shown, Refusal> {
        let (channel, mut answer) = Channel::new();
        let now = self.moment();
        ask(&mut self.chat, now, channel);
        self.settle();
        answer.try_recv().expect("every question is answered")
    }

    /// A login whose token is `token`.
    pub(super) fn log_in(&mut self, name: &str, token: &str) -> Result<(), Code> {
        self.log_in_over(name, token, None)
    }

    /// The same in a browser that has a login already.
    fn log_in_over(&mut self, name: &str, token: &str, old: Option<&str>) -> Result<(), Code> {
        let nick = Nick::parse(name).unwrap();
        let proof = self.chat.proof(&nick).ok_or(Code::BadCredentials)?;
        let new = NewLogin {
            token: TokenHash::of(token),
            device: TokenHash::of(&format!("device of {token}")),
            label: String::new(),
            address: String::new(),
            replaces: old.map(TokenHash::of),
        };
        let answer = self.answered(|chat, now, channel| chat.log_in(now, &proof, new, channel));
        answer.map(|_| ()).map_err(|refusal| refusal.code)
    }

    /// Says hello with a login.
    pub(super) fn come(&mut self, number: u32, token: &str) -> Vec<Value> {
        let hello = Hello::Token(token.to_owned());
        self.chat.hello(self.moment(), conn(number), None, hello, NOWHERE);
        self.read(number)
    }

    /// An account that is here, in the lobby.
    pub(super) fn somebody(&mut self, number: u32, name: &str, role: Role) {
        self.account(name, role);
        self.log_in(name, name).unwrap();
        assert_eq!(kinds(&self.come(number, name)), ["welcome"]);
        assert_eq!(last(&self.ask(number, r#"{"type":"join","room":"lobby"}"#))["type"], "joined");
    }
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash::parse(&format!("$argon2id${password}").replace(' ', "-")).unwrap()
}

pub(super) fn last(frames: &[Value]) -> Value {
    frames.last().cloned().unwrap_or_default()
}

fn applicant(name: &str, token: Option<&str>) -> Applicant {
    let (nick, address) = (Nick::parse(name).unwrap(), [0; 32]);
    Applicant { nick, address, invitation: None, token: token.map(TokenHash::of) }
}

#[test]
fn of_many_spellings_that_register_at_once_one_gets_the_name() {
    let mut world = World::new(|_| {});
    let names = ["Ada", "ada", "ADA", "аdа", "Ａｄａ", " ada "];
    let mut answers: Vec<_> = names
        .iter()
        .map(|name| {
            let (channel, answer) = Channel::new();
            let now = world.moment();
            world.chat.register(now, &applicant(name, None), hash("x"), channel);
            answer
        })
        .collect();
    world.settle();
    let answers: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(answers.iter().flat_map(Result::as_ref).count() == 1);
    let codes: Vec<Code> = answers.into_iter().filter_map(Result::err).map(|r| r.code).collect();
    assert_eq!(codes, [Code::NickTaken; 5]);
}

#[test]
fn a_name_whose_registration_could_not_be_kept_is_free_again() {
    let mut world = World::new(|_| {});
    let (channel, mut answer) = Channel::new();
    let now = world.moment();
    world.chat.register(now, &applicant("ada", None), hash("x"), channel);
    let batch = world.chat.batch().unwrap();
    world.chat.committed(batch, Err(crate::store::StoreError::Full));
    world.settle();
    assert_eq!(answer.try_recv().unwrap().unwrap_err().code, Code::StorageFull);
    assert_eq!(kinds(&world.hello(1, "ada")), ["welcome"]);
}

#[test]
fn an_accounts_name_is_no_guests_and_a_guest_may_make_an_account_of_their_own() {
    let mut world = World::new(|_| {});
    world.account("Ada", Role::Member);
    for name in ["ada", "аdа"] {
        assert_eq!(world.hello(1, name)[0]["code"], "nick_reserved");
    }
    let token = world.hello(2, "bob").remove(0)["resume"]["token"].as_str().unwrap().to_owned();
    world.ask(2, r#"{"type":"join","room":"lobby"}"#);
    let now = world.moment();
    assert!(world.chat.may_register(now, &applicant("bob", None)).is_err());
    assert!(world.chat.may_register(now, &applicant("bob", Some(&token))).is_ok());
    let mine = applicant("bob", Some(&token));
    assert!(world.answered(|c, now, ch| c.register(now, &mine, hash("x"), ch)).is_ok());
    assert_eq!(world.ask(2, r#"{"type":"rename","nick":"ada"}"#)[0]["code"], "nick_reserved");
    // Who logs in as bob is bob: the guest of that name gives way.
    world.log_in("bob", "t").unwrap();
    assert_eq!(kinds(&world.come(3, "t")), ["welcome"]);
    assert_eq!(world.closed, [(conn(2), Close::Replaced)]);
}

#[test]
fn one_person_on_two_devices_is_one_member_and_online_while_one_of_them_is() {
    let mut world = World::new(|_| {});
    world.hello(9, "eve");
    world.ask(9, r#"{"type":"join","room":"lobby"}"#);
    world.somebody(1, "ada", Role::Member);
    world.read(9);
    world.come(2, "ada");
    let joined = last(&world.ask(2, r#"{"type":"join","room":"lobby"}"#));
    assert_eq!(
        (joined["count"].clone(), joined["members"].as_array().unwrap().len()),
        (2.into(), 2)
    );
    assert_eq!(joined["members"][0]["nick"], "ada", "oneself first");
    assert!(world.read(9).is_empty(), "nobody new came");
    world.drop_connection(1, false);
    assert!(world.read(9).is_empty(), "she is here");
    world.drop_connection(2, false);
    let away = last(&world.read(9));
    assert_eq!(away["changed"][0]["state"], "reconnecting");
    world.wait(30_000);
    let gone = last(&world.read(9));
    assert_eq!((gone["left"][0]["nick"].clone(), gone["count"].clone()), ("ada".into(), 1.into()));
}

#[test]
fn what_ends_a_login_ends_its_sockets_and_no_others() {
    let mut world = World::new(|_| {});
    world.somebody(1, "ada", Role::Member);
    world.log_in("ada", "phone").unwrap();
    world.come(2, "phone");
    let phone = TokenHash::of("phone");
    world.answered(|c, now, ch| c.log_out(now, &phone, Ending::This, ch)).unwrap();
    assert_eq!(world.closed, [(conn(2), Close::LoginEnded)]);
    assert_eq!(world.come(3, "phone")[0]["code"], "bad_credentials");
    world.log_in("ada", "phone").unwrap();
    world.come(4, "phone");
    let nick = Nick::parse("ada").unwrap();
    world.operate(Operation::Password { nick, password: hash("new") }).unwrap();
    let ended: Vec<ConnId> = world.closed.drain(..).map(|(conn, _)| conn).collect();
    assert_eq!(ended, [conn(2), conn(1), conn(4)]);
    assert_eq!(world.come(5, "ada")[0]["code"], "bad_credentials");
}

#[test]
fn a_browsers_new_login_takes_the_place_of_the_one_that_it_had() {
    let mut world = World::new(|_| ());
    world.somebody(1, "ada", Role::Member);
    world.log_in("ada", "phone").unwrap();
    world.come(2, "phone");
    world.log_in_over("ada", "newer", Some("ada")).unwrap();
    assert_eq!(world.closed, [(conn(1), Close::LoginEnded)], "and not the phone");
    let me = |world: &mut World, token: &str| {
        let token = TokenHash::of(token);
        let answer = world.answered(|c, now, ch| c.me(now, &token, ch));
        answer.map(|_| ()).map_err(|refusal| refusal.code)
    };
    assert_eq!(me(&mut world, "ada"), Err(Code::BadCredentials));
    assert_eq!(me(&mut world, "newer"), Ok(()));
    assert_eq!(me(&mut world, "phone"), Ok(()));
    world.log_in_over("ada", "newest", Some("never was one")).unwrap();
}

#[test]
fn a_login_ends_by_itself_unused_and_old() {
    let mut world = World::new(|config| {
        config.logins.idle_s = 100;
        config.logins.max_s = 250;
    });
    world.somebody(1, "ada", Role::Member);
    world.drop_connection(1, true);
    let me = TokenHash::of("ada");
    for seconds in [90, 90] {
        world.wait(seconds * 1000);
        assert!(world.answered(|c, now, ch| c.me(now, &me, ch)).is_ok(), "used in time");
    }
    world.wait(90_000);
    let refused = world.answered(|c, now, ch| c.me(now, &me, ch)).unwrap_err();
    assert_eq!(refused.code, Code::BadCredentials, "old, though it was used");
    world.log_in("ada", "other").unwrap();
    world.come(2, "other");
    world.wait(101_000);
    let now = world.moment();
    world.chat.sweep(now);
    world.settle();
    assert_eq!(last_close(&world), Some((conn(2), Close::LoginEnded)), "unused");
}

fn last_close(world: &World) -> Option<(ConnId, Close)> {
    world.closed.last().copied()
}

#[test]
fn a_deleted_account_leaves_its_words_without_a_name_and_its_name_to_nobody() {
    let mut world = World::new(|config| config.accounts.quarantine_s = 60);
    world.somebody(1, "ada", Role::Member);
    world.ask(1, r#"{"type":"send","text":"mine"}"#);
    world.hello(2, "bob");
    let nick = Nick::parse("ada").unwrap();
    world.operate(Operation::Delete { nick, legacy: Legacy::Kept }).unwrap();
    assert_eq!(world.closed, [(conn(1), Close::LoginEnded)]);
    let joined = last(&world.ask(2, r#"{"type":"join","room":"lobby"}"#));
    let message = &joined["events"][0];
    assert_eq!(
        (&message["text"], &message["from"]["nick"]),
        (&"mine".into(), &"deleted account".into())
    );
    assert_eq!(world.hello(3, "ada")[0]["code"], "nick_reserved");
    assert_eq!(world.hello(3, "deleted account")[0]["code"], "nick_reserved");
    world.wait(61_000);
    let now = world.moment();
    world.chat.prune(now);
    world.settle();
    assert_eq!(kinds(&world.hello(3, "ada")), ["welcome"]);
}

#[test]
fn read_marks_go_forward_and_reach_the_other_device() {
    let mut world = World::new(|_| {});
    world.somebody(1, "ada", Role::Member);
    world.come(2, "ada");
    for text in ["one", "two"] {
        world.ask(1, &format!(r#"{{"type":"send","text":"{text}"}}"#));
    }
    assert_eq!(kinds(&world.ask(1, r#"{"type":"read","seq":9}"#)), ["ok"]);
    assert_eq!(world.read(2), [serde_json::json!({ "type": "read", "room": "lobby", "seq": 2 })]);
    world.ask(1, r#"{"type":"read","seq":1}"#);
    assert!(world.read(2).is_empty(), "never back");
    let joined = last(&world.ask(2, r#"{"type":"join","room":"lobby"}"#));
    assert_eq!(joined["read"], 2);
}

#[test]
fn an_account_may_be_here_so_often_and_a_session_that_waits_in_vain_gives_way() {
    let mut world = World::new(|config| config.limits.connections_per_user = 2);
    world.somebody(1, "ada", Role::Member);
    assert_eq!(kinds(&world.come(2, "ada")), ["welcome"]);
    assert_eq!(world.come(3, "ada")[0]["code"], "rate_limited");
    world.drop_connection(2, false);
    assert_eq!(kinds(&world.come(3, "ada")), ["welcome"]);
}

#[test]
fn a_login_that_is_on_its_way_while_the_password_changes_does_not_count() {
    let mut world = World::new(|_| {});
    world.account("ada", Role::Member);
    let nick = Nick::parse("ada").unwrap();
    let proof = world.chat.proof(&nick).unwrap();
    let (token, device) = (TokenHash::of("thief"), TokenHash::of("device"));
    let (label, address) = (String::new(), String::new());
    let new = NewLogin { token, device, label, address, replaces: None };
    let (channel, mut answer) = Channel::new();
    let now = world.moment();
    world.chat.log_in(now, &proof, new, channel);
    world.operate(Operation::Password { nick, password: hash("another") }).unwrap();
    let refused = answer.try_recv().expect("it is answered").unwrap_err();
    assert_eq!(refused.code, Code::BadCredentials);
    assert_eq!(last(&world.come(1, "thief"))["code"], "bad_credentials");
    world.wait(1);
    assert_eq!(world.log_in("ada", "owner"), Ok(()));
}

#[test]
fn a_change_that_the_store_could_not_keep_is_kept_later() {
    let mut world = World::new(|_| {});
    world.account("ada", Role::Member);
    let nick = Nick::parse("ada").unwrap();
    let (channel, mut answer) = Channel::new();
    let now = world.moment();
    world.chat.operate(now, Operation::Role { nick, role: Role::Owner }, channel);
    let batch = world.chat.batch().expect("it is to be kept");
    world.chat.committed(batch, Err(StoreError::Busy));
    world.carry_out();
    assert_eq!(answer.try_recv().expect("it is answered").unwrap_err().code, Code::Busy);
    let again = world.chat.batch().expect("it waits for better times");
    let kept = |op: &Op| matches!(op, Op::SaveAccount(row) if row.role == Role::Owner);
    assert!(again.iter().any(kept), "{again:?}");
}

#[test]
fn a_login_that_has_ended_opens_nothing_before_the_janitor_comes() {
    let mut world = World::new(|config| config.logins.max_s = 10);
    world.somebody(1, "ada", Role::Member);
    let welcome = world.come(2, "ada").remove(0);
    let secret = welcome["resume"]["token"].as_str().unwrap().to_owned();
    let session = TokenHash::of(&secret);
    let me = |chat: &mut Chat, now, channel| chat.me(now, &session, channel);
    assert!(world.answered(me).is_ok());
    world.drop_connection(2, false);
    world.wait(10_000);
    assert_eq!(world.answered(me).unwrap_err().code, Code::BadCredentials);
    assert_eq!(last(&world.resume(3, &secret))["code"], "bad_credentials");
    world.chat.sweep(world.moment());
    world.settle();
    assert_eq!(world.closed.last().map(|(_, close)| *close), Some(Close::LoginEnded));
}
