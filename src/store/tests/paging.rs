//! A page is what was asked for, ascending, and says whether there is more.

use super::*;

fn with_ten() -> TestStore {
    let store = TestStore::with_lobby();
    store.commit((1..=10).map(|n| append("Ada", said(&format!("message {n:02}")))).collect());
    store
}

fn places(store: &TestStore, range: Range, limit: usize) -> (Vec<u64>, bool) {
    let page = store.page(LOBBY, range, limit, usize::MAX);
    assert_eq!((page.head, page.first_seq), (10, 1));
    (page.events.iter().map(|event| event.seq).collect(), page.more)
}

#[test]
fn the_newest_come_in_ascending_order() {
    let store = with_ten();
    assert_eq!(places(&store, Range::Latest, 3), (vec![8, 9, 10], true));
    assert_eq!(places(&store, Range::Latest, 10), ((1..=10).collect(), false));
    assert_eq!(places(&store, Range::Before(4), 2), (vec![2, 3], true));
    assert_eq!(places(&store, Range::Before(3), 2), (vec![1, 2], false));
    assert_eq!(places(&store, Range::Before(1), 2), (vec![], false));
    assert_eq!(places(&store, Range::Before(0), 2), (vec![], false));
    assert_eq!(places(&store, Range::Before(u64::MAX), 1), (vec![10], true));
}

#[test]
fn what_follows_comes_up_to_where_it_was_asked() {
    let store = with_ten();
    let after = |seq, upto| Range::After { seq, upto };
    assert_eq!(places(&store, after(7, None), 10), (vec![8, 9, 10], false));
    assert_eq!(places(&store, after(0, None), 2), (vec![1, 2], true));
    assert_eq!(places(&store, after(2, Some(4)), 2), (vec![3, 4], false));
    assert_eq!(places(&store, after(2, Some(4)), 1), (vec![3], true));
    assert_eq!(places(&store, after(10, None), 5), (vec![], false));
    assert_eq!(places(&store, after(u64::MAX, Some(0)), 5), (vec![], false));
    assert_eq!(places(&store, after(0, None), 0), (vec![], true));
}

#[test]
fn a_page_stops_before_it_is_too_large_but_never_empty() {
    let store = with_ten();
    let size = r#"{"text":"message 01"}"#.len();
    let events = |range, bytes| {
        let page = store.page(LOBBY, range, 10, bytes);
        (page.events.iter().map(|event| event.seq).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(events(Range::Latest, 3 * size), (vec![8, 9, 10], true));
    assert_eq!(events(Range::Latest, 3 * size - 1), (vec![9, 10], true));
    assert_eq!(events(Range::After { seq: 0, upto: None }, 1), (vec![1], true));
    assert_eq!(events(Range::Before(2), 1), (vec![1], false));
}

#[test]
fn an_unknown_room_is_an_empty_page() {
    let store = TestStore::new();
    let page = store.page(RoomId(5), Range::Latest, 10, 10);
    assert_eq!(page, Page { events: vec![], more: false, head: 0, first_seq: 1 });
}

#[test]
fn a_row_that_cannot_be_read_reads_as_a_deleted_message() {
    let store = with_ten();
    store.inspect(|conn| conn.execute("UPDATE events SET body = '{' WHERE seq = 5", ()).unwrap());
    let log = store.log(LOBBY);
    assert_eq!(log.len(), 10);
    assert!(matches!(&log[4].body, Body::Message(message) if message.deleted));
}

/// What somebody said at noon and so many milliseconds.
fn said_later(who: Author, millis: u64, words: &str) -> Op {
    let (at, name_key) = (NOON.plus(millis), who.nick.as_str().to_lowercase());
    let (author, body, rights) = (who, said(words), Rights::default());
    Op::Append(Append { room: LOBBY, at, author, name_key, body, rights })
}

fn by(store: &TestStore, who: Whose, since: u64, limit: usize) -> (Vec<u64>, bool) {
    let since = NOON.plus(since);
    let page = store.page(LOBBY, Range::By { who, since }, limit, usize::MAX);
    (page.events.iter().map(|event| event.seq).collect(), page.more)
}

#[test]
fn somebodys_newest_messages_are_found_and_nothing_else_of_theirs() {
    let store = TestStore::with_lobby();
    let (ada, grace) = (author("Ada"), author("Grace"));
    store.commit(vec![
        said_later(ada.clone(), 0, "long ago"),
        said_later(ada.clone(), 10, "one"),
        said_later(grace.clone(), 20, "hers"),
        said_later(ada.clone(), 30, "two"),
        said_later(ada.clone(), 40, "three"),
        said_later(ada.clone(), 50, "deleted"),
    ]);
    for body in [Body::deleted(6), edited(4, "two, amended"), reacted(3, "👍", true)] {
        store.commit(vec![Op::Append(Append { at: NOON.plus(60), ..event("Ada", body) })]);
    }
    let who = || Whose::User(ada.user);
    assert_eq!(by(&store, who(), 10, 10), (vec![2, 4, 5], false));
    assert_eq!(by(&store, who(), 0, 10), (vec![1, 2, 4, 5], false));
    assert_eq!(by(&store, who(), 10, 2), (vec![4, 5], true));
    assert_eq!(by(&store, who(), 61, 10), (vec![], false));
    assert_eq!(by(&store, Whose::User(grace.user), 0, 10), (vec![3], false));
    let page = store.page(LOBBY, Range::By { who: who(), since: NOON }, 10, 1);
    assert_eq!((page.events.len(), page.more, page.head), (1, true, 9));
}

#[test]
fn the_search_ends_at_the_first_older_event() {
    let store = TestStore::with_lobby();
    let ada = author("Ada");
    store.commit(vec![
        said_later(ada.clone(), 50, "hidden behind an older one"),
        said_later(ada.clone(), 0, "older"),
        said_later(ada.clone(), 60, "newer"),
    ]);
    assert_eq!(by(&store, Whose::User(ada.user), 10, 10), (vec![3], false));
}

#[test]
fn a_guests_messages_are_found_by_the_name_that_they_were_shown_under() {
    let store = TestStore::with_lobby();
    let (ada, other) = (author("Ada"), Author { user: UserId(5), ..author("Ada") });
    let member = Author { guest: false, user: UserId(6), ..author("Ada") };
    store.commit(vec![
        said_later(ada, 0, "one"),
        said_later(other, 0, "two"),
        said_later(member, 0, "an account's"),
        said_later(author("Grace"), 0, "hers"),
    ]);
    assert_eq!(by(&store, Whose::Guest(author("Ada").nick), 0, 10), (vec![1, 2], false));
}
