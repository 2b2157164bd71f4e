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
use super::effect::{Channel, Effect, Http, Want};
use super::meters::Meters;
use super::relay::{Batch, Item, MAX_ON_THE_WAY, Relay, Weight};
use super::speaking::Asker;
use super::state::Chat;
use crate::model::{Body, ConnId, RoomName, Timestamp, uptime_ms};
use crate::protocol::{After, Close, Command, Hello, Page as Asked, ReplyId, Request};
use crate::store::{self, Op, Outcome, RoomId, Store, StoreError};

/// How long what is under way may take at a shutdown.
const SETTLE: Duration = Duration::from_secs(4);
/// After the store failed, the server's own notes wait this long for the next try.
const RETRY: Duration = Duration::from_millis(500);

struct Worker {
    relay: Addr<Relay>,
    on_the_way: Arc<AtomicUsize>,
}

/// The central actor.
pub struct ChatServer {
    chat: Chat,
    store: Store,
    workers: HashMap<u32, Worker>,
    /// How many connections of each worker listen to a room.
    listeners: HashMap<RoomId, HashMap<u32, usize>>,
    committing_since: Option<Instant>,
    failed: bool,
    settle_waits: bool,
    wakes_at: Option<u64>,
    on_settled: Vec<oneshot::Sender<()>>,
    meters: Meters,
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
            meters,
        }
    }

    fn now() -> Moment {
        Moment { mono: uptime_ms(), wall: Timestamp::now() }
    }

    /// Settles once the mailbox is empty: what arrived together is handled together.
    fn settle_soon(&mut self, ctx: &mut Context<Self>) {
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

    fn committed(
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
            Err(error) => {
                log::error!("the log cannot be written: {error:?}");
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

    /// Carries out what the rules asked for: one batch for each worker.
    fn carry_out(&mut self, ctx: &mut Context<Self>) {
        let mut post = HashMap::<u32, (Vec<Item>, usize)>::new();
        for effect in self.chat.effects() {
            self.sort(effect, &mut post, ctx);
        }
        for code in self.chat.refusals() {
            self.meters.refused(code);
        }
        for (worker, (items, bytes)) in post {
            let Some(worker) = self.workers.get(&worker) else { continue };
            worker.on_the_way.fetch_add(bytes, Ordering::AcqRel);
            let on_the_way = Arc::clone(&worker.on_the_way);
            let weight = Weight { bytes, on_the_way, chat: ctx.address() };
            worker.relay.do_send(Batch { items, weight });
        }
    }

    fn sort(
        &mut self,
        effect: Effect,
        post: &mut HashMap<u32, (Vec<Item>, usize)>,
        ctx: &mut Context<Self>,
    ) {
        let mut put = |worker: u32, bytes: usize, item: Item| {
            let (items, weight) = post.entry(worker).or_default();
            items.push(item);
            *weight += bytes;
        };
        match effect {
            Effect::To { conn, frame, answer } => {
                put(conn.worker, frame.len(), Item::To { conn, frame, answer });
            }
            Effect::Room { room, frames, count, passing, except } => {
                for &worker in self.listeners.get(&room).iter().flat_map(|workers| workers.keys()) {
                    let frames = frames.clone();
                    // Slots and serials are a worker's own: elsewhere they name somebody else.
                    let except = except.filter(|conn| conn.worker == worker);
                    let item = Item::Room { room, frames, count, passing, except };
                    put(worker, item_bytes(&item), item);
                }
            }
            Effect::Enter { conn, room } => {
                *self.listeners.entry(room).or_default().entry(conn.worker).or_default() += 1;
                put(conn.worker, 0, Item::Enter { conn, room });
            }
            Effect::Exit { conn, room } => {
                self.stop_listening(room, conn.worker);
                put(conn.worker, 0, Item::Exit { conn, room });
            }
            Effect::Close { conn, close } => put(conn.worker, 0, Item::Close { conn, close }),
            Effect::Read { want, query } => self.read(want, query, ctx),
            // Whoever asked may have gone; then nobody is there to hear the answer.
            Effect::Http(Http { channel, answer }) => drop(channel.send(answer)),
        }
    }

    fn stop_listening(&mut self, room: RoomId, worker: u32) {
        let Some(workers) = self.listeners.get_mut(&room) else { return };
        if let Some(count) = workers.get_mut(&worker) {
            *count -= 1;
            if *count == 0 {
                workers.remove(&worker);
            }
        }
        if workers.is_empty() {
            self.listeners.remove(&room);
        }
    }

    fn read(&mut self, want: Want, query: store::Query, ctx: &mut Context<Self>) {
        // The callback may not be called at all when the queue is full: keep what waits outside.
        let slot = Arc::new(std::sync::Mutex::new(Some(want)));
        let (addr, inside) = (ctx.address(), Arc::clone(&slot));
        let take = |slot: &std::sync::Mutex<Option<Want>>| slot.lock().ok()?.take();
        let done = move |page| {
            if let Some(want) = take(&inside) {
                addr.do_send(Read { want, page });
            }
        };
        if let Err(error) = self.store.read(query, done)
            && let Some(want) = take(&slot)
        {
            ctx.notify(Read { want, page: Err(error) });
        }
    }
}

fn item_bytes(item: &Item) -> usize {
    match item {
        Item::Room { frames, .. } => frames.len(),
        Item::To { frame, .. } => frame.len(),
        _ => 0,
    }
}

impl Actor for ChatServer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.settle_soon(ctx);
    }
}

/// A worker thread has begun; its relay carries frames to its connections.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WorkerUp {
    /// Its number.
    pub worker: u32,
    /// Its relay.
    pub relay: Addr<Relay>,
}

/// A connection says hello.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Knock {
    /// The connection.
    pub conn: ConnId,
    /// The request's id.
    pub id: Option<ReplyId>,
    /// Who it says to be.
    pub hello: Hello,
    /// A fingerprint of its address.
    pub address: [u8; 32],
}

/// A connection asks for something.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Say {
    /// The connection.
    pub conn: ConnId,
    /// The request's id.
    pub id: Option<ReplyId>,
    /// The request's row.
    pub row: &'static Command,
    /// What it asks for.
    pub request: Request,
}

/// A connection is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Gone {
    /// The connection.
    pub conn: ConnId,
    /// It said goodbye; else its session is held.
    pub clean: bool,
}

/// An event stream over HTTP listens to a room.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Enter {
    /// The stream.
    pub conn: ConnId,
    /// The room.
    pub room: RoomName,
    /// The last event that it has.
    pub after: Option<After>,
    /// How many events a fresh start brings.
    pub limit: usize,
}

/// An HTTP request for the chat; the answer comes through the channel.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Ask {
    /// Lists the rooms.
    Rooms(Channel),
    /// Reads a room's log.
    Events { room: RoomName, page: Asked, limit: usize, channel: Channel },
    /// Sends a message.
    Post { asker: Asker, room: RoomName, body: Body, channel: Channel },
}

/// Asks whether the chat and its store are able to serve.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Ready;

/// Asks what there is, for the metrics.
#[derive(Message)]
#[rtype(result = "Vec<Addr<Relay>>")]
pub struct Overview;

/// The janitor's round: empty rooms, old events, old keys.
#[derive(Message)]
#[rtype(result = "usize")]
pub struct Sweep;

/// No new work; done when everything under way is kept and told. Closes all connections then.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A worker has room again.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Drained;

#[derive(Message)]
#[rtype(result = "()")]
struct Settle;

#[derive(Message)]
#[rtype(result = "()")]
struct Committed {
    batch: Vec<Op>,
    result: Result<Vec<Outcome>, StoreError>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Read {
    want: Want,
    page: Result<store::Page, StoreError>,
}

macro_rules! handle {
    ($($message:ty, |$server:ident, $msg:pat_param, $ctx:ident| $body:expr;)*) => {$(
        impl Handler<$message> for ChatServer {
            type Result = ();

            fn handle(&mut self, message: $message, $ctx: &mut Self::Context) {
                let ($server, $msg) = (&mut *self, message);
                let () = $body;
                self.settle_soon($ctx);
            }
        }
    )*};
}

handle! {
    WorkerUp, |server, WorkerUp { worker, relay }, ctx| {
        let on_the_way = Arc::new(AtomicUsize::new(0));
        server.workers.insert(worker, Worker { relay, on_the_way });
    };
    Knock, |server, Knock { conn, id, hello, address }, ctx| {
        server.chat.hello(Self::now(), conn, id, hello, address)
    };
    Say, |server, Say { conn, id, row, request }, ctx| {
        server.chat.request(Self::now(), conn, id, row, request)
    };
    Gone, |server, Gone { conn, clean }, ctx| server.chat.gone(Self::now(), conn, clean);
    Enter, |server, Enter { conn, room, after, limit }, ctx| {
        server.chat.watch(Self::now(), conn, &room, after, limit)
    };
    Ask, |server, ask, ctx| match ask {
        Ask::Rooms(channel) => server.chat.read_http(None, channel),
        Ask::Events { room, page, limit, channel } => {
            server.chat.read_http(Some((room, page, limit)), channel)
        }
        Ask::Post { asker, room, body, channel } => {
            server.chat.post(Self::now(), asker, &room, body, channel)
        }
    };
    Committed, |server, Committed { batch, result }, ctx| server.committed(batch, result, ctx);
    Read, |server, Read { want, page }, ctx| server.chat.page(Self::now(), want, page);
    Drained, |_server, _, ctx| ();
}

impl Handler<Settle> for ChatServer {
    type Result = ();

    fn handle(&mut self, _: Settle, ctx: &mut Self::Context) {
        self.settle_waits = false;
        self.settle(ctx);
    }
}

impl Handler<Ready> for ChatServer {
    type Result = ResponseFuture<Result<(), StoreError>>;

    fn handle(&mut self, _: Ready, _: &mut Self::Context) -> Self::Result {
        let (told, answer) = oneshot::channel();
        let asked = self.store.ping(move |result| drop(told.send(result)));
        Box::pin(async move {
            asked?;
            answer.await.unwrap_or(Err(StoreError::Busy))
        })
    }
}

impl Handler<Overview> for ChatServer {
    type Result = Vec<Addr<Relay>>;

    fn handle(&mut self, _: Overview, _: &mut Self::Context) -> Self::Result {
        let (sessions, rooms) = self.chat.size();
        self.meters.sessions.set(sessions as f64);
        self.meters.rooms.set(rooms as f64);
        self.workers.values().map(|worker| worker.relay.clone()).collect()
    }
}

impl Handler<Sweep> for ChatServer {
    type Result = usize;

    fn handle(&mut self, _: Sweep, ctx: &mut Self::Context) -> usize {
        let ended = self.chat.sweep(Self::now());
        self.chat.prune(Self::now());
        self.settle_soon(ctx);
        ended
    }
}

impl Handler<Shutdown> for ChatServer {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) -> Self::Result {
        self.chat.close();
        let (told, settled) = oneshot::channel();
        self.on_settled.push(told);
        self.settle_soon(ctx);
        let settled = async move {
            if actix_rt::time::timeout(SETTLE, settled).await.is_err() {
                log::warn!("not everything under way could be finished in time");
            }
        };
        Box::pin(settled.into_actor(self).map(|(), server, ctx| {
            server.carry_out(ctx);
            for worker in server.workers.values() {
                let on_the_way = Arc::clone(&worker.on_the_way);
                let weight = Weight { bytes: 0, on_the_way, chat: ctx.address() };
                let items = vec![Item::CloseAll { close: Close::Restarting }];
                worker.relay.do_send(Batch { items, weight });
            }
        }))
    }
}
