//! The same key from the same user or under the same name is the same message, for 24 hours.

use super::*;

const DAY: u64 = 24 * 60 * 60 * 1000;

#[test]
fn a_repeated_key_answers_the_first_place_also_within_one_batch() {
    let store = TestStore::with_lobby();
    let again = || append("Ada", keyed("hello", "k1"));
    assert_eq!(store.commit(vec![again(), again()]), [appended(1), duplicate(1)]);
    let outcomes = store.commit(vec![append("Ada", said("more")), again()]);
    assert_eq!(outcomes, [appended(2), duplicate(1)]);
    assert_eq!(store.log(LOBBY).len(), 2);
}

#[test]
fn the_same_user_under_another_name_and_another_user_under_the_same_name_repeat() {
    let store = TestStore::with_lobby();
    store.append("Ada", keyed("hello", "k1"));
    let renamed = Append { name_key: "countess".into(), ..event("Ada", keyed("hello", "k1")) };
    let reborn = Append { author: author("Other"), ..event("Ada", keyed("hello", "k1")) };
    let stranger = event("Grace", keyed("hello", "k1"));
    let batch = [renamed, reborn, stranger].into_iter().map(Op::Append).collect();
    assert_eq!(store.commit(batch), [duplicate(1), duplicate(1), appended(2)]);
}

#[test]
fn a_key_is_good_for_a_day_and_in_its_room_only() {
    let store = TestStore::with_lobby();
    let at = |at| Op::Append(Append { at, ..event("Ada", keyed("hello", "k1")) });
    let batch = vec![at(NOON), at(NOON.plus(DAY - 1)), at(NOON.plus(DAY))];
    assert_eq!(store.commit(batch), [appended(1), duplicate(1), appended(2)]);
    let elsewhere = Append { room: RoomId(2), ..event("Ada", keyed("hello", "k1")) };
    let batch = vec![Op::CreateRoom(room(RoomId(2), "two")), Op::Append(elsewhere)];
    assert_eq!(store.commit(batch), [Outcome::Done, appended(1)]);
}

#[test]
fn keys_outlive_restarts_and_the_events_that_they_made() {
    let mut store = TestStore::with_lobby();
    let keys = |from: u64, to: u64| {
        (from..=to).map(|n| append("Ada", keyed("hello", &format!("key-{n}")))).collect::<Vec<_>>()
    };
    // In tests 64 keys make a run: these fill several and leave a tail.
    for batch in 0..60 {
        let outcomes = store.commit(keys(batch * 10 + 1, batch * 10 + 10));
        assert_eq!(outcomes[9], appended(batch * 10 + 10));
        if batch % 17 == 0 {
            store = store.reopened();
        }
    }
    let prune = Op::Prune { room: LOBBY, before: None, keep_last: Some(0) };
    while store.commit(vec![prune.clone()]) != [Outcome::Pruned { first_seq: 601, more: false }] {}
    assert!(store.rows("receipt_runs") >= 5 && store.rows("receipts") < 200);
    assert_eq!(store.commit(keys(1, 600)), (1..=600).map(duplicate).collect::<Vec<_>>());
}

#[test]
fn old_keys_are_forgotten_young_ones_are_not() {
    let store = TestStore::with_lobby();
    let say = |n: u64| {
        let at = NOON.plus(n * 1000);
        Op::Append(Append { at, ..event("Ada", keyed("hello", &format!("key-{n}"))) })
    };
    for n in (1..=400).step_by(10) {
        store.commit((n..n + 10).map(say).collect());
    }
    let forget = Op::ForgetKeys { before: NOON.plus(391_000) };
    while store.commit(vec![forget.clone()]) == [Outcome::More] {}
    let left = store.rows("receipts") + store.rows("receipt_index") / 2;
    assert!((10..10 + 2 * 64).contains(&left), "{left}");
    let young = |n| Outcome::Duplicate { seq: n, at: NOON.plus(n * 1000) };
    assert_eq!(
        store.commit((391..=400).map(say).collect()),
        (391..=400).map(young).collect::<Vec<_>>()
    );
    let forget = Op::ForgetKeys { before: NOON.plus(DAY) };
    while store.commit(vec![forget.clone()]) == [Outcome::More] {}
    let left = ["receipts", "receipt_index", "receipt_runs"].map(|table| store.rows(table));
    assert_eq!(left, [0, 0, 0]);
    assert_eq!(store.commit(vec![say(400)]), [appended(401)]);
}

#[test]
fn the_keys_of_a_dropped_room_mean_nothing_to_a_later_room_with_its_number() {
    let store = TestStore::with_lobby();
    store.append("Ada", keyed("hello", "k1"));
    let prune = Op::Prune { room: LOBBY, before: None, keep_last: Some(0) };
    let mut reborn = room(LOBBY, "Lobby");
    reborn.epoch = Epoch("another-life".into());
    let batch = vec![
        prune,
        Op::DropRoom(LOBBY),
        Op::CreateRoom(reborn),
        append("Ada", keyed("hello", "k1")),
    ];
    let pruned = Outcome::Pruned { first_seq: 2, more: false };
    assert_eq!(store.commit(batch), [pruned, Outcome::Done, Outcome::Done, appended(1)]);
}
