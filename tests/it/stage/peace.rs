//! Whether others notice an attack: two who talk while it goes on, memory before and at its peak,
//! and, for comparison, two who talk to a server that nobody attacks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Person, TestApp};

/// So long may a message take from one bystander to the other.
const PATIENCE: Duration = Duration::from_millis(100);
/// Where the other server's messages took longer than this, the machine was busy with other things.
const BUSY: Duration = Duration::from_millis(50);
/// Between two messages.
const PAUSE: Duration = Duration::from_millis(20);
/// A short attack is repeated for so long.
const ROUND: Duration = Duration::from_secs(1);
/// So often an attack is measured on a machine that was busy.
const ROUNDS: usize = 3;

/// The longest time that a message took, and how many there were.
#[derive(Clone, Copy, Debug, Default)]
struct Talk {
    longest: Duration,
    words: usize,
}

/// One round: what bystanders waited here, what they waited elsewhere, and the memory that it took.
#[derive(Debug)]
struct Toll {
    here: Talk,
    elsewhere: Talk,
    more: u64,
}

/// Attacks `app`, and holds two things: bystanders get each other's messages within [`PATIENCE`], and
/// the server's memory grows by at most `most` bytes.
///
/// The bound on memory holds each time. A wait is measured on a machine that may have other things to
/// do: one good round is enough, and a bad one counts where the other server was quick meanwhile.
pub fn nobody_notices(what: &str, app: &TestApp, most: u64, mut attack: impl AsyncFnMut(&TestApp)) {
    let runtime = runtime();
    let elsewhere = TestApp::unhurried();
    let mut bad = Vec::new();
    for _ in 0..ROUNDS {
        let toll = round(app, &elsewhere, || {
            let since = Instant::now();
            while since.elapsed() < ROUND {
                runtime.block_on(attack(app));
            }
        });
        let mib = toll.more as f64 / f64::from(1 << 20);
        eprintln!("{what}: {:?}, elsewhere {:?}, {mib:.1} MiB more", toll.here, toll.elsewhere);
        assert!(toll.more <= most, "{what}: {mib:.1} MiB more than at rest");
        assert!(toll.here.words > 10, "{what}: they did talk");
        if toll.here.longest < PATIENCE {
            return;
        }
        if toll.elsewhere.longest < BUSY {
            bad.push(toll);
        }
    }
    assert!(bad.is_empty(), "{what}: somebody waited too long: {bad:?}");
    eprintln!("{what}: waits not measured, others use this machine");
}

fn round(app: &TestApp, elsewhere: &TestApp, attack: impl FnOnce()) -> Toll {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let here = Bystanders::arrive(app);
        let there = Bystanders::arrive(elsewhere);
        let rest = app.rss();
        app.forget_peak();
        let here = scope.spawn(|| here.talk(&over));
        let there = scope.spawn(|| there.talk(&over));
        attack();
        over.store(true, Ordering::Release);
        let join = |talk: std::thread::ScopedJoinHandle<'_, Talk>| talk.join().expect("they talk");
        let (here, elsewhere) = (join(here), join(there));
        Toll { here, elsewhere, more: app.peak_rss().saturating_sub(rest) }
    })
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime")
}

/// Two who talk in a room of their own, from an address of their own.
struct Bystanders {
    runtime: tokio::runtime::Runtime,
    ada: Person,
    bob: Person,
}

impl Bystanders {
    fn arrive(app: &TestApp) -> Self {
        let runtime = runtime();
        let (ada, bob) = runtime.block_on(async {
            let mut people = Vec::new();
            for nick in ["ada", "bob"] {
                let mut person = app.knock_at("/ws", "127.0.0.2").await;
                person.hello(json!({ "nick": nick })).await;
                person.join("terrace").await;
                people.push(person);
            }
            let bob = people.pop().expect("two");
            (people.pop().expect("two"), bob)
        });
        Self { runtime, ada, bob }
    }

    fn talk(mut self, over: &AtomicBool) -> Talk {
        let (ada, bob) = (&mut self.ada, &mut self.bob);
        self.runtime.block_on(async {
            let mut talk = Talk::default();
            while !over.load(Ordering::Acquire) {
                let since = Instant::now();
                ada.write(json!({ "type": "send", "text": "still there?" }).to_string()).await;
                bob.next_event().await;
                talk.longest = talk.longest.max(since.elapsed());
                talk.words += 1;
                ada.next_event().await;
                tokio::time::sleep(PAUSE).await;
            }
            ada.heard().await;
            talk
        })
    }
}

impl Drop for Bystanders {
    fn drop(&mut self) {
        // A name is free again only after a goodbye.
        let (ada, bob) = (&mut self.ada, &mut self.bob);
        self.runtime.block_on(async {
            ada.goodbye().await;
            bob.goodbye().await;
        });
    }
}
