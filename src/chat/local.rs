//! The connections of one worker thread: who listens to what, what is to be written, whose
//! heartbeat is due. It is the relay's table, and sessions register themselves in it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use slab::Slab;

use super::effect::Answer;
use super::meters::Meters;
use super::outlet::{Class, Heart, Outlet, TooMuch};
use super::relay::Item;
use super::wheel::Wheel;
use crate::model::{ConnId, uptime_ms};
use crate::protocol::Close;
use crate::store::RoomId;

struct Entry {
    serial: u64,
    outlet: Rc<dyn Outlet>,
    rooms: Vec<RoomId>,
    dirty: bool,
}

struct Table {
    entries: Slab<Entry>,
    rooms: HashMap<RoomId, Vec<u32>>,
    dirty: Vec<u32>,
    next_serial: u64,
    wheel: Wheel<ConnId>,
    /// Passing frames that gave way since somebody looked.
    dropped: u64,
}

/// The connections of one worker thread.
pub struct Local {
    worker: u32,
    table: RefCell<Table>,
    meters: Meters,
}

impl Local {
    /// The table of worker number `worker`; `beat_ms` is how precisely heartbeats are kept.
    pub fn new(worker: u32, beat_ms: u64, meters: Meters) -> Rc<Self> {
        let table = Table {
            entries: Slab::new(),
            rooms: HashMap::new(),
            dirty: Vec::new(),
            next_serial: 0,
            wheel: Wheel::new(beat_ms, uptime_ms()),
            dropped: 0,
        };
        Rc::new(Self { worker, table: RefCell::new(table), meters })
    }

    /// Takes a connection in; its first heartbeat is due at `first_beat`.
    pub fn register(&self, outlet: Rc<dyn Outlet>, first_beat: u64) -> ConnId {
        let mut table = self.table.borrow_mut();
        let serial = table.next_serial;
        table.next_serial += 1;
        let slot = table.entries.insert(Entry { serial, outlet, rooms: Vec::new(), dirty: false });
        let slot = u32::try_from(slot).expect("file descriptors are far fewer than 2^32");
        let conn = ConnId { worker: self.worker, slot, serial };
        table.wheel.set(first_beat, conn);
        self.meters.connections.increment(1.0);
        conn
    }

    /// Forgets a connection.
    pub fn remove(&self, conn: ConnId) {
        let entry = self.table.borrow_mut().remove(conn);
        if entry.is_some() {
            self.meters.connections.decrement(1.0);
        }
        // Dropped here, outside of the borrow.
        drop(entry);
    }

    /// Carries out one batch; what is queued is written by the flush that follows.
    pub(super) fn deliver(&self, items: Vec<Item>) {
        let mut closing: Vec<(Rc<dyn Outlet>, Close)> = Vec::new();
        let mut deliveries = 0;
        let dropped = {
            let mut table = self.table.borrow_mut();
            for item in items {
                deliveries += table.take(item, &mut closing);
            }
            std::mem::take(&mut table.dropped)
        };
        self.meters.deliveries.increment(deliveries);
        if dropped > 0 {
            self.meters.passing_dropped.increment(dropped);
        }
        for (outlet, close) in closing {
            if close == Close::TooSlow {
                self.meters.slow_cut.increment(1);
            }
            outlet.close(close);
        }
    }

    pub(super) fn flush(&self) {
        let dirty = {
            let mut table = self.table.borrow_mut();
            let slots = std::mem::take(&mut table.dirty);
            let mut outlets = Vec::with_capacity(slots.len());
            for slot in slots {
                if let Some(entry) = table.entries.get_mut(slot as usize) {
                    entry.dirty = false;
                    outlets.push(Rc::clone(&entry.outlet));
                }
            }
            outlets
        };
        unbudgeted(|| dirty.iter().for_each(|outlet| outlet.flush()));
    }

    pub(super) fn beat(&self) {
        let now = uptime_ms();
        let due = self.table.borrow_mut().wheel.due(now);
        for conn in due {
            let outlet = self.table.borrow_mut().get(conn).map(|entry| Rc::clone(&entry.outlet));
            let Some(outlet) = outlet else { continue };
            match outlet.beat(now) {
                Heart::Beats(next) => self.table.borrow_mut().wheel.set(next, conn),
                Heart::Stopped => {
                    self.meters.silent_cut.increment(1);
                    outlet.close(Close::NoHeartbeat);
                }
            }
        }
    }

    pub(super) fn backlog(&self) -> usize {
        self.table.borrow().entries.iter().map(|(_, entry)| entry.outlet.backlog()).sum()
    }
}

impl Table {
    fn get(&mut self, conn: ConnId) -> Option<&mut Entry> {
        self.entries.get_mut(conn.slot as usize).filter(|entry| entry.serial == conn.serial)
    }

    fn remove(&mut self, conn: ConnId) -> Option<Entry> {
        self.get(conn)?;
        let entry = self.entries.remove(conn.slot as usize);
        for room in &entry.rooms {
            self.unlist(*room, conn.slot);
        }
        if entry.dirty {
            self.dirty.retain(|slot| *slot != conn.slot);
        }
        Some(entry)
    }

    fn unlist(&mut self, room: RoomId, slot: u32) {
        let Some(slots) = self.rooms.get_mut(&room) else { return };
        if let Some(index) = slots.iter().position(|other| *other == slot) {
            slots.swap_remove(index);
        }
        if slots.is_empty() {
            self.rooms.remove(&room);
        }
    }

    /// Carries out one item; returns how many frames were given to connections.
    fn take(&mut self, item: Item, closing: &mut Vec<(Rc<dyn Outlet>, Close)>) -> u64 {
        match item {
            Item::Room { room, frames, count, passing, except } => {
                let class = if passing { Class::Passing } else { Class::Event };
                return self.broadcast(room, &frames, class, except, closing) * count as u64;
            }
            Item::To { conn, frame, answer } => return self.give(conn, &frame, answer, closing),
            Item::Enter { conn, room } => self.enter(conn, room),
            Item::Exit { conn, room } => {
                if let Some(entry) = self.get(conn) {
                    entry.rooms.retain(|other| *other != room);
                    self.unlist(room, conn.slot);
                }
            }
            Item::Close { conn, close } => {
                closing.extend(self.get(conn).map(|entry| (Rc::clone(&entry.outlet), close)));
            }
            Item::CloseAll { close } => {
                closing.extend(self.entries.iter().map(|(_, e)| (Rc::clone(&e.outlet), close)));
            }
        }
        0
    }

    fn enter(&mut self, conn: ConnId, room: RoomId) {
        let Some(entry) = self.get(conn) else { return };
        if !entry.rooms.contains(&room) {
            entry.rooms.push(room);
            self.rooms.entry(room).or_default().push(conn.slot);
        }
    }

    fn give(
        &mut self,
        conn: ConnId,
        frame: &Bytes,
        answer: Answer,
        closing: &mut Vec<(Rc<dyn Outlet>, Close)>,
    ) -> u64 {
        let Some(entry) = self.get(conn) else { return 0 };
        let class = if answer == Answer::None { Class::Event } else { Class::Reply };
        let dropped = entry.outlet.push(frame, class);
        if dropped.is_err() {
            closing.push((Rc::clone(&entry.outlet), Close::TooSlow));
        }
        entry.outlet.answered(answer);
        if !std::mem::replace(&mut entry.dirty, true) {
            self.dirty.push(conn.slot);
        }
        self.dropped += u64::from(dropped.unwrap_or(0));
        1
    }

    fn broadcast(
        &mut self,
        room: RoomId,
        frames: &Bytes,
        class: Class,
        except: Option<ConnId>,
        closing: &mut Vec<(Rc<dyn Outlet>, Close)>,
    ) -> u64 {
        let Some(slots) = self.rooms.get(&room) else { return 0 };
        let mut given = 0;
        for &slot in slots {
            let Some(entry) = self.entries.get_mut(slot as usize) else { continue };
            if except.is_some_and(|conn| conn.slot == slot && conn.serial == entry.serial) {
                continue;
            }
            match entry.outlet.push(frames, class) {
                Ok(dropped) => self.dropped += u64::from(dropped),
                Err(TooMuch) => closing.push((Rc::clone(&entry.outlet), Close::TooSlow)),
            }
            given += 1;
            if !std::mem::replace(&mut entry.dirty, true) {
                self.dirty.push(slot);
            }
        }
        given
    }
}

/// Runs `work` without tokio's budget per task: one relay writes to more sockets in a turn than
/// a task usually may, and a write that is put off would cost a wake-up for each.
fn unbudgeted(work: impl FnOnce()) {
    let mut work = Some(work);
    let poll = std::future::poll_fn(|_| {
        if let Some(work) = work.take() {
            work();
        }
        std::task::Poll::Ready(())
    });
    let mut task = std::pin::pin!(tokio::task::unconstrained(poll));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = task.as_mut().poll(&mut context);
}
