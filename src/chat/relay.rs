//! The last stretch of a frame's way: one relay on each worker thread gives the shared bytes to
//! the outlets of its own connections, room by room, in the order in which they came.
//!
//! The relay owns nothing but who listens to what on this thread; membership, names and order
//! stay with the `ChatServer`. Frames that arrive together are written together.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::prelude::*;
use bytes::Bytes;

use super::effect::Answer;
use super::local::Local;
use super::messages::Drained;
use super::server::ChatServer;
use crate::model::ConnId;
use crate::protocol::Close;
use crate::store::RoomId;

/// Bytes of frames that may be on their way to one worker before the chat waits for it.
pub const MAX_ON_THE_WAY: usize = 16 * 1024 * 1024;

/// One thing for a relay to do.
#[derive(Debug)]
pub enum Item {
    /// A frame for one connection.
    To { conn: ConnId, frame: Bytes, answer: Answer },
    /// Frames for all who listen to a room here.
    Room { room: RoomId, frames: Bytes, count: usize, passing: bool, except: Option<ConnId> },
    /// The connection listens to the room from here on.
    Enter { conn: ConnId, room: RoomId },
    /// It no longer does.
    Exit { conn: ConnId, room: RoomId },
    /// Closes a connection.
    Close { conn: ConnId, close: Close },
    /// Closes every connection.
    CloseAll { close: Close },
}

/// What one settling of the chat means for one worker.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Batch {
    pub(super) items: Vec<Item>,
    pub(super) weight: Weight,
}

/// The bytes of a batch, counted as on their way until the batch is dropped.
pub struct Weight {
    pub(super) bytes: usize,
    pub(super) on_the_way: Arc<AtomicUsize>,
    pub(super) chat: Addr<ChatServer>,
}

impl Drop for Weight {
    fn drop(&mut self) {
        let before = self.on_the_way.fetch_sub(self.bytes, Ordering::AcqRel);
        if before > MAX_ON_THE_WAY && before - self.bytes <= MAX_ON_THE_WAY {
            self.chat.do_send(Drained);
        }
    }
}

/// The actor of one worker thread.
pub struct Relay {
    local: Rc<Local>,
    beat_ms: u64,
    flush_waits: bool,
}

impl Relay {
    /// The relay over `local`.
    pub fn new(local: Rc<Local>, beat_ms: u64) -> Self {
        Self { local, beat_ms, flush_waits: false }
    }
}

impl Actor for Relay {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // `do_send` ignores it; what bounds the mailbox is the weight of the batches.
        ctx.set_mailbox_capacity(1024);
        ctx.run_interval(Duration::from_millis(self.beat_ms), |relay, _| relay.local.beat());
    }
}

impl Handler<Batch> for Relay {
    type Result = ();

    fn handle(&mut self, batch: Batch, ctx: &mut Self::Context) {
        self.local.deliver(batch.items);
        drop(batch.weight);
        if !std::mem::replace(&mut self.flush_waits, true) {
            // Runs after the mailbox is empty: what arrived together is written together.
            ctx.notify(Flush);
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Flush;

impl Handler<Flush> for Relay {
    type Result = ();

    fn handle(&mut self, _: Flush, _: &mut Self::Context) {
        self.flush_waits = false;
        self.local.flush();
    }
}

/// Asks how many bytes wait in this worker's outboxes.
#[derive(Message)]
#[rtype(result = "usize")]
pub struct Backlog;

impl Handler<Backlog> for Relay {
    type Result = usize;

    fn handle(&mut self, _: Backlog, _: &mut Self::Context) -> usize {
        self.local.backlog()
    }
}
