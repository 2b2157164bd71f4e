//! `Janitor`: the actor that sweeps on a clock: rooms that were left empty, events and
//! idempotency keys past their time. What it sweeps is decided by the rules in `chat`; sessions
//! whose grace has ended go by their own timers.

use std::time::Duration;

use actix::prelude::*;

use crate::chat::{ChatServer, Sweep};

/// Sweeps every so often.
pub struct Janitor {
    chat: Addr<ChatServer>,
    every: Duration,
}

impl Janitor {
    /// A janitor that makes its round once in `every`.
    pub fn new(chat: Addr<ChatServer>, every: Duration) -> Self {
        Self { chat, every }
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // What expired while the server was down goes first.
        ctx.notify(Round);
        ctx.run_interval(self.every, |_, ctx| ctx.notify(Round));
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Round;

impl Handler<Round> for Janitor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Round, _: &mut Self::Context) -> Self::Result {
        let swept = self.chat.send(Sweep);
        Box::pin(async move {
            match swept.await {
                Ok(0) => {}
                Ok(rooms) => log::debug!("swept {rooms} empty rooms"),
                Err(error) => log::error!("the chat does not answer the janitor: {error}"),
            }
        })
    }
}
