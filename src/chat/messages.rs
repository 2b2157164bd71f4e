//! The messages of the `ChatServer` and how each reaches the rules: the only way in.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::effect::{Channel, Want};
use super::entrance::Caller;
use super::posting::Asker;
use super::reading::Reader;
use super::relay::{Batch, Item, Relay, Weight};
use super::server::{ChatServer, Worker};
use super::uploading::Upload;
use crate::model::{ConnId, ImageId, RoomName, TokenHash};
use crate::protocol::{After, Close, Command, Draft, Hello, Page as Asked, ReplyId, Request};
use crate::store::{self, Op, Outcome, StoreError};

/// How long what is under way may take at a shutdown.
const SETTLE: Duration = Duration::from_secs(4);

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
    /// Where it comes from.
    pub caller: Caller,
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
    /// Who reads.
    pub reader: Reader,
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
    Rooms { reader: Reader, channel: Channel },
    /// Reads a room's log.
    Events { reader: Reader, room: RoomName, page: Asked, limit: usize, channel: Channel },
    /// Asks whether a room may be read.
    Readable { reader: Reader, room: RoomName, channel: Channel },
    /// Any other request about a room.
    Order { token: TokenHash, row: &'static Command, request: Request, channel: Channel },
    /// Sends a message.
    Post { asker: Asker, room: RoomName, draft: Draft, channel: Channel },
    /// Gives a picture its row; its files are in their place.
    Place { upload: Box<Upload>, channel: Channel },
    /// Takes a picture back.
    TakeBack { token: TokenHash, id: ImageId, channel: Channel },
}

/// Waits until nothing is under way any more, or the store fails.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Settled;

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
pub(super) struct Settle;

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Committed {
    pub batch: Vec<Op>,
    pub result: Result<Vec<Outcome>, StoreError>,
}

#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Read {
    pub want: Want,
    pub page: Result<store::Page, StoreError>,
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

pub(super) use handle;

handle! {
    WorkerUp, |server, WorkerUp { worker, relay }, ctx| {
        let on_the_way = Arc::new(AtomicUsize::new(0));
        server.workers.insert(worker, Worker { relay, on_the_way });
    };
    Knock, |server, Knock { conn, id, hello, caller }, ctx| {
        server.chat.hello(Self::now(), conn, id, hello, caller)
    };
    Say, |server, Say { conn, id, row, request }, ctx| {
        server.chat.request(Self::now(), conn, id, row, request)
    };
    Gone, |server, Gone { conn, clean }, ctx| server.chat.gone(Self::now(), conn, clean);
    Enter, |server, Enter { conn, reader, room, after, limit }, ctx| {
        server.chat.watch(Self::now(), conn, reader, &room, after, limit)
    };
    Ask, |server, ask, ctx| match ask {
        Ask::Rooms { reader, channel } => {
            server.chat.list_rooms_http(Self::now(), &reader, channel)
        }
        Ask::Events { reader, room, page, limit, channel } => {
            server.chat.read_http(Self::now(), &reader, &room, (page, limit), channel)
        }
        Ask::Readable { reader, room, channel } => {
            server.chat.may_read(Self::now(), &reader, &room, channel)
        }
        Ask::Order { token, row, request, channel } => {
            server.chat.order(Self::now(), &token, row, request, channel)
        }
        Ask::Post { asker, room, draft, channel } => {
            server.chat.post(Self::now(), asker, &room, draft, channel)
        }
        Ask::Place { upload, channel } => {
            server.chat.place_picture(Self::now(), *upload, channel)
        }
        Ask::TakeBack { token, id, channel } => {
            server.chat.take_back(Self::now(), token, id, channel)
        }
    };
    Committed, |server, Committed { batch, result }, ctx| server.committed(batch, result, ctx);
    Read, |server, Read { want, page }, ctx| server.chat.page(Self::now(), want, page);
    Drained, |_server, _, ctx| ();
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
        let (pictures, bytes) = self.chat.gallery_size();
        self.meters.pictures.set(pictures as f64);
        self.meters.picture_bytes.set(bytes as f64);
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

impl Handler<Settled> for ChatServer {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Settled, ctx: &mut Self::Context) -> Self::Result {
        let settled = self.when_settled(ctx);
        Box::pin(async move {
            // An actor that is gone has nothing under way.
            let _ = settled.await;
        })
    }
}

impl Handler<Shutdown> for ChatServer {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) -> Self::Result {
        self.chat.close();
        let settled = self.when_settled(ctx);
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
