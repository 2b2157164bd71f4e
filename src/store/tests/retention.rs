//! The oldest events go, in bounded steps, and the numbering goes on.

use super::*;

fn prune(before: Option<Timestamp>, keep_last: Option<u64>) -> Op {
    Op::Prune { room: LOBBY, before, keep_last }
}

fn pruned(first_seq: u64, more: bool) -> Outcome {
    Outcome::Pruned { first_seq, more }
}

/// Messages 1 to `count`, a second apart.
fn fill(store: &TestStore, count: u64) {
    let say = |n| Op::Append(Append { at: NOON.plus(n * 1000), ..event("Ada", said("hello")) });
    store.commit((1..=count).map(say).collect());
}

#[test]
fn all_but_the_newest_go_in_bounded_steps() {
    let store = TestStore::with_lobby();
    fill(&store, 50);
    // In tests a step is 20 events.
    let steps = store.commit(vec![prune(None, Some(5)); 4]);
    assert_eq!(steps, [pruned(21, true), pruned(41, true), pruned(46, false), pruned(46, false)]);
    let page = store.page(LOBBY, Range::After { seq: 0, upto: None }, 100, usize::MAX);
    assert_eq!((page.first_seq, page.head, page.events.len()), (46, 50, 5));
}

#[test]
fn what_is_too_old_goes_and_nothing_behind_it() {
    let store = TestStore::with_lobby();
    fill(&store, 10);
    let late = Append { at: NOON, ..event("Ada", said("my clock is slow")) };
    store.commit(vec![Op::Append(late)]);
    assert_eq!(store.commit(vec![prune(Some(NOON.plus(4000)), None)]), [pruned(4, false)]);
    assert_eq!(store.log(LOBBY).len(), 8);
}

#[test]
fn a_step_ends_also_when_the_texts_are_long() {
    let store = TestStore::with_lobby();
    let long = Body::message(MessageText::new(&"x".repeat(150_000), 150_000).unwrap(), None, None);
    store.commit((0..18).map(|_| append("Ada", long.clone())).collect());
    let steps = store.commit(vec![prune(None, Some(0)); 2]);
    assert_eq!(steps, [pruned(15, true), pruned(19, false)]);
}

#[test]
fn an_emptied_room_keeps_its_numbers_and_can_be_dropped() {
    let store = TestStore::with_lobby();
    fill(&store, 3);
    store.append("Ada", reacted(1, "👍", true));
    assert_eq!(store.commit(vec![Op::DropRoom(LOBBY)]), [Outcome::Kept]);
    assert_eq!(store.commit(vec![prune(None, Some(0))]), [pruned(5, false)]);
    let store = store.reopened();
    assert_eq!((store.boot.rooms[0].seq, store.boot.rooms[0].first_seq), (4, 5));
    let page = store.page(LOBBY, Range::Latest, 10, usize::MAX);
    assert_eq!((page.first_seq, page.head, page.events.len()), (5, 4, 0));
    assert_eq!(store.append("Ada", reacted(1, "👍", true)), NOT_FOUND);
    assert_eq!(store.append("Ada", said("again")), appended(5));
    assert_eq!(store.commit(vec![prune(None, Some(0)), Op::DropRoom(LOBBY)])[1], Outcome::Done);
    assert_eq!(store.rows("reactions"), 0);
    assert!(store.reopened().boot.rooms.is_empty());
}

#[test]
fn the_edits_of_a_message_that_is_gone_keep_the_newest_text() {
    let store = TestStore::with_lobby();
    for body in [said("one"), edited(1, "two"), edited(1, "three")] {
        store.append("Ada", body);
    }
    store.commit(vec![prune(None, Some(2))]);
    let bodies: Vec<Body> = store.log(LOBBY).into_iter().map(|event| event.body).collect();
    assert_eq!(bodies, [edited(1, "three"), edited(1, "three")]);
    assert_eq!(store.append("Ada", edited(1, "four")), NOT_FOUND);
}
