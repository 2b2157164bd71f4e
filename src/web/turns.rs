//! Connections over HTTP take turns: however many have something to read at once, only so many of them
//! are served in one pass of the worker's queue, and everybody else's tasks come in between.
//!
//! Without it a thousand requests that arrive together are a thousand tasks before the next message.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many reads of connections over HTTP in one pass.
const TURNS_A_PASS: usize = 4;

/// The turns of one worker.
pub struct Turns {
    free: Arc<Semaphore>,
    pacer: RefCell<Option<Waker>>,
}

/// Waiting for a turn; takes memory only while it has to.
#[derive(Default)]
pub struct Queued(Option<Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>>>>>);

impl Turns {
    /// The turns of this thread; they come around as long as somebody holds them.
    pub fn begin() -> Rc<Self> {
        let free = Arc::new(Semaphore::new(TURNS_A_PASS));
        let turns = Rc::new(Self { free, pacer: RefCell::default() });
        let held = Rc::downgrade(&turns);
        actix_rt::spawn(async move {
            while let Some(turns) = held.upgrade() {
                let missing = TURNS_A_PASS.saturating_sub(turns.free.available_permits());
                turns.free.add_permits(missing);
                let idle = turns.free.available_permits() >= TURNS_A_PASS;
                drop(turns);
                if idle { taken(&held).await } else { tokio::task::yield_now().await }
            }
        });
        turns
    }

    /// Waits for a turn, in the order of asking. One that is not used is given back by its drop.
    pub fn poll_turn(&self, queued: &mut Queued, cx: &mut Context<'_>) -> Poll<Turn<'_>> {
        let Some(waiting) = &mut queued.0 else {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                return Poll::Ready(Turn { turns: self, permit: Some(permit) });
            }
            let free = Arc::clone(&self.free);
            queued.0 = Some(Box::pin(async move { free.acquire_owned().await.ok() }));
            return self.poll_turn(queued, cx);
        };
        let Poll::Ready(permit) = waiting.as_mut().poll(cx) else { return Poll::Pending };
        queued.0 = None;
        Poll::Ready(Turn { turns: self, permit })
    }
}

/// A turn; unless it is used it is given back.
pub struct Turn<'a> {
    turns: &'a Turns,
    permit: Option<OwnedSemaphorePermit>,
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

/// Waits until a turn is taken, or nobody gives them any more.
async fn taken(turns: &std::rc::Weak<Turns>) {
    let mut first = true;
    std::future::poll_fn(|cx| {
        if let (true, Some(turns)) = (std::mem::take(&mut first), turns.upgrade()) {
            *turns.pacer.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}
