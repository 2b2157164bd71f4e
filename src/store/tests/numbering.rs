//! Places are dense and outcomes are by the rules, whatever comes together: the store against a
//! model of a few lines.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Wish {
    room: RoomId,
    user: usize,
    name: usize,
    body: Body,
}

fn wish() -> impl Strategy<Value = Wish> {
    let key = proptest::option::weighted(0.6, 0..4u8)
        .prop_map(|key| key.map(|key| ClientId::new(&format!("key-{key}")).unwrap()));
    let reply = proptest::option::weighted(0.2, 0..12u64);
    let body = prop_oneof![
        4 => ("[a-z]{1,9}", reply, key).prop_map(|(w, reply, key)| Body::message(text(&w), reply, key)),
        2 => (0..12u64, "[a-z]{1,9}").prop_map(|(target, words)| edited(target, &words)),
        1 => (0..12u64).prop_map(Body::deleted),
        2 => (0..12u64, "[ab]", any::<bool>()).prop_map(|(target, e, on)| reacted(target, &e, on)),
        1 => "[a-z]{0,5}".prop_map(|t| Body::topic(crate::model::Topic::new(&t).unwrap())),
    ];
    (1..3i64, 0..3usize, 0..3usize, body).prop_map(|(room, user, name, body)| Wish {
        room: RoomId(room),
        user,
        name,
        body,
    })
}

/// What the store should do, said as plainly as possible.
#[derive(Default)]
struct Model {
    log: Vec<Event>,
    keys: Vec<(ClientId, UserId, String, u64)>,
}

impl Model {
    fn judge(&mut self, append: &Append) -> Outcome {
        let seq = self.log.len() as u64 + 1;
        let user = append.author.user;
        match &append.body {
            Body::Message(message) => {
                if let Some(id) = &message.client_id {
                    let known = self.keys.iter().find(|(key, by, name, _)| {
                        key == id && (*by == user || *name == append.name_key)
                    });
                    if let Some((.., seq)) = known {
                        return duplicate(*seq);
                    }
                }
                if message.reply_to.is_some_and(|seq| self.message(seq).is_none()) {
                    return NOT_FOUND;
                }
                let key = message.client_id.clone();
                self.keys.extend(key.map(|id| (id, user, append.name_key.clone(), seq)));
            }
            Body::Edited(_) | Body::Deleted(_) => match self.target(append) {
                None => return NOT_FOUND,
                Some(target) if target.author.user != user => return NOT_YOURS,
                Some(_) => {}
            },
            Body::Reacted(new) => {
                let Some(target) = self.target(append) else { return NOT_FOUND };
                let last = self.log.iter().rev().find(|event| {
                    event.author.user == user
                        && matches!(&event.body, Body::Reacted(old)
                            if (old.target, &old.emoji) == (new.target, &new.emoji))
                });
                let lit =
                    last.is_some_and(|last| matches!(&last.body, Body::Reacted(old) if old.on));
                if lit == new.on {
                    return duplicate(last.unwrap_or(target).seq);
                }
            }
            Body::Topic(_) => {}
            Body::Expired(_) | Body::Approved(_) | Body::Moderated(_) => {
                unreachable!("these have tests of their own")
            }
        }
        for event in &mut self.log {
            event.body.apply(event.seq, &append.body);
        }
        let (author, body) = (append.author.clone(), append.body.clone());
        self.log.push(Event { seq, at: append.at, author, body });
        appended(seq)
    }

    fn message(&self, seq: u64) -> Option<&Event> {
        self.log.iter().find(|event| event.seq == seq && matches!(event.body, Body::Message(_)))
    }

    fn target(&self, append: &Append) -> Option<&Event> {
        self.message(append.body.target()?)
            .filter(|event| !matches!(&event.body, Body::Message(message) if message.deleted))
    }
}

fn as_append(wish: Wish) -> Append {
    let names = ["Ada", "Grace", "Edsger"];
    let author = Author { user: UserId(wish.user as i64), ..author(names[wish.name]) };
    let name_key = names[wish.name].to_lowercase();
    let rights = Rights::default();
    Append { room: wish.room, at: NOON, author, name_key, body: wish.body, rights }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 48 } else { 500 }))]

    #[test]
    fn every_outcome_and_the_log_are_what_the_model_says(
        batches in proptest::collection::vec(proptest::collection::vec(wish(), 1..9), 1..12),
        reopen_after in 0..12usize,
    ) {
        let mut store = TestStore::new();
        let rooms = [room(LOBBY, "one"), room(RoomId(2), "two")];
        store.commit(rooms.into_iter().map(Op::CreateRoom).collect());
        let mut models = [Model::default(), Model::default()];
        for (number, batch) in batches.into_iter().enumerate() {
            let batch: Vec<Append> = batch.into_iter().map(as_append).collect();
            let expected: Vec<Outcome> =
                batch.iter().map(|append| models[append.room.0 as usize - 1].judge(append)).collect();
            prop_assert_eq!(store.commit(batch.into_iter().map(Op::Append).collect()), expected);
            if number == reopen_after {
                store = store.reopened();
            }
        }
        for (number, model) in models.iter().enumerate() {
            let page = store.page(
                RoomId(number as i64 + 1), Range::Latest, usize::MAX, usize::MAX,
            );
            prop_assert_eq!(page.head, model.log.len() as u64);
            prop_assert_eq!(&page.events, &model.log);
        }
    }
}

#[test]
fn batches_that_wait_together_are_numbered_in_the_order_of_their_coming() {
    let store = TestStore::with_lobby();
    let (tell, told) = channel();
    let held = store.hold();
    for batch in 0..40 {
        let ops = (0..5).map(|n| append("ada", said(&format!("{batch}.{n}")))).collect();
        let tell = tell.clone();
        store.store.commit(ops, move |_, outcomes| tell.send(outcomes).unwrap()).unwrap();
    }
    held.send(()).unwrap();
    let outcomes: Vec<Outcome> =
        told.iter().take(40).flat_map(|outcomes| outcomes.unwrap()).collect();
    assert_eq!(outcomes, (1..=200).map(appended).collect::<Vec<_>>());
}

#[test]
fn what_is_about_no_room_of_the_store_changes_nothing() {
    let store = TestStore::with_lobby();
    let lost = Append { room: RoomId(9), ..event("ada", said("anybody here?")) };
    let prune = Op::Prune { room: RoomId(9), before: None, keep_last: Some(0) };
    let batch = vec![
        Op::Append(lost),
        Op::DropRoom(RoomId(9)),
        prune,
        Op::CreateRoom(room(LOBBY, "again")),
        append("ada", said("hello")),
    ];
    let no = Outcome::NoRoom;
    assert_eq!(store.commit(batch), [no.clone(), no.clone(), no, Outcome::Taken, appended(1)]);
}
