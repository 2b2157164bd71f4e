//! A database of an older layout opens, and all that was in it is there.

use super::pictures::picture;
use super::*;

/// A database as the version with layout 2 left it.
fn of_layout_2(db: &std::path::Path) {
    let conn = rusqlite::Connection::open(db).unwrap();
    conn.execute_batch(include_str!("../schema/001.sql")).unwrap();
    conn.execute_batch(include_str!("../schema/002.sql")).unwrap();
    conn.pragma_update(None, "application_id", 0x5052_4c52).unwrap();
    conn.pragma_update(None, "user_version", 2).unwrap();
    conn.execute_batch(&format!(
        "INSERT INTO rooms VALUES (1, 'Lobby', 'epoch-000001', 0, 'tea', {noon});
         INSERT INTO events (room, seq, at, kind, user, nick, guest, body)
             VALUES (1, 1, {noon}, 'message', 5, 'Ada', 1, '{{\"text\":\"hello\"}}');
         INSERT INTO reactions VALUES (1, 1, 5, '👍', 1, 2, {noon});
         INSERT INTO sessions VALUES (7, zeroblob(32), 5, 'Ada', 1, zeroblob(32), '[1]');
         INSERT INTO images VALUES (1, '{gone}', 'expired', 1, zeroblob(8), 5, zeroblob(3), 1,
             'image/png', 3, 2, 1000, 'image/jpeg', 100, '', '', {noon}, {end});
         INSERT INTO images VALUES (2, '{here}', 'present', 1, zeroblob(8), {ada}, 'Ada', 1,
             'image/png', 3, 2, 1000, 'image/jpeg', 100, 'a red bicycle', 'bicycle.png', {noon},
             {end});",
        noon = NOON.0,
        end = NOON.plus(60_000).0,
        gone = picture(1).id,
        here = picture(2).id,
        ada = author("Ada").user.0,
    ))
    .unwrap();
}

#[test]
fn a_database_of_layout_2_opens_with_all_that_was_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("parlor.db");
    of_layout_2(&db);
    // Who reads beside a server that is still the old one finds the pictures.
    assert_eq!(pictures(&db).unwrap(), [(picture(2), Some("Lobby".to_owned()))]);
    assert_eq!(accounts(&db), Ok(vec![]));
    let (store, boot) = Store::open(&db, Durability::Normal).unwrap();
    let store = TestStore { directory, store, boot };
    let boot = &store.boot;
    assert_eq!(boot.rooms[0].settings, RoomSettings::default());
    assert_eq!((boot.rooms[0].seq, boot.rooms.len()), (1, 1));
    assert_eq!(boot.sessions[0].login, None);
    assert_eq!(boot.images, [picture(2)]);
    assert_eq!(boot.gone, [(picture(1).id, LOBBY)]);
    assert_eq!(store.log(LOBBY)[0].body, said("hello"));
    assert_eq!(store.append("Ada", reacted(1, "☕", true)), appended(2));
    assert_eq!(store.commit(vec![save_account(&account("Ada"))]), [Outcome::Done]);
    let store = store.reopened();
    assert_eq!(store.boot.accounts, [account("Ada")]);
    let layout = |conn: &rusqlite::Connection| {
        conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(store.inspect(layout), 3);
}
