//! Passwords are hashed and checked off the threads that carry messages.
//!
//! [`argon`] is the work, [`crew`] the threads that do it. Invariants: an unknown name costs what a
//! wrong password costs; what is worked on at once and what waits is bounded; work that has begun
//! keeps its thread until it ends, so that hanging up frees nothing.

mod argon;
mod crew;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use argon::{Failed, Match, Memory};
use crew::{Crew, Undone};

use super::password::{LoginPassword, Password};
use crate::model::PasswordHash;
use crate::protocol::{Code, Refusal};

pub use crew::Lane;

/// When it makes sense to come back to a full queue, in milliseconds.
const COME_BACK_MS: u64 = 2000;

/// A handle to the hashing of passwords; clones are the same one.
#[derive(Clone)]
pub struct Hashing(Arc<Inner>);

struct Inner {
    crew: Crew,
    /// What an unknown name is checked against.
    nobodys: PasswordHash,
}

/// Whether a password is the right one.
#[derive(Debug)]
pub enum Verdict {
    /// It is not, or there is no such account.
    Wrong,
    /// It is.
    Right,
    /// It is; what is kept was made with less work than is done today, and is to be replaced by this.
    Outgrown(PasswordHash),
}

impl Verdict {
    /// Whether to let them in.
    pub fn is_right(&self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

impl Hashing {
    /// Starts the threads. They end when the last clone is gone.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start() -> io::Result<Self> {
        let nobodys = argon::nobodys(&mut rand::rng())
            .map_err(|failed| io::Error::other(format!("no hash for unknown names: {failed:?}")))?;
        Ok(Self(Arc::new(Inner { crew: Crew::start()?, nobodys })))
    }

    /// What is to be kept of `password`.
    ///
    /// # Errors
    /// `busy`, `internal`.
    pub async fn hash(&self, lane: Lane, password: Password) -> Result<PasswordHash, Refusal> {
        let work = move |memory: &mut Memory| {
            argon::make(password.as_bytes(), &mut rand::rng(), memory).map_err(refused)
        };
        self.0.crew.run(lane, work).await.map_err(undone)?
    }

    /// Whether `password` is the one of the account whose `stored` hash this is; `None` where there is
    /// no such account. It takes the same time then.
    ///
    /// # Errors
    /// `busy`, `internal`: nothing is known of the password, and the try does not count.
    pub async fn verify(
        &self,
        lane: Lane,
        password: LoginPassword,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, Refusal> {
        let nobodys = self.0.nobodys.clone();
        let work = move |memory: &mut Memory| {
            verdict(&password, stored.as_ref(), &nobodys, memory).map_err(refused)
        };
        self.0.crew.run(lane, work).await.map_err(undone)?
    }
}

fn verdict(
    password: &LoginPassword,
    stored: Option<&PasswordHash>,
    nobodys: &PasswordHash,
    memory: &mut Memory,
) -> Result<Verdict, Failed> {
    // What cannot be a password is checked like one, against what has none.
    let (bytes, against) = match (password.as_bytes(), stored) {
        (Some(bytes), Some(stored)) => (bytes, stored),
        (bytes, _) => (bytes.unwrap_or_default(), nobodys),
    };
    let found = match argon::check(bytes, against, memory) {
        Err(Failed::Unreadable) => {
            log::error!("the stored hash of a password cannot be read; nobody can log in with it");
            argon::check(bytes, nobodys, memory)?
        }
        found => found?,
    };
    Ok(match found {
        Match::Wrong => Verdict::Wrong,
        Match::Right => Verdict::Right,
        Match::Weak => Verdict::Outgrown(argon::make(bytes, &mut rand::rng(), memory)?),
    })
}

fn refused(failed: Failed) -> Refusal {
    match failed {
        Failed::Memory => busy(),
        Failed::Unreadable => Code::Internal.into(),
    }
}

fn undone(undone: Undone) -> Refusal {
    match undone {
        Undone::Full => busy(),
        Undone::Panicked => Code::Internal.into(),
    }
}

fn busy() -> Refusal {
    Refusal::because(Code::Busy, "Too many log in just now; try again in a moment.")
        .retry_after(COME_BACK_MS)
}
