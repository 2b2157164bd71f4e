//! What cannot be opened is refused with a sentence that helps, and left as it is.

use std::path::Path;

use super::*;

fn refusal(db: &Path) -> String {
    match Store::open(db, Durability::Normal) {
        Err(StoreError::Broken(sentence) | StoreError::InUse(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

/// A closed store with a few hundred messages.
fn filled() -> TestStore {
    let store = TestStore::with_lobby();
    store.commit((0..500).map(|n| append("Ada", keyed("hello", &format!("k{n}")))).collect());
    store.store.close();
    store
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let store = TestStore::with_lobby();
    store.inspect(|conn| conn.pragma_update(None, "user_version", 99).unwrap());
    store.store.close();
    let sentence = refusal(&store.db());
    assert!(sentence.contains("newer version") && sentence.contains("layout 99"), "{sentence}");
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("parlor.db");
    let theirs = rusqlite::Connection::open(&db).unwrap();
    theirs.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(theirs);
    let before = std::fs::read(&db).unwrap();
    assert!(refusal(&db).contains("another program"));
    assert!(std::fs::read(&db).unwrap() == before);
}

#[test]
fn damaged_files_are_refused_with_the_way_out() {
    let store = filled();
    let whole = std::fs::read(store.db()).unwrap();
    assert!(whole.len() > 60_000);
    let mut garbled = whole.clone();
    garbled[4096..whole.len() / 2].fill(0xa5);
    let mut headless = whole.clone();
    headless[..100].fill(7);
    let halves =
        [&whole[..whole.len() / 2], &whole[..5000], &whole[..700], b"not a database at all"];
    for bytes in halves.into_iter().chain([&garbled[..], &headless[..]]) {
        std::fs::write(store.db(), bytes).unwrap();
        let sentence = refusal(&store.db());
        assert!(sentence.contains("is damaged") && sentence.contains("Restore"), "{sentence}");
    }
    std::fs::write(store.db(), whole).unwrap();
    assert_eq!(store.reopened().log(LOBBY).len(), 500);
}

#[test]
fn two_servers_cannot_have_one_database() {
    let store = TestStore::with_lobby();
    let sentence = refusal(&store.db());
    assert!(sentence.contains("in use"), "{sentence}");
    assert_eq!(store.append("Ada", said("still here")), appended(1));
    store.reopened();
}

#[test]
fn directories_are_made_where_that_is_possible() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("a/b/parlor.db");
    Store::open(&db, Durability::Full).unwrap().0.close();
    assert!(db.exists());
    let sentence = refusal(&db.join("parlor.db"));
    assert!(sentence.contains("cannot be opened"), "{sentence}");
}
