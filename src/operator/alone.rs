//! No server runs: its rules do what the operator wants, in this process, and it ends.
//!
//! Whatever this process was told of the configuration, it prunes and expires nothing: that is the
//! server's, which may have been told otherwise.

use actix::prelude::*;
use metrics::NoopRecorder;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Answer, Undone};
use crate::chat::{Chat, ChatServer, Meters, Moment, Operation, Rules, Settled, Shutdown};
use crate::janitor::Janitor;
use crate::model::config::{Config, Durability};
use crate::model::{Keep, Timestamp, uptime_ms};
use crate::store::{Boot, Store};
use crate::uploads::Gallery;

/// A place that is held stays held until long after this process.
const GRACE_MS: u64 = 24 * 60 * 60 * 1000;

/// Takes the database, does it, waits until all that follows from it is done, and lets go.
///
/// # Errors
/// When the data directory cannot be used; [`crate::store::StoreError::InUse`] if another process has it.
pub(super) async fn perform(config: &Config, operation: Operation) -> Result<Answer, Undone> {
    let db = config.data.join("parlor.db");
    let (store, boot) = Store::open(&db, config.durability.into())?;
    let done = operate(config, &store, boot, operation).await;
    store.close();
    done
}

async fn operate(
    config: &Config,
    store: &Store,
    boot: Boot,
    operation: Operation,
) -> Result<Answer, Undone> {
    let sync = config.durability == Durability::Full;
    let gallery = Gallery::open(config.data.join("uploads"), sync).map_err(Undone::System)?;
    let now = Moment { mono: uptime_ms(), wall: Timestamp::now() };
    let chat = Chat::new(rules(config), boot, now, StdRng::from_rng(&mut rand::rng()));
    let chat = ChatServer::new(chat, store.clone(), Meters::new(&NoopRecorder)).start();
    // Messages that are removed take their pictures with them.
    Janitor::on_call(chat.clone(), gallery);
    let answer = Answer::of(&chat, operation).await;
    // An actor that is gone has nothing under way.
    let _ = chat.send(Settled).await;
    let _ = chat.send(Shutdown).await;
    Ok(answer)
}

/// The rules, but every log is kept and every place held.
fn rules(config: &Config) -> Rules {
    Rules {
        keep: Keep::Last(u64::MAX),
        keep_rooms: std::collections::HashMap::new(),
        grace_ms: GRACE_MS,
        ..Rules::of(config)
    }
}
