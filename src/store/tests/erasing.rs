//! The name of somebody who left for good is taken out of what they wrote.

use super::pictures::picture;
use super::*;

fn erase(store: &TestStore, who: &str, from: i64) -> Outcome {
    store.commit(vec![Op::EraseAuthor { user: author(who).user, from }]).remove(0)
}

#[test]
fn their_messages_and_pictures_are_a_deleted_accounts() {
    let store = TestStore::with_lobby();
    store.commit(vec![
        append("Zenobia", said("mine")),
        append("Grace", said("hers")),
        append("Zenobia", edited(1, "mine, amended")),
        Op::PlaceImage(Box::new(ImageRow { author: author("Zenobia"), ..picture(1) })),
    ]);
    assert_eq!(erase(&store, "Zenobia", 0), Outcome::Done);
    let log = store.log(LOBBY);
    let names: Vec<&str> = log.iter().map(|event| event.author.nick.as_str()).collect();
    assert_eq!(names, ["deleted account", "Grace", "deleted account"]);
    assert_eq!(log[0].author.user, author("Zenobia").user);
    assert_eq!(log[2].body, edited(1, "mine, amended"));
    let store = store.reopened();
    assert_eq!(store.boot.images[0].author.nick, Nick::deleted());
    // Once more changes nothing, and they can still be found and deleted.
    assert_eq!(erase(&store, "Zenobia", 0), Outcome::Done);
    let rights = Rights { moderator: true, ..Rights::default() };
    let wish = Append { rights, ..event("Mod", Body::deleted(1)) };
    assert_eq!(store.commit(vec![Op::Append(wish)]), [appended(4)]);
    assert_eq!(store.audit(None, 1)[0].target_nick.as_deref(), Some("deleted account"));
    store.store.close();
    let file = std::fs::read(store.db()).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("Zenobia"));
}

#[test]
fn a_long_log_is_gone_through_in_parts() {
    let store = TestStore::with_lobby();
    let user = author("Ada").user.0;
    store.inspect(move |conn| {
        let sql = "WITH RECURSIVE n (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n LIMIT 45000)
                   INSERT INTO events (id, room, seq, at, kind, user, nick, guest, body)
                   SELECT seq + 100, 1, seq, 0, 'message', ?1 + seq % 2, 'Ada', 0, '{\"text\":\"x\"}'
                   FROM n";
        conn.execute(sql, [user]).unwrap();
    });
    let store = store.reopened();
    let left = |store: &TestStore| {
        store.inspect(move |conn| {
            let sql = "SELECT count(*) FROM events WHERE nick = 'Ada' AND user = ?1";
            conn.query_row(sql, [user], |row| row.get::<_, i64>(0)).unwrap()
        })
    };
    assert_eq!(erase(&store, "Ada", 0), Outcome::Next(20_101));
    assert_eq!(left(&store), 12_500);
    assert_eq!(erase(&store, "Ada", 20_101), Outcome::Next(40_101));
    assert_eq!(erase(&store, "Ada", 40_101), Outcome::Done);
    assert_eq!(left(&store), 0);
    let others = "SELECT count(*) FROM events WHERE nick = 'Ada'";
    let others = store.inspect(|conn| conn.query_row(others, (), |row| row.get::<_, i64>(0)));
    assert_eq!(others, Ok(22_500));
}

#[test]
fn a_log_without_events_is_done_at_once() {
    let store = TestStore::new();
    assert_eq!(erase(&store, "Ada", 0), Outcome::Done);
}
