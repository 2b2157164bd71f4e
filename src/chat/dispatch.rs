//! Carrying out what the rules asked for: effects become one batch for each worker's relay, reads
//! go to the store, answers to HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::prelude::*;

use super::effect::{Effect, Http, Want};
use super::messages::Read;
use super::relay::{Batch, Item, Weight};
use super::server::ChatServer;
use crate::store::{self, RoomId};

impl ChatServer {
    /// Carries out what the rules asked for: one batch for each worker.
    pub(super) fn carry_out(&mut self, ctx: &mut Context<Self>) {
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
            Effect::Http(Http { channel, answer }) => channel.send(answer),
            Effect::RemoveFiles(ids) => self.remove_files(ids),
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
