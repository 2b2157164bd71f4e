//! Logins from outside: what is told, and who waits for whom.

use std::cell::RefCell;
use std::sync::mpsc;

use futures_util::future::{join_all, select};
use futures_util::{FutureExt, pin_mut};

use super::crew::{KEPT, WAITING};
use super::*;
use crate::model::Nick;

const WEAK: &str = "$argon2id$v=19$m=4096,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yIB8Z3v0kybNf6sjD7tnlabhPFT816sIPSs2nd+E+I0";

fn password(raw: &str) -> Password {
    Password::parse(raw, &Nick::parse("ada").unwrap()).unwrap()
}

async fn verify(hashing: &Hashing, raw: &str, stored: Option<&PasswordHash>) -> Verdict {
    let login = LoginPassword::new(raw);
    hashing.verify(Lane::Stranger, login, stored.cloned()).await.unwrap()
}

#[actix_rt::test]
async fn the_right_password_of_a_known_name_is_right_and_nothing_else_is() {
    let hashing = Hashing::start().unwrap();
    let kept = hashing.hash(Lane::Stranger, password("one is enough")).await.unwrap();
    let right = verify(&hashing, "one is enough", Some(&kept)).await;
    assert!(matches!(right, Verdict::Right) && right.is_right());
    for wrong in ["two is enough", "", "one is enough\0", &"x".repeat(5000)] {
        assert!(!verify(&hashing, wrong, Some(&kept)).await.is_right(), "{wrong}");
    }
    assert!(!verify(&hashing, "one is enough", None).await.is_right());
}

#[actix_rt::test]
async fn a_hash_of_less_work_lets_in_and_comes_back_stronger() {
    let hashing = Hashing::start().unwrap();
    let weak = PasswordHash::parse(WEAK).unwrap();
    let Verdict::Outgrown(better) = verify(&hashing, "one is enough", Some(&weak)).await else {
        panic!("it is not today's work");
    };
    assert!(better.as_str().contains("m=19456,t=2"), "{}", better.as_str());
    assert!(matches!(verify(&hashing, "one is enough", Some(&better)).await, Verdict::Right));
    assert!(!verify(&hashing, "two is enough", Some(&weak)).await.is_right());
}

#[actix_rt::test]
async fn a_hash_that_cannot_be_read_lets_nobody_in() {
    let hashing = Hashing::start().unwrap();
    for broken in ["$argon2id$", "$argon2id$v=19$m=4000000,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAA"] {
        let broken = PasswordHash::parse(broken).unwrap();
        assert!(!verify(&hashing, "one is enough", Some(&broken)).await.is_right());
    }
}

/// A crew whose only thread waits until it is told to go on.
fn held() -> (Crew, mpsc::Sender<()>, impl Future<Output = Result<(), Undone>>) {
    let crew = Crew::of(1).unwrap();
    let ((go, wait), (begun, begins)) = (mpsc::channel::<()>(), mpsc::channel());
    let first = crew.run(Lane::Stranger, move |_| {
        begun.send(()).unwrap();
        wait.recv().unwrap();
    });
    let mut first = Box::pin(first);
    assert!(first.as_mut().now_or_never().is_none());
    begins.recv().unwrap();
    (crew, go, first)
}

#[actix_rt::test]
async fn beyond_64_that_wait_it_is_busy_and_known_devices_have_places_kept_and_go_first() {
    let (crew, go, first) = held();
    let (tell, told) = mpsc::channel();
    let enter = |lane| {
        let tell = tell.clone();
        let mut waiting = Box::pin(crew.run(lane, move |_| tell.send(lane).unwrap()));
        let answer = waiting.as_mut().now_or_never();
        (answer, waiting)
    };
    let mut waiting = Vec::new();
    for _ in 0..WAITING - KEPT {
        let (answer, work) = enter(Lane::Stranger);
        assert_eq!(answer, None);
        waiting.push(work);
    }
    assert_eq!(enter(Lane::Stranger).0, Some(Err(Undone::Full)));
    for _ in 0..KEPT {
        let (answer, work) = enter(Lane::Known);
        assert_eq!(answer, None);
        waiting.push(work);
    }
    assert_eq!(enter(Lane::Known).0, Some(Err(Undone::Full)));
    assert_eq!(enter(Lane::Stranger).0, Some(Err(Undone::Full)));
    go.send(()).unwrap();
    first.await.unwrap();
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    let order: Vec<Lane> = told.try_iter().collect();
    assert_eq!(order.len(), WAITING);
    assert!(order[..KEPT].iter().all(|lane| *lane == Lane::Known));
}

#[actix_rt::test]
async fn whoever_hangs_up_frees_no_thread_before_the_work_ends() {
    let (crew, go, first) = held();
    drop(first);
    let (tell, told) = mpsc::channel();
    let second = crew.run(Lane::Known, move |_| tell.send("begun").unwrap());
    let mut second = Box::pin(second);
    assert!(second.as_mut().now_or_never().is_none());
    // The only thread still works for who has gone.
    assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
    go.send(()).unwrap();
    second.await.unwrap();
    assert_eq!(told.recv(), Ok("begun"));
}

#[actix_rt::test]
async fn what_nobody_waits_for_any_more_is_not_begun() {
    let (crew, go, first) = held();
    let (tell, told) = mpsc::channel();
    let mut gone = Box::pin(crew.run(Lane::Known, move |_| tell.send("begun").unwrap()));
    assert!(gone.as_mut().now_or_never().is_none());
    drop(gone);
    go.send(()).unwrap();
    first.await.unwrap();
    crew.run(Lane::Known, |_| ()).await.unwrap();
    assert_eq!(told.recv(), Err(mpsc::RecvError));
}

#[actix_rt::test]
async fn a_panic_is_told_to_who_waits_and_the_thread_goes_on() {
    let crew = Crew::of(1).unwrap();
    let broken = crew.run(Lane::Known, |_| -> () { panic!("a hash fell over") }).await;
    assert_eq!(broken, Err(Undone::Panicked));
    assert_eq!(undone(Undone::Panicked).code, Code::Internal);
    assert_eq!(crew.run(Lane::Known, |_| 7).await, Ok(7));
}

#[actix_rt::test]
async fn the_threads_end_with_the_last_handle() {
    let crew = Crew::of(1).unwrap();
    let (alive, gone) = mpsc::channel::<()>();
    thread_local!(static PLEDGE: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) });
    crew.run(Lane::Known, move |_| PLEDGE.set(Some(alive))).await.unwrap();
    drop(crew);
    // The thread drops what it kept when it ends.
    assert_eq!(gone.recv(), Err(mpsc::RecvError));
}

#[actix_rt::test]
async fn a_full_house_is_busy_with_a_time_to_come_back() {
    let refusal = undone(Undone::Full);
    assert_eq!((refusal.code, refusal.retry_after_ms), (Code::Busy, Some(COME_BACK_MS)));
}

#[actix_rt::test]
async fn a_flood_of_logins_leaves_the_worker_to_the_others() {
    let hashing = Hashing::start().unwrap();
    let flood = join_all(
        (0..WAITING - KEPT)
            .map(|_| hashing.verify(Lane::Stranger, LoginPassword::new("one is enough"), None)),
    );
    let others = async {
        for _ in 0..1000 {
            actix_rt::task::yield_now().await;
        }
    };
    pin_mut!(flood, others);
    let select = select(flood, others).await;
    let futures_util::future::Either::Right(((), flood)) = select else {
        panic!("the flood was in the way of the others on its thread");
    };
    assert!(flood.await.into_iter().all(|verdict| !verdict.unwrap().is_right()));
}
