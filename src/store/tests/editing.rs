//! Edited and deleted text is in no answer and in no file.

use std::collections::BTreeSet;

use rand::rngs::ThreadRng;
use rand::seq::{IndexedRandom, SliceRandom};

use super::*;

#[test]
fn an_edit_and_a_deletion_change_the_message_and_earlier_edits_of_it() {
    let store = TestStore::with_lobby();
    let batch = [said("first"), edited(1, "second"), edited(1, "third"), said("other")];
    store.commit(batch.into_iter().map(|body| append("Ada", body)).collect());
    let bodies: Vec<Body> = store.log(LOBBY).into_iter().map(|event| event.body).collect();
    let mut message = said("third");
    message.amend(&text("third"));
    assert_eq!(bodies, [message, edited(1, "third"), edited(1, "third"), said("other")]);
    store.append("Ada", Body::deleted(1));
    let log = serde_json::to_string(&store.log(LOBBY).iter().map(|e| &e.body).collect::<Vec<_>>());
    assert!(!log.unwrap().contains("third"));
}

#[test]
fn only_the_author_edits_and_deletes_and_only_what_is_there() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("mine"));
    assert_eq!(store.append("Grace", edited(1, "yours")), NOT_YOURS);
    assert_eq!(store.append("Grace", Body::deleted(1)), NOT_YOURS);
    assert_eq!(store.append("Ada", edited(2, "what?")), NOT_FOUND);
    assert_eq!(store.append("Ada", edited(u64::MAX, "what?")), NOT_FOUND);
    assert_eq!(store.append("Ada", Body::deleted(1)), appended(2));
    assert_eq!(store.append("Ada", edited(1, "again")), NOT_FOUND);
    assert_eq!(store.append("Ada", Body::deleted(2)), NOT_FOUND);
}

#[test]
fn an_answer_needs_a_message_that_exists() {
    let store = TestStore::with_lobby();
    let reply = |to| Body::message(text("yes"), Some(to), None);
    store.append("Ada", said("well?"));
    store.append("Ada", Body::deleted(1));
    assert_eq!(store.append("Grace", reply(1)), appended(3));
    assert_eq!(store.append("Grace", reply(2)), NOT_FOUND);
    assert_eq!(store.append("Grace", reply(4)), NOT_FOUND);
}

/// A text that repeats a mark of one version of one message: found nowhere by chance.
fn marked(message: usize, version: usize, chars: usize) -> String {
    format!("<{message:05}v{version}>").chars().cycle().take(chars).collect()
}

/// Every mark that can be read in `bytes`, once.
fn marks(bytes: &[u8]) -> BTreeSet<String> {
    let is_mark = |nine: &&[u8]| nine.starts_with(b"<") && nine.ends_with(b">") && nine[6] == b'v';
    bytes.windows(9).filter(is_mark).map(|mark| String::from_utf8_lossy(mark).into()).collect()
}

fn files(store: &TestStore) -> Vec<u8> {
    let entries = store.directory.path().read_dir().unwrap();
    entries.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}

fn some_length(rng: &mut ThreadRng) -> usize {
    *[20, 90, 300, 1500, 6000].choose(rng).unwrap_or(&9)
}

/// The marks that are in a file after the end, and in no event.
fn left_behind(store: &TestStore, rooms: &[RoomId]) -> Vec<String> {
    let bodies: Vec<Body> =
        rooms.iter().flat_map(|room| store.log(*room)).map(|event| event.body).collect();
    let alive = serde_json::to_vec(&bodies).unwrap();
    store.store.close();
    marks(&files(store)).difference(&marks(&alive)).cloned().collect()
}

#[test]
fn removed_text_is_in_no_file_after_the_end() {
    let store = TestStore::with_lobby();
    let mut rng = rand::rng();
    for n in 1..=600 {
        store.append("Ada", keyed(&marked(n, 0, some_length(&mut rng)), &format!("key-{n}")));
    }
    let mut order: Vec<usize> = (1..=600).collect();
    order.shuffle(&mut rng);
    for n in order {
        let target = n as u64;
        let changes = match n % 3 {
            0 => vec![Body::deleted(target)],
            1 => vec![edited(target, &marked(n, 1, some_length(&mut rng)))],
            _ => (1..4)
                .map(|version| edited(target, &marked(n, version, some_length(&mut rng))))
                .chain([Body::deleted(target)])
                .collect(),
        };
        store.commit(changes.into_iter().map(|body| append("Ada", body)).collect());
    }
    assert_eq!(left_behind(&store, &[LOBBY]), Vec::<String>::new());
}

/// A busy room that forgets and a quiet one that does not, in one table.
#[test]
fn pruned_text_is_in_no_file_after_the_end_and_its_space_comes_back() {
    let store = TestStore::with_lobby();
    let quiet = RoomId(2);
    store.commit(vec![Op::CreateRoom(room(quiet, "quiet"))]);
    let mut rng = rand::rng();
    let prune = Op::Prune { room: LOBBY, before: None, keep_last: Some(60) };
    for n in (1..=8000).step_by(10) {
        let say = |n: usize| {
            let room = if n % 10 == 3 { quiet } else { LOBBY };
            let length = if n.is_multiple_of(25) { some_length(&mut rng) } else { 20 };
            Op::Append(Append { room, ..event("Ada", said(&marked(n, 0, length))) })
        };
        let mut batch: Vec<Op> = (n..n + 10).map(say).chain([prune.clone()]).collect();
        let (early, late) = (n as u64 / 30 + 1, n as u64 / 10 + 1);
        for (target, body) in
            [(early, edited(early, &marked(n, 1, 60))), (late, Body::deleted(late))]
        {
            if n % 30 == 1 && target <= late {
                batch.push(Op::Append(Append { room: quiet, ..event("Ada", body) }));
            }
        }
        store.commit(batch);
    }
    let kept = store.log(quiet).len() as i64 + 60;
    assert!(store.rows("events") < 2 * kept + 4000, "{kept} of {}", store.rows("events"));
    let places: Vec<u64> = store.log(quiet).iter().map(|event| event.seq).collect();
    assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>());
    assert_eq!(left_behind(&store, &[LOBBY, quiet]), Vec::<String>::new());
}

#[test]
fn removed_text_leaves_the_log_file_while_the_server_runs() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("a secret that slipped out"));
    store.append("Ada", Body::deleted(1));
    let wal = disk::beside(&store.db(), "-wal");
    assert!(wal.metadata().unwrap().len() > 0);
    let begun = std::time::Instant::now();
    while wal.metadata().unwrap().len() > 0 {
        assert!(begun.elapsed().as_secs() < 30, "the log file still holds it");
        std::thread::yield_now();
    }
}
