//! What passwords cost: one hash, known against unknown names, others beside a flood of logins, the
//! look-up among the common ones. `cargo bench --bench passwords`.
//!
//! Known and unknown names take turns, so that whatever else the machine does hits both.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parlor::auth::{Hashing, Lane, LoginPassword, Password};
use parlor::model::{Nick, PasswordHash};

const TRIES: usize = 200;
/// As many logins as may wait.
const FLOOD: (usize, usize) = (48, 16);
const LOOKS: u32 = 100_000;

fn main() {
    actix_rt::System::new().block_on(async {
        let hashing = Hashing::start().expect("the system has threads");
        let nick = Nick::parse("ada").expect("a name");
        let password = || Password::parse("one is enough", &nick).expect("nobody else takes it");
        let kept = hashing.hash(Lane::Stranger, password()).await.expect("nothing waits");
        println!("resident before: {} MiB", resident_mib());
        names(&hashing, &kept).await;
        println!("resident after: {} MiB", resident_mib());
        let alone = late(|| Box::pin(actix_rt::time::sleep(Duration::from_secs(1)))).await;
        report("late on the same thread, alone", alone);
        for _ in 0..3 {
            let flooded = late(|| Box::pin(flood(&hashing, &kept))).await;
            report("late on the same thread, 64 logins", flooded);
        }
        println!("resident after the floods: {} MiB", resident_mib());
    });
    common();
}

/// Medians of a wrong password at a name that is known and at one that is not, and of the right one.
async fn names(hashing: &Hashing, kept: &PasswordHash) {
    let contestants = [
        ("known name, wrong password", "two is enough", Some(kept)),
        ("unknown name", "two is enough", None),
        ("known name, right password", "one is enough", Some(kept)),
        ("known name, no password at all", "\0", Some(kept)),
    ];
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..TRIES {
        for ((_, said, stored), times) in contestants.iter().zip(&mut times) {
            let begin = Instant::now();
            let login = LoginPassword::new(said);
            let verdict = hashing.verify(Lane::Stranger, login, stored.cloned()).await;
            black_box(verdict.expect("nothing waits"));
            times.push(begin.elapsed());
        }
    }
    let medians: Vec<Duration> = times.iter_mut().map(|times| at(times, 50)).collect();
    for (((name, ..), times), median) in contestants.iter().zip(&times).zip(&medians) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:36} median {median:>9.2?}  min {:>9.2?}  ratio {ratio:.4}", times[0]);
    }
}

async fn flood(hashing: &Hashing, kept: &PasswordHash) {
    let one = |lane| hashing.verify(lane, LoginPassword::new("two is enough"), Some(kept.clone()));
    let strangers = join_all((0..FLOOD.0).map(|_| one(Lane::Stranger)));
    let known = join_all((0..FLOOD.1).map(|_| one(Lane::Known)));
    let begin = Instant::now();
    let (strangers, known) = futures_util::future::join(strangers, known).await;
    assert!(strangers.iter().chain(&known).all(Result::is_ok), "all of them have a place");
    println!("64 logins in {:.0?}", begin.elapsed());
}

/// How late a timer of 1 ms comes on this thread while `work` goes on.
async fn late<F: Future<Output = ()> + Unpin>(work: impl FnOnce() -> F) -> Vec<Duration> {
    let late = RefCell::new(Vec::new());
    let ticks = async {
        loop {
            let due = Instant::now() + Duration::from_millis(1);
            actix_rt::time::sleep_until(due.into()).await;
            late.borrow_mut().push(due.elapsed());
        }
    };
    futures_util::future::select(work(), Box::pin(ticks)).await;
    late.take()
}

fn report(what: &str, mut late: Vec<Duration>) {
    let [half, most, worst] = [50, 99, 100].map(|percent| at(&mut late, percent));
    println!("{what:36} half {half:>9.2?}  99 % {most:>9.2?}  worst {worst:>9.2?}");
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[((times.len() - 1) * percent) / 100]
}

fn common() {
    let nick = Nick::parse("ada").expect("a name");
    for said in ["password1", "correct horse battery staple", "tr4vk9wz"] {
        let begin = Instant::now();
        for _ in 0..LOOKS {
            let _ = black_box(Password::parse(black_box(said), &nick));
        }
        println!("{said:36} at the door: {:.2?}", begin.elapsed() / LOOKS);
    }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux says it");
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    kib.expect("a number") / 1024
}
