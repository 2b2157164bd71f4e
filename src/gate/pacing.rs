//! Handshakes leave a worker half of its time. One costs about as much as hundreds of messages, and a
//! storm of them, all begun at once, would keep everybody waiting who is in the house already.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_rt::time::{Sleep, sleep_until};

/// Time is dealt out in such pieces,
const WINDOW: Duration = Duration::from_millis(20);
/// and so much of each is for handshakes.
const SHARE: Duration = Duration::from_millis(10);

thread_local! {
    static BUDGET: Cell<Budget> = const { Cell::new(Budget { since: None, spent: Duration::ZERO }) };
}

/// What handshakes have used of the window that began at `since`.
#[derive(Clone, Copy)]
struct Budget {
    since: Option<Instant>,
    spent: Duration,
}

impl Budget {
    /// When the next window begins, if this one is used up.
    fn full_until(&mut self, now: Instant) -> Option<Instant> {
        let since = self.since.filter(|since| now < *since + WINDOW);
        let Some(since) = since else {
            *self = Self { since: Some(now), spent: Duration::ZERO };
            return None;
        };
        (self.spent >= SHARE).then(|| since + WINDOW)
    }
}

/// A future that works only within the share.
pub(super) struct Paced<F> {
    work: Pin<Box<F>>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Paced<F> {
    /// Works on `work`, in its turn.
    pub fn new(work: F) -> Self {
        Self { work: Box::pin(work), pause: None }
    }
}

impl<F: Future> Future for Paced<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        loop {
            if let Some(pause) = &mut this.pause {
                ready!(pause.as_mut().poll(cx));
                this.pause = None;
            }
            let begin = Instant::now();
            let mut budget = BUDGET.get();
            let full = budget.full_until(begin);
            BUDGET.set(budget);
            if let Some(until) = full {
                this.pause = Some(Box::pin(sleep_until(until.into())));
                continue;
            }
            let polled = this.work.as_mut().poll(cx);
            let mut budget = BUDGET.get();
            budget.spent += begin.elapsed();
            BUDGET.set(budget);
            return polled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_is_used_up_sends_to_the_next() {
        let now = Instant::now();
        let mut budget = Budget { since: None, spent: Duration::ZERO };
        assert_eq!(budget.full_until(now), None);
        budget.spent += SHARE;
        assert_eq!(budget.full_until(now), Some(now + WINDOW));
        assert_eq!(budget.full_until(now + WINDOW), None, "a new one");
        assert_eq!(budget.spent, Duration::ZERO);
    }

    #[actix_rt::test]
    async fn work_is_done_although_it_waits_for_its_turn() {
        let busy = || {
            Paced::new(async {
                let until = Instant::now() + SHARE;
                while Instant::now() < until {}
                1
            })
        };
        let done = futures_util::future::join_all((0..3).map(|_| busy())).await;
        assert_eq!(done, [1, 1, 1]);
    }
}
