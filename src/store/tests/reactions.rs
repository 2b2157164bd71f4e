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

#[test]
fn a_message_has_so_many_different_reactions_at_most() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("tea?"));
    store.append("Ada", said("coffee?"));
    let react = |who: &str, target, emoji: &str, on| {
        let rights = Rights { reactions: 2, ..Rights::default() };
        let wish = Append { rights, ..event(who, reacted(target, emoji, on)) };
        store.commit(vec![Op::Append(wish)]).remove(0)
    };
    let too_many = Outcome::Refused(Refusal::TooManyReactions);
    assert_eq!(react("Ada", 1, "👍", true), appended(3));
    assert_eq!(react("Ada", 1, "☕", true), appended(4));
    assert_eq!(react("Ada", 1, "🦊", true), too_many);
    // One that it has anybody may set too, and what is set is answered as before.
    assert_eq!(react("Grace", 1, "👍", true), appended(5));
    assert_eq!(react("Grace", 1, "👍", true), duplicate(5));
    assert_eq!(react("Grace", 2, "🦊", true), appended(6));
    // It counts as long as anybody has it set.
    assert_eq!(react("Ada", 1, "👍", false), appended(7));
    assert_eq!(react("Ada", 1, "🦊", true), too_many);
    assert_eq!(react("Grace", 1, "👍", false), appended(8));
    assert_eq!(react("Ada", 1, "🦊", true), appended(9));
    // Without a limit there is none.
    assert_eq!(store.append("Ada", reacted(1, "🎲", true)), appended(10));
}
