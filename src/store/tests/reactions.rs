//! A reaction is set or not: saying so again changes nothing.

use super::*;

#[test]
fn setting_a_reaction_twice_answers_the_first_event() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("tea?"));
    assert_eq!(store.append("Grace", reacted(1, "👍", true)), appended(2));
    assert_eq!(store.append("Grace", reacted(1, "👍", true)), duplicate(2));
    assert_eq!(store.append("Ada", reacted(1, "👍", true)), appended(3));
    assert_eq!(store.append("Grace", reacted(1, "☕", true)), appended(4));
}

#[test]
fn taking_back_what_was_never_set_answers_the_message() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("tea?"));
    assert_eq!(store.append("Grace", reacted(1, "👍", false)), duplicate(1));
    store.append("Grace", reacted(1, "👍", true));
    assert_eq!(store.append("Grace", reacted(1, "👍", false)), appended(3));
    assert_eq!(store.append("Grace", reacted(1, "👍", false)), duplicate(3));
    assert_eq!(store.append("Grace", reacted(1, "👍", true)), appended(4));
}

#[test]
fn only_a_message_that_is_there_can_be_reacted_to() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("tea?"));
    store.append("Ada", Body::deleted(1));
    for target in [0, 1, 2, 3, u64::MAX] {
        assert_eq!(store.append("Ada", reacted(target, "👍", true)), NOT_FOUND);
    }
}
