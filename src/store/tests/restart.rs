//! What the server starts from is what it left.

use super::*;
use crate::model::{SessionId, TokenHash, Topic};

fn session(id: i64, name: &str, rooms: &[RoomId]) -> SessionRow {
    let Author { user, nick, guest } = author(name);
    SessionRow {
        id: SessionId(id),
        token: TokenHash::of(name),
        user,
        nick,
        guest,
        address_hash: [id as u8; 32],
        rooms: rooms.to_vec(),
        login: None,
    }
}

#[test]
fn rooms_come_back_with_their_head_and_topic() {
    let store = TestStore::with_lobby();
    let named = RoomRow { topic: Topic::new("tea").ok(), ..room(RoomId(4), "Küche") };
    store.commit(vec![Op::CreateRoom(named.clone())]);
    store.append("Ada", said("hello"));
    store.append("Ada", Body::topic(Topic::new("chess").unwrap()));
    let store = store.reopened();
    let lobby = RoomRow { seq: 2, topic: Topic::new("chess").ok(), ..room(LOBBY, "Lobby") };
    assert_eq!(store.boot.rooms, [lobby, named]);
    store.append("Ada", Body::topic(Topic::new("").unwrap()));
    assert_eq!(store.reopened().boot.rooms[0].topic, None);
}

#[test]
fn sessions_come_back_as_they_were_saved_last() {
    let store = TestStore::new();
    let (ada, grace) = (session(1, "Ada", &[]), session(2, "Zoë 🦊", &[LOBBY, RoomId(7)]));
    let later = SessionRow { rooms: vec![LOBBY], nick: author("Countess").nick, ..ada.clone() };
    let save = |row: &SessionRow| Op::SaveSession(row.clone());
    let end = Op::EndSession(SessionId(3));
    store.commit(vec![save(&ada), save(&grace), save(&session(3, "Eve", &[])), save(&later), end]);
    let store = store.reopened();
    assert_eq!(store.boot.sessions, [later, grace]);
    store.commit(vec![Op::EndSession(SessionId(1)), Op::EndSession(SessionId(2))]);
    assert_eq!(store.reopened().boot.sessions, []);
}

#[test]
fn the_log_comes_back_as_it_was() {
    let store = TestStore::with_lobby();
    let words = "  \u{202e}naughty \0 \"text\" 👩‍👩‍👧‍👦 \u{2028}";
    let bodies =
        [said(words), edited(1, "newer"), reacted(1, "👍", true), Body::deleted(1), said(words)];
    for body in bodies {
        store.append("Ada", body);
    }
    let before = store.log(LOBBY);
    assert_eq!(before.len(), 5);
    assert_eq!(before[4].body, said(words));
    assert_eq!(store.reopened().log(LOBBY), before);
}

#[test]
fn all_that_was_accepted_is_committed_when_the_store_closes() {
    let store = TestStore::with_lobby();
    let (tell, told) = channel();
    for n in 0..60 {
        let tell = tell.clone();
        let done =
            move |_, outcomes: Result<Vec<Outcome>, _>| tell.send(outcomes.unwrap()).unwrap();
        store.store.commit(vec![append("Ada", said(&format!("{n}")))], done).unwrap();
    }
    store.store.close();
    assert_eq!(
        told.try_iter().flatten().collect::<Vec<_>>(),
        (1..=60).map(appended).collect::<Vec<_>>()
    );
    store.store.close();
    assert_eq!(store.try_commit(vec![]), Err(StoreError::Busy));
    assert_eq!(store.store.ping(|_| {}), Err(StoreError::Busy));
    assert!(!disk::beside(&store.db(), "-wal").exists());
    assert_eq!(store.reopened().log(LOBBY).len(), 60);
}
