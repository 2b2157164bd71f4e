//! `ChatServer`: the actor that owns rooms, membership, names and order.
//!
//! It is thin on purpose: handlers hand messages to the rules in [`Chat`] and carry out what
//! comes back. Its messages are the only way to reach the rules.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::bucket::Moment;
use super::messages::{Committed, Settle};
use super::meters::Meters;
use super::picture_messages::RemoveFiles;
use super::relay::{MAX_ON_THE_WAY, Relay};
use super::state::Chat;
use crate::model::{ImageId, Timestamp, uptime_ms};
use crate::store::{Op, Outcome, RoomId, Store, StoreError};

/// After the store failed, the server's own notes wait this long for the next try.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Worker {
    pub relay: Addr<Relay>,
    pub on_the_way: Arc<AtomicUsize>,
}

/// The central actor.
pub struct ChatServer {
    pub(super) chat: Chat,
    pub(super) store: Store,
    pub(super) workers: HashMap<u32, Worker>,
    /// How many connections of each worker listen to a room.
    pub(super) listeners: HashMap<RoomId, HashMap<u32, usize>>,
    committing_since: Option<Instant>,
    failed: bool,
    pub(super) settle_waits: bool,
    wakes_at: Option<u64>,
    pub(super) on_settled: Vec<oneshot::Sender<()>>,
    /// The janitor, and what waits for it before it is there.
    broom: Option<Recipient<RemoveFiles>>,
    unswept: Vec<ImageId>,
    pub(super) meters: Meters,
}

impl ChatServer {
    /// The server over `chat`'s rules and `store`.
    pub fn new(chat: Chat, store: Store, meters: Meters) -> Self {
        Self {
            chat,
            store,
            workers: HashMap::new(),
            listeners: HashMap::new(),
            committing_since: None,
            failed: false,
            settle_waits: false,
            wakes_at: None,
            on_settled: Vec::new(),
            broom: None,
            unswept: Vec::new(),
            meters,
        }
    }

    pub(super) fn now() -> Moment {
        Moment { mono: uptime_ms(), wall: Timestamp::now() }
    }

    /// The janitor is there: it removes what waits to be removed.
    pub(super) fn take_broom(&mut self, broom: Recipient<RemoveFiles>) {
        self.broom = Some(broom);
        let waiting = std::mem::take(&mut self.unswept);
        self.remove_files(waiting);
    }

    pub(super) fn remove_files(&mut self, mut ids: Vec<ImageId>) {
        match &self.broom {
            Some(broom) if !ids.is_empty() => broom.do_send(RemoveFiles(ids)),
            _ => self.unswept.append(&mut ids),
        }
    }

    /// Ends when nothing is under way any more, or the store fails.
    pub(super) fn when_settled(&mut self, ctx: &mut Context<Self>) -> oneshot::Receiver<()> {
        let (told, settled) = oneshot::channel();
        self.on_settled.push(told);
        self.settle_soon(ctx);
        settled
    }

    /// Settles once the mailbox is empty: what arrived together is handled together.
    pub(super) fn settle_soon(&mut self, ctx: &mut Context<Self>) {
        if !std::mem::replace(&mut self.settle_waits, true) {
            ctx.notify(Settle);
        }
    }

    fn settle(&mut self, ctx: &mut Context<Self>) {
        self.chat.tick(Self::now());
        self.commit(ctx);
        self.carry_out(ctx);
        self.wake_for_timers(ctx);
        // A store that fails will not keep the server's own notes now either.
        if self.chat.is_settled() || (self.failed && !self.chat.is_awaited()) {
            for waiting in self.on_settled.drain(..) {
                let _ = waiting.send(());
            }
        }
    }

    fn commit(&mut self, ctx: &mut Context<Self>) {
        let crowded = |w: &Worker| w.on_the_way.load(Ordering::Acquire) > MAX_ON_THE_WAY;
        if self.workers.values().any(crowded) || (self.failed && !self.chat.has_appends()) {
            return;
        }
        let Some(batch) = self.chat.batch() else { return };
        self.committing_since = Some(Instant::now());
        let addr = ctx.address();
        let done = move |batch, result| addr.do_send(Committed { batch, result });
        if let Err((batch, error)) = self.store.commit(batch, done) {
            self.committed(batch, Err(error), ctx);
        }
    }

    pub(super) fn committed(
        &mut self,
        batch: Vec<Op>,
        result: Result<Vec<Outcome>, StoreError>,
        ctx: &mut Context<Self>,
    ) {
        if let Some(since) = self.committing_since.take() {
            self.meters.commit_seconds.record(since.elapsed().as_secs_f64());
        }
        self.failed = result.is_err();
        match &result {
            Ok(outcomes) => {
                self.meters.commits.increment(1);
                let kept = outcomes.iter().filter(|o| matches!(o, Outcome::Appended { .. }));
                self.meters.events.increment(kept.count() as u64);
            }
            Err(_) => {
                ctx.run_later(RETRY, |server, ctx| {
                    server.failed = false;
                    server.settle_soon(ctx);
                });
            }
        }
        self.chat.committed(batch, result);
        self.settle_soon(ctx);
    }

    fn wake_for_timers(&mut self, ctx: &mut Context<Self>) {
        let Some(due) = self.chat.next_due() else { return };
        if self.wakes_at.is_some_and(|wakes| wakes <= due) {
            return;
        }
        self.wakes_at = Some(due);
        let wait = Duration::from_millis(due.saturating_sub(Self::now().mono));
        ctx.run_later(wait, move |server, ctx| {
            if server.wakes_at == Some(due) {
                server.wakes_at = None;
            }
            server.settle_soon(ctx);
        });
    }
}

impl Actor for ChatServer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.settle_soon(ctx);
    }
}

impl Handler<Settle> for ChatServer {
    type Result = ();

    fn handle(&mut self, _: Settle, ctx: &mut Self::Context) {
        self.settle_waits = false;
        self.settle(ctx);
    }
}
