//! What the operator does at the command line: accounts without the network in between, and what is
//! stored of people.
//!
//! Changes ([`perform`]) go to the server that runs, over a socket in its data directory ([`Desk`] on
//! its side, `call` on ours); where none runs, the same rules do the same in this process (`alone`).
//! Reading ([`Accounts`], [`Deeds`], [`export`]) needs neither: it looks into the database beside
//! whoever writes it. What an operation means is in `chat`, what may be typed in `cli`.
//!
//! Invariants: one process writes at a time, and the store's claim on its database says which; a
//! password comes here hashed.

mod alone;
mod answer;
mod call;
mod desk;
mod export;
mod lists;
mod order;
mod undone;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::auth::{Hashing, Lane, Password};
use crate::chat::Operation;
use crate::model::PasswordHash;
use crate::model::config::Config;
use crate::store::StoreError;

use answer::Answer;

pub use desk::Desk;
pub use export::{Broken, export};
pub use lists::{Accounts, Deeds};
pub use undone::Undone;

/// The name of the socket in the data directory.
pub const SOCKET: &str = "parlor.sock";

/// So long another process may have the database and not answer: it starts, stops, or is one like
/// this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether it does now.
const AGAIN: Duration = Duration::from_millis(50);

/// Has an operation done: by the server that runs, else here. Returns what it has to say.
///
/// # Errors
/// Why it was not done.
pub fn perform(config: &Config, operation: &Operation) -> Result<Value, Undone> {
    let founds = matches!(operation, Operation::Add { .. });
    if !founds {
        database(&config.data)?;
    }
    actix::System::new().block_on(async {
        match arrive(config, operation).await? {
            Answer::Done(value) => Ok(value),
            Answer::Refused { code, message } => Err(Undone::Refused { code, message }),
        }
    })
}

/// To the server, or to the database, whichever is to be had first.
async fn arrive(config: &Config, operation: &Operation) -> Result<Answer, Undone> {
    let socket = config.data.join(SOCKET);
    let give_up = Instant::now() + PATIENCE;
    loop {
        match call::ask(&socket, operation).await? {
            Some(answer) if answer.is_goodbye() && Instant::now() < give_up => {}
            Some(answer) => return Ok(answer),
            None => match alone::perform(config, operation.clone()).await {
                Err(Undone::Store(StoreError::InUse(_))) if Instant::now() < give_up => {}
                Err(Undone::Store(StoreError::InUse(_))) => return Err(Undone::Silent(socket)),
                done => return done,
            },
        }
        actix_rt::time::sleep(AGAIN).await;
    }
}

/// The database that is there under `data`.
///
/// # Errors
/// [`Undone::NoDatabase`]: a directory that was misspelled is not to become one.
fn database(data: &Path) -> Result<PathBuf, Undone> {
    let db = data.join("parlor.db");
    if db.exists() { Ok(db) } else { Err(Undone::NoDatabase(data.to_owned())) }
}

/// What is to be kept of a password.
///
/// # Errors
/// When there is no thread or memory for it.
pub fn hash(password: Password) -> Result<PasswordHash, Undone> {
    let hashing = Hashing::start().map_err(Undone::System)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Undone::System)?;
    runtime.block_on(hashing.hash(Lane::Known, password)).map_err(|refusal| Undone::Refused {
        code: refusal.code.name().to_owned(),
        message: refusal.message.into(),
    })
}
