//! The threads at which pictures are worked on: few, and always the same ones.
//!
//! A decoder takes a lot of memory for a moment, and the allocator keeps what a thread gives back
//! for that thread. On the runtime's blocking threads, of which there are hundreds, each would keep
//! a part; here the next picture gets what the last one had.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::refused::Refused;
use crate::protocol::Code;

/// So many pieces of work may wait; uploads under way are fewer.
const WAITING: usize = 256;

type Job = Box<dyn FnOnce() + Send>;

/// The threads; clones are the same ones. They end when the last clone is gone.
#[derive(Clone, Debug)]
pub struct Desks(SyncSender<Job>);

impl Desks {
    /// So many threads.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn new(count: usize) -> io::Result<Self> {
        let (jobs, waiting) = sync_channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 1..=count {
            let waiting = Arc::clone(&waiting);
            let name = format!("darkroom-{number}");
            thread::Builder::new().name(name).spawn(move || work_on(&waiting))?;
        }
        Ok(Self(jobs))
    }

    /// Does `work` at one of them, and waits for it. Where nobody waits any more, what it returns is
    /// dropped there.
    ///
    /// # Errors
    /// Its own; `busy` if too much waits; `image_broken` if it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let (tell, told) = oneshot::channel();
        let job = Box::new(move || drop(tell.send(work())));
        self.0.try_send(job).map_err(|_| Code::Busy)?;
        told.await.map_err(|_| Code::ImageBroken)?
    }
}

fn work_on(waiting: &Mutex<Receiver<Job>>) {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            log::error!("the work on a picture panicked; that picture counts as broken");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_rt::test]
    async fn a_panic_breaks_one_picture_and_the_next_one_is_worked_on() {
        let desks = Desks::new(1).unwrap();
        let broken = desks.run(|| -> Result<(), Refused> { panic!("a decoder fell over") }).await;
        assert_eq!(broken.unwrap_err().code(), Code::ImageBroken);
        assert_eq!(desks.run(|| Ok(7)).await.unwrap(), 7);
    }

    #[actix_rt::test]
    async fn work_of_one_desk_is_done_at_one_thread() {
        let desks = Desks::new(1).unwrap();
        let name = || Ok(thread::current().name().map(str::to_owned));
        let (one, two) = (desks.run(name).await.unwrap(), desks.run(name).await.unwrap());
        assert_eq!((one.as_deref(), one == two), (Some("darkroom-1"), true));
    }
}
