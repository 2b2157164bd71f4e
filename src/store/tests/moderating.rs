//! Who keeps the peace deletes what others said, and it is noted; nobody changes others' words.

use super::*;
use crate::model::{Act, Moderated};

fn by_moderator(who: &str, body: Body) -> Op {
    let rights = Rights { moderator: true, ..Rights::default() };
    Op::Append(Append { rights, ..event(who, body) })
}

#[test]
fn a_moderator_deletes_what_others_said_and_it_is_noted() {
    let store = TestStore::with_lobby();
    store.append("Eve", said("something rude"));
    let outcomes = store.commit(vec![by_moderator("Mod", Body::deleted(1))]);
    assert_eq!(outcomes, [appended(2)]);
    let log = store.log(LOBBY);
    assert!(matches!(&log[0].body, Body::Message(message) if message.deleted));
    assert_eq!(log[1].author.nick.as_str(), "Mod");
    let noted = AuditRow { id: 1, detail: r#"{"seq":1}"#.into(), ..note("delete", NOON) };
    assert_eq!(store.audit(None, 9), [noted]);
}

#[test]
fn ones_own_deletion_and_one_that_is_refused_are_not_noted() {
    let store = TestStore::with_lobby();
    store.commit(vec![append("Mod", said("oops")), append("Eve", said("hello"))]);
    assert_eq!(store.commit(vec![by_moderator("Mod", Body::deleted(1))]), [appended(3)]);
    assert_eq!(store.append("Mod", Body::deleted(2)), NOT_YOURS);
    assert_eq!(store.commit(vec![by_moderator("Mod", Body::deleted(1))]), [NOT_FOUND]);
    assert_eq!(store.audit(None, 9), []);
}

#[test]
fn nobody_edits_what_others_said() {
    let store = TestStore::with_lobby();
    store.append("Eve", said("hello"));
    assert_eq!(store.commit(vec![by_moderator("Mod", edited(1, "I am silly"))]), [NOT_YOURS]);
    assert_eq!(store.log(LOBBY)[0].body, said("hello"));
}

/// The second op of the batch fails, so the first must not have counted.
#[test]
fn a_deletion_and_its_note_count_together_or_not_at_all() {
    let store = TestStore::with_lobby();
    store.append("Eve", said("hello"));
    store.inspect(|conn| conn.execute_batch("ALTER TABLE audit RENAME TO elsewhere").unwrap());
    let failed = store.try_commit(vec![by_moderator("Mod", Body::deleted(1))]);
    assert_eq!(failed, Err(StoreError::Busy));
    store.inspect(|conn| conn.execute_batch("ALTER TABLE elsewhere RENAME TO audit").unwrap());
    assert_eq!(store.log(LOBBY).len(), 1);
    assert_eq!(store.log(LOBBY)[0].body, said("hello"));
    assert_eq!(store.commit(vec![by_moderator("Mod", Body::deleted(1))]), [appended(2)]);
    assert_eq!(store.audit(None, 9).len(), 1);
}

#[test]
fn what_keeps_the_peace_has_its_place_in_the_log() {
    let store = TestStore::with_lobby();
    let banned = Moderated::person(Act::Banned, author("Eve").nick, Some(NOON.plus(9)));
    let body = Body::Moderated(banned);
    assert_eq!(store.append("Mod", body.clone()), appended(1));
    assert_eq!(store.reopened().log(LOBBY)[0].body, body);
}
