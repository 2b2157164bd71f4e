//! A store that cannot write says so, keeps what it had, and recovers by itself.

use std::process::Command;
use std::sync::mpsc::Sender;

use super::*;

impl TestStore {
    /// Keeps the writer busy until the sender says otherwise.
    pub(super) fn hold(&self) -> Sender<()> {
        let (tell_begun, begun) = channel();
        let (release, released) = channel();
        let done = move |_, _| {
            tell_begun.send(()).unwrap();
            released.recv().unwrap();
        };
        self.store.commit(vec![], done).unwrap();
        begun.recv().unwrap();
        release
    }

    /// Lets the database grow no further than it is.
    fn fill_disk(&self) {
        self.inspect(|conn| {
            let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).unwrap();
        });
    }

    fn ping(&self) -> Result<(), StoreError> {
        let (tell, told) = channel();
        self.store.ping(move |outcome| tell.send(outcome).unwrap())?;
        told.recv().unwrap()
    }
}

#[test]
fn a_full_disk_refuses_the_whole_group_and_leaves_no_hole() {
    let store = TestStore::with_lobby();
    let long = "x".repeat(3000);
    let batch = |from: u64, to: u64| -> Vec<Op> {
        (from..=to).map(|n| append("Ada", keyed(&long, &format!("key-{n}")))).collect()
    };
    store.commit(batch(1, 100));
    store.fill_disk();
    assert_eq!(store.try_commit(batch(91, 150)), Err(StoreError::Full));
    assert_eq!(store.log(LOBBY).len(), 100);
    // The writer opened the database anew, and with that the limit is gone: there is room again.
    let mut expected: Vec<Outcome> = (91..=100).map(duplicate).collect();
    expected.extend((101..=150).map(appended));
    assert_eq!(store.commit(batch(91, 150)), expected);
    assert_eq!(store.reopened().log(LOBBY).len(), 150);
}

#[test]
fn everybody_in_the_group_hears_of_the_failure() {
    let store = TestStore::with_lobby();
    store.fill_disk();
    let (tell, told) = channel();
    let held = store.hold();
    for who in ["Ada", "Grace"] {
        let tell = tell.clone();
        let batch = (0..50).map(|_| append(who, said(&"x".repeat(3000)))).collect();
        let done = move |batch: Vec<Op>, outcome: Result<_, _>| tell.send((batch.len(), outcome));
        store.store.commit(batch, move |batch, outcome| done(batch, outcome).unwrap()).unwrap();
    }
    held.send(()).unwrap();
    let failed = (50, Err(StoreError::Full));
    assert_eq!(told.iter().take(2).collect::<Vec<_>>(), [failed.clone(), failed]);
    assert_eq!(store.append("Ada", said("again")), appended(1));
}

#[test]
fn a_full_queue_gives_the_batch_back() {
    let store = TestStore::with_lobby();
    let held = store.hold();
    for _ in 0..PINGS {
        store.store.ping(|_| {}).unwrap();
    }
    assert_eq!(store.store.ping(|_| {}), Err(StoreError::Busy));
    let (tell, told) = channel();
    for _ in PINGS..WRITES {
        let tell = tell.clone();
        let done = move |_, outcomes| tell.send(outcomes).unwrap();
        store.store.commit(vec![append("Ada", said("hello"))], done).unwrap();
    }
    let batch = vec![append("Ada", said("one too many"))];
    let refused = store.store.commit(batch.clone(), |_, _| {}).unwrap_err();
    assert_eq!(refused, (batch, StoreError::Busy));
    held.send(()).unwrap();
    assert!(told.iter().take(WRITES - PINGS).all(|outcomes| outcomes.is_ok()));
    assert_eq!(store.ping(), Ok(()));
    assert_eq!(store.log(LOBBY).len(), WRITES - PINGS);
}

#[test]
fn a_ping_writes() {
    let store = TestStore::new();
    let beats = |store: &TestStore| -> i64 {
        store
            .inspect(|conn| conn.query_row("SELECT beat FROM pulse", (), |row| row.get(0)).unwrap())
    };
    let before = beats(&store);
    assert_eq!(store.ping(), Ok(()));
    assert_eq!(beats(&store), before + 1);
}

#[test]
fn a_broken_statement_is_answered_and_the_next_one_works() {
    let store = TestStore::with_lobby();
    store.append("Ada", said("hello"));
    store.inspect(|conn| conn.execute_batch("ALTER TABLE pulse RENAME TO stopped").unwrap());
    assert_eq!(store.ping(), Err(StoreError::Busy));
    store.inspect(|conn| conn.execute_batch("ALTER TABLE stopped RENAME TO pulse").unwrap());
    assert_eq!(store.ping(), Ok(()));
    assert_eq!(store.append("Ada", said("hello")), appended(2));
}

/// Set for the process in which files may not grow beyond a limit.
const LIMITED: &str = "PARLOR_TEST_FILE_SIZE_LIMIT";

/// Runs itself once more in a process with such a limit, which the shell sets.
#[test]
fn a_file_size_limit_is_a_full_disk_and_the_store_recovers_when_it_is_lifted() {
    if std::env::var_os(LIMITED).is_some() {
        return fill_up_to_the_limit();
    }
    let name = "store::tests::failing::a_file_size_limit_is_a_full_disk_and_the_store_recovers_when_it_is_lifted";
    let shell = format!("trap '' XFSZ; ulimit -S -f 4000; exec \"$0\" --exact {name} --nocapture");
    let me = std::env::current_exe().unwrap();
    let output =
        Command::new("sh").arg("-c").arg(shell).arg(me).env(LIMITED, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("both halves agree"), "{said}{complaint}");
}

fn fill_up_to_the_limit() {
    let store = TestStore::with_lobby();
    let batch = || (0..20).map(|_| append("Ada", said(&"x".repeat(3000)))).collect::<Vec<_>>();
    let mut kept = 0;
    let failure = loop {
        match store.try_commit(batch()) {
            Ok(_) => kept += 20,
            Err(failure) => break failure,
        }
        assert!(kept < 5000, "no limit is set");
    };
    assert_eq!(failure, StoreError::Full);
    assert_eq!(store.log(LOBBY).len(), kept);
    let me = std::process::id().to_string();
    let lifted = Command::new("prlimit").args(["--pid", &me, "--fsize=1000000000:"]).status();
    if lifted.is_ok_and(|status| status.success()) {
        assert_eq!(store.commit(batch())[0], appended(kept as u64 + 1));
        assert_eq!(store.reopened().log(LOBBY).len(), kept + 20);
    }
    println!("both halves agree");
}
