//! What an append costs: `cargo bench --bench store -- [EVENTS] [ROOMS] [BATCH] [keys|plain] [full]`.
//!
//! Prints wall time and CPU time (of all threads, user and system) for each event, by tenths of the
//! run, so that a cost that grows with the log shows.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use parlor::model::{
    Author, Body, ClientId, Epoch, MessageText, Nick, RoomName, RoomSettings, Timestamp, UserId,
};
use parlor::store::{Append, Durability, Op, Rights, RoomId, RoomRow, Store};
use rand::Rng;

/// Batches on their way at a time: one is committed while the next is made.
const UNDER_WAY: usize = 2;

struct Plan {
    events: usize,
    rooms: usize,
    batch: usize,
    keys: bool,
    durability: Durability,
}

impl Plan {
    fn from_arguments() -> Self {
        let words: Vec<String> =
            std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
        let number =
            |at: usize, default| words.get(at).and_then(|w| w.parse().ok()).unwrap_or(default);
        let full = words.iter().any(|word| word == "full");
        Self {
            events: number(0, 1_000_000),
            rooms: number(1, 1),
            batch: number(2, 100),
            keys: !words.iter().any(|word| word == "plain"),
            durability: if full { Durability::Full } else { Durability::Normal },
        }
    }

    fn room(&self, number: usize) -> Op {
        let name = RoomName::parse(&format!("room-{number}")).expect("a plain name");
        Op::CreateRoom(RoomRow {
            id: RoomId(number as i64),
            name,
            epoch: Epoch::random(&mut rand::rng()),
            seq: 0,
            first_seq: 1,
            topic: None,
            created_at: Timestamp::now(),
            settings: RoomSettings::default(),
        })
    }

    fn message(&self, author: &Author, rng: &mut impl Rng) -> Op {
        let words = "message with some text that a person might have typed here, about this long";
        let text = MessageText::new(words, 4000).expect("a short text");
        let key = format!("{:016x}-{:016x}", rng.next_u64(), rng.next_u64());
        let client_id = self.keys.then(|| ClientId::new(&key).expect("a short key"));
        Op::Append(Append {
            room: RoomId((rng.next_u64() % self.rooms as u64) as i64),
            at: Timestamp::now(),
            author: author.clone(),
            name_key: "ada".into(),
            body: Body::message(text, None, client_id),
            rights: Rights::default(),
        })
    }
}

fn main() {
    let plan = Plan::from_arguments();
    let directory = tempfile::tempdir_in(".").expect("the current directory can be written");
    let db = directory.path().join("bench.db");
    let (store, _) = Store::open(&db, plan.durability).expect("an empty directory");
    let (landed, landings) = sync_channel(UNDER_WAY);
    let send = |batch| {
        let landed = landed.clone();
        let done = move |_, outcome: Result<_, _>| landed.send(outcome.is_ok()).expect("we wait");
        store.commit(batch, done).expect("two batches do not fill the queue");
    };
    let mut rng = rand::rng();
    let nick = Nick::parse("Ada").expect("a plain name");
    let author = Author { user: UserId::random(&mut rng), nick, guest: true };
    send((0..plan.rooms).map(|number| plan.room(number)).collect());
    assert!(landings.recv().expect("the store answers"));
    let steps = plan.events / plan.batch;
    let (begin, mut last) = (Mark::now(), Mark::now());
    for step in 0..steps {
        if step >= UNDER_WAY {
            assert!(landings.recv().expect("the store answers"));
        }
        send((0..plan.batch).map(|_| plan.message(&author, &mut rng)).collect());
        if (step + 1) % (steps / 10).max(1) == 0 {
            last.print(&format!("{:>9}", (step + 1) * plan.batch), steps / 10 * plan.batch);
            last = Mark::now();
        }
    }
    store.close();
    begin.print("all", plan.events);
    println!("{} bytes on disk for each event", size(&db) / plan.events as u64);
}

fn size(db: &Path) -> u64 {
    db.metadata().map_or(0, |data| data.len())
}

/// A moment by the clock on the wall and by the processor's.
struct Mark {
    wall: Instant,
    cpu: f64,
}

impl Mark {
    fn now() -> Self {
        // Fields 14 and 15: user and system time in hundredths of a second (Linux).
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or("");
        let ticks = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
        Self { wall: Instant::now(), cpu: ticks.sum::<f64>() / 100.0 }
    }

    fn print(&self, label: &str, events: usize) {
        let micros = |seconds: f64| seconds * 1e6 / events as f64;
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), Self::now().cpu - self.cpu);
        println!("{label}: {:.2} µs wall, {:.2} µs CPU per event", micros(wall), micros(cpu));
    }
}
