//! Turns: however many connections of a worker have much to read at once, only so many of them go on
//! in one pass of the worker's queue, and everybody else's tasks come in between.
//!
//! Without it a thousand requests that arrive together are a thousand tasks before the next message.
//! Sessions need a turn only for what comes right behind a message, so whoever says one thing at a time
//! never waits here.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of one worker.
#[derive(Debug)]
pub struct Turns {
    a_pass: usize,
    free: Arc<Semaphore>,
    pacer: RefCell<Option<Waker>>,
}

type Waiting = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>>>>;

/// A place in the queue for a turn; takes memory only while there is one.
#[derive(Default)]
pub struct Queued(Option<Waiting>);

/// A turn; unless it is used it is given back.
pub struct Turn<'a> {
    turns: &'a Turns,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Turns for tasks of this thread, so many in a pass; they come around until they are dropped.
    pub fn begin(a_pass: usize) -> Rc<Self> {
        let free = Arc::new(Semaphore::new(a_pass));
        let turns = Rc::new(Self { a_pass, free, pacer: RefCell::default() });
        let held = Rc::downgrade(&turns);
        actix_rt::spawn(async move {
            while let Some(idle) = held.upgrade().map(|turns| turns.come_around()) {
                if idle { taken(&held).await } else { tokio::task::yield_now().await }
            }
        });
        turns
    }

    /// A pass is over; says whether nobody needs the next one.
    fn come_around(&self) -> bool {
        self.free.add_permits(self.a_pass.saturating_sub(self.free.available_permits()));
        self.free.available_permits() >= self.a_pass
    }

    /// Waits for a turn, in the order of asking.
    pub fn poll_turn(&self, queued: &mut Queued, cx: &mut Context<'_>) -> Poll<Turn<'_>> {
        if queued.0.is_none()
            && let Ok(permit) = Arc::clone(&self.free).try_acquire_owned()
        {
            return Poll::Ready(Turn { turns: self, permit: Some(permit) });
        }
        let waiting = queued.0.get_or_insert_with(|| {
            let free = Arc::clone(&self.free);
            Box::pin(async move { free.acquire_owned().await.ok() })
        });
        let Poll::Ready(permit) = waiting.as_mut().poll(cx) else { return Poll::Pending };
        queued.0 = None;
        Poll::Ready(Turn { turns: self, permit })
    }
}

impl Turn<'_> {
    /// It is used: there is one less in this pass.
    pub fn used(self) {
        if let Some(permit) = self.permit {
            permit.forget();
        }
        if let Some(pacer) = self.turns.pacer.borrow_mut().take() {
            pacer.wake();
        }
    }
}

/// Waits until a turn is used.
async fn taken(turns: &Weak<Turns>) {
    let mut asked = false;
    std::future::poll_fn(|cx| {
        let first = !std::mem::replace(&mut asked, true);
        if let (true, Some(turns)) = (first, turns.upgrade()) {
            *turns.pacer.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Takes a turn, and notes in which pass.
    async fn takes_a_turn(turns: Rc<Turns>, pass: Rc<Cell<usize>>) -> usize {
        let mut queued = Queued::default();
        std::future::poll_fn(|cx| turns.poll_turn(&mut queued, cx).map(Turn::used)).await;
        pass.get()
    }

    #[actix_rt::test]
    async fn of_many_only_so_many_go_in_a_pass_and_all_go_in_order() {
        let (turns, pass) = (Turns::begin(3), Rc::new(Cell::new(0)));
        let tasks: Vec<_> = (0..12)
            .map(|_| actix_rt::spawn(takes_a_turn(Rc::clone(&turns), Rc::clone(&pass))))
            .collect();
        let clock = Rc::clone(&pass);
        let ticks = actix_rt::spawn(async move {
            loop {
                clock.set(clock.get() + 1);
                tokio::task::yield_now().await;
            }
        });
        let mut went = Vec::new();
        for task in tasks {
            went.push(task.await.unwrap());
        }
        ticks.abort();
        assert!(went.is_sorted(), "{went:?}");
        assert!(went.iter().all(|one| went.iter().filter(|other| *other == one).count() <= 3));
    }

    #[actix_rt::test]
    async fn a_turn_that_is_not_used_is_somebody_elses() {
        let turns = Turns::begin(1);
        for _ in 0..100 {
            let mut queued = Queued::default();
            drop(std::future::poll_fn(|cx| turns.poll_turn(&mut queued, cx)).await);
            assert_eq!(turns.free.available_permits(), 1);
        }
    }
}
