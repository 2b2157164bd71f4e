//! The threads at which passwords are worked on: few, always the same ones, and in nobody's way.
//!
//! Not the runtime's blocking threads: those are hundreds, the allocator keeps a part of what each of
//! them gave back, and files wait for them too. Two queues lead here. Who comes from a device that the
//! owner is known to use goes first and has places kept, so that a flood of strangers is not in the
//! owner's way.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::argon::Memory;

/// At most so many passwords are worked on at once.
const MOST_AT_ONCE: usize = 4;
/// So many may wait.
pub(super) const WAITING: usize = 64;
/// So many of these places are kept for known devices.
pub(super) const KEPT: usize = 16;
/// The threads are this much nicer to the others than the others are to them: messages go first.
const NICER: i32 = 5;

/// Who waits for a password to be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A device that this account has been logged in with before, or somebody who is logged in.
    Known,
    /// Anybody.
    Stranger,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// Too much waits already.
    Full,
    /// The work panicked.
    Panicked,
}

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

#[derive(Default)]
struct Queue {
    known: VecDeque<Job>,
    strangers: VecDeque<Job>,
    closed: bool,
}

#[derive(Default)]
struct Counter {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// The threads. They end when this is dropped.
pub struct Crew(Arc<Counter>);

impl Crew {
    /// As many threads as there are cores, four at most.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::of(cores.min(MOST_AT_ONCE))
    }

    pub(super) fn of(threads: usize) -> io::Result<Self> {
        let crew = Self(Arc::default());
        for number in 1..=threads {
            let counter = Arc::clone(&crew.0);
            let name = format!("password-{number}");
            thread::Builder::new().name(name).spawn(move || counter.serve())?;
        }
        Ok(crew)
    }

    /// Has `work` done, and gives what it returns to whoever awaits it. Work that has begun is finished,
    /// whoever hangs up; what nobody waits for any more is not begun.
    ///
    /// # Errors
    /// If too much waits, or the work panicked.
    pub fn run<T: Send + 'static, W: FnOnce(&mut Memory) -> T + Send + 'static>(
        &self,
        lane: Lane,
        work: W,
    ) -> impl Future<Output = Result<T, Undone>> + use<T, W> {
        let (tell, told) = oneshot::channel();
        let job = move |memory: &mut Memory| {
            if !tell.is_closed() {
                drop(tell.send(work(memory)));
            }
        };
        let entered = self.0.enter(lane, Box::new(job));
        async move {
            entered?;
            told.await.map_err(|_| Undone::Panicked)
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.0.queue().closed = true;
        self.0.changed.notify_all();
    }
}

impl Counter {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, lane: Lane, job: Job) -> Result<(), Undone> {
        let mut queue = self.queue();
        let all = queue.known.len() + queue.strangers.len();
        let full = match lane {
            Lane::Known => all >= WAITING,
            Lane::Stranger => all >= WAITING || queue.strangers.len() >= WAITING - KEPT,
        };
        if full {
            return Err(Undone::Full);
        }
        match lane {
            Lane::Known => queue.known.push_back(job),
            Lane::Stranger => queue.strangers.push_back(job),
        }
        self.changed.notify_one();
        Ok(())
    }

    /// The next piece of work; waits for one. None once nobody can ask any more.
    fn next(&self, memory: &mut Memory) -> Option<Job> {
        let mut queue = self.queue();
        if queue.is_empty() && !queue.closed {
            // Wiping takes a moment: others may enter meanwhile.
            drop(queue);
            memory.forget();
            queue = self.queue();
        }
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn serve(&self) {
        // On Linux this is the thread's own; where it is refused, all are equal.
        let _ = rustix::process::nice(NICER);
        let mut memory = Memory::default();
        while let Some(job) = self.next(&mut memory) {
            if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
                log::error!("the work on a password panicked; whoever waited for it is told");
            }
        }
        memory.forget();
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.known.is_empty() && self.strangers.is_empty()
    }

    fn pop(&mut self) -> Option<Job> {
        self.known.pop_front().or_else(|| self.strangers.pop_front())
    }
}
