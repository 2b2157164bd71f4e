//! Who did what is read from the newest on, and forgotten from the oldest on.

use super::*;

fn filled(notes: u64) -> TestStore {
    let store = TestStore::new();
    let note = |n| Op::Audit(Box::new(note(&format!("act {n}"), NOON.plus(n))));
    store.commit((1..=notes).map(note).collect());
    store
}

fn numbers(rows: &[AuditRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

#[test]
fn notes_are_read_from_the_newest_on() {
    let store = filled(5);
    assert_eq!(numbers(&store.audit(None, 2)), [5, 4]);
    assert_eq!(numbers(&store.audit(Some(4), 2)), [3, 2]);
    assert_eq!(numbers(&store.audit(Some(2), 2)), [1]);
    assert_eq!(numbers(&store.audit(Some(1), 2)), [0; 0]);
    let store = store.reopened();
    let oldest = AuditRow { id: 1, ..note("act 1", NOON.plus(1)) };
    assert_eq!(store.audit(Some(2), 2), std::slice::from_ref(&oldest));
    assert_eq!(audit(&store.db(), 9).unwrap()[4], oldest);
}

#[test]
fn old_notes_are_forgotten() {
    let store = filled(5);
    let forget = |millis| vec![Op::ForgetAudit { before: NOON.plus(millis) }];
    assert_eq!(store.commit(forget(0)), [Outcome::Done]);
    assert_eq!(store.rows("audit"), 5);
    store.commit(forget(4));
    assert_eq!(numbers(&store.audit(None, 9)), [5, 4]);
    store.commit(forget(100));
    assert_eq!(store.rows("audit"), 0);
    assert_eq!(store.commit(forget(100)), [Outcome::Done]);
}

#[test]
fn the_newest_million_stays_and_the_others_go_in_parts() {
    let store = filled(1);
    store.inspect(|conn| {
        let sql = "WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n LIMIT 25000)
                   INSERT INTO audit (id, at, actor_nick, action, detail)
                   SELECT id + CASE WHEN id > 24000 THEN 1000000 ELSE 0 END, 0, '', '', '{}' FROM n";
        conn.execute(sql, ()).unwrap();
    });
    let oldest = "SELECT min(id) FROM audit";
    let oldest =
        |store: &TestStore| store.inspect(|conn| conn.query_row(oldest, (), |row| row.get(0)));
    let forget = || vec![Op::ForgetAudit { before: Timestamp(0) }];
    store.commit(forget());
    assert_eq!(oldest(&store), Ok(20_001));
    store.commit(forget());
    // Of 1,025,001 numbers the newest million begins here; the next one that there is follows.
    assert_eq!(oldest(&store), Ok(1_024_001));
}

#[test]
fn a_database_that_is_older_than_notes_has_none() {
    let store = filled(3);
    store.inspect(|conn| conn.execute_batch("DROP TABLE audit; DROP TABLE accounts").unwrap());
    assert_eq!(audit(&store.db(), 9), Ok(vec![]));
    assert_eq!(accounts(&store.db()), Ok(vec![]));
    assert!(person(&store.db(), &author("Ada").nick).unwrap().is_none());
}
