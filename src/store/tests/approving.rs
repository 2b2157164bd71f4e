//! A picture that waits for a moderator is let go once, in its row, its message and the log.

use super::pictures::{images, picture};
use super::*;
use crate::model::{Gone, ImageId};

fn waiting() -> ImageRow {
    ImageRow { pending: true, ..picture(1) }
}

fn placed() -> TestStore {
    let store = TestStore::with_lobby();
    store.commit(vec![Op::PlaceImage(Box::new(waiting()))]);
    store
}

fn shown(store: &TestStore) -> Outcome {
    store.append("Ada", Body::pictures(text("look"), vec![waiting().image()], None, None))
}

fn approve(store: &TestStore, seq: u64) -> Outcome {
    let note = Box::new(event("Mod", Body::approved(seq, ImageId(1))));
    store.commit(vec![Op::ApproveImage { id: ImageId(1), note }]).remove(0)
}

#[test]
fn a_picture_of_a_message_is_let_go_once_and_the_log_says_so() {
    let store = placed();
    assert_eq!(shown(&store), appended(1));
    let store = store.reopened();
    assert!(store.boot.images[0].pending && images(&store.log(LOBBY)[0])[0].pending);
    let size = "SELECT octet_length(body) FROM events WHERE seq = 1";
    let size = |store: &TestStore| {
        store.inspect(|conn| conn.query_row(size, (), |row| row.get::<_, i64>(0)).unwrap())
    };
    let before = size(&store);
    assert_eq!(approve(&store, 1), appended(2));
    assert_eq!(approve(&store, 1), Outcome::Done);
    assert_eq!(size(&store), before);
    let store = store.reopened();
    let log = store.log(LOBBY);
    assert!(!store.boot.images[0].pending);
    let image = &images(&log[0])[0];
    assert!(!image.pending && image.is_alive());
    assert_eq!(log[1].body, Body::approved(1, ImageId(1)));
    assert_eq!(log.len(), 2);
}

#[test]
fn a_picture_that_was_not_sent_is_let_go_without_a_word() {
    let store = placed();
    assert_eq!(approve(&store, 0), Outcome::Done);
    assert_eq!(store.log(LOBBY), []);
    assert_eq!(store.reopened().boot.images, [picture(1)]);
}

#[test]
fn what_does_not_wait_or_is_gone_is_not_let_go() {
    let store = TestStore::with_lobby();
    assert_eq!(approve(&store, 1), Outcome::Done);
    store.commit(vec![Op::PlaceImage(Box::new(picture(1)))]);
    assert_eq!(shown(&store), appended(1));
    assert_eq!(approve(&store, 1), Outcome::Done);
    let store = placed();
    shown(&store);
    let end = Op::EndImage { id: ImageId(1), why: Gone::Deleted, note: None };
    store.commit(vec![end]);
    assert_eq!(approve(&store, 1), Outcome::Done);
    assert_eq!(store.log(LOBBY).len(), 1);
}
