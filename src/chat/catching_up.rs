//! Giving the log to who joins: history and live events mesh here, without hole or overlap.
//!
//! Events flow to a connection from its `joined` frame on. That frame holds everything up to the
//! room's head at that very moment, so the next live event is the next one. What memory no longer
//! holds is read from the store first, and what came meanwhile is added from memory.

use bytes::Bytes;

use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply, Want};
use super::entrance::AUTO_JOIN_MS;
use super::recent::Entry;
use super::room::{Listener, Room};
use super::state::Chat;
use super::timers::Timer;
use crate::model::Epoch;
use crate::protocol::{After, Close, Code, Joined, Refusal, ReplyId, RoomView, event_json, wire};
use crate::store::{Page, Query, Range, RoomId, StoreError};

/// The newest events of a fresh start hold at most so many bytes.
pub const FRESH_BYTES: usize = 256 * 1024;
/// A proven catch-up holds at most so many bytes.
const CATCH_UP_BYTES: usize = 4 * 1024 * 1024;
/// So many joins read from the store at once; the others wait, each connection with one.
const MAX_READS: usize = 4;
/// So often a busy room may outrun the store before the join is refused.
const MAX_ROUNDS: u8 = 8;

/// A join that waits for the store.
#[derive(Debug)]
pub struct Joining {
    listener: Listener,
    room: RoomId,
    reply: Reply,
    /// The last event that the client has, if it can be proven from there; else a fresh start.
    since: Option<u64>,
    complete: bool,
    limit: usize,
    rounds: u8,
    /// How many events the store was asked for.
    asked: usize,
    older: Vec<Entry>,
}

impl Chat {
    /// Starts to give the log: from memory at once, or through the store.
    pub(super) fn admit(
        &mut self,
        now: Moment,
        listener: Listener,
        id: RoomId,
        after: Option<After>,
        limit: usize,
        reply: Reply,
    ) {
        let Some(room) = self.rooms.get(&id) else { return };
        let (since, complete) = match &after {
            None => (None, true),
            Some(after) => {
                let proven = provable(
                    after,
                    &room.epoch,
                    room.first_seq..=room.seq,
                    self.rules.catch_up_events,
                );
                (proven.then_some(after.seq), proven)
            }
        };
        let (rounds, asked, older) = (0, 0, Vec::new());
        let joining =
            Joining { listener, room: id, reply, since, complete, limit, rounds, asked, older };
        self.proceed(now, joining);
    }

    /// Gives the log if memory and what was read cover it; else reads what is missing.
    fn proceed(&mut self, now: Moment, mut joining: Joining) {
        let Some(room) = self.rooms.get_mut(&joining.room) else { return };
        let start = joining.since.unwrap_or_else(|| room.latest_start(joining.limit));
        let read_up_to = joining.older.last().map_or(start, |entry| entry.event.seq);
        if room.remembers_after(read_up_to) || joining.limit_is_zero() {
            self.give(now, joining, start);
            return;
        }
        if joining.rounds >= MAX_ROUNDS {
            self.put_off(now, joining);
            return;
        }
        room.under_way += 1;
        if self.join_reads >= MAX_READS {
            self.join_queue.push_back(joining);
            return;
        }
        self.join_reads += 1;
        let query = joining.query(room, read_up_to);
        joining.asked = query.limit;
        self.effects.push(Effect::Read { want: Want::Join(joining), query });
    }

    /// A read for a join is over: whoever has waited longest is next.
    fn next_read(&mut self, now: Moment) {
        self.join_reads -= 1;
        while self.join_reads < MAX_READS {
            let Some(joining) = self.join_queue.pop_front() else { return };
            if let Some(room) = self.rooms.get_mut(&joining.room) {
                room.under_way -= 1;
            }
            if self.listens(joining.listener, joining.room) {
                self.proceed(now, joining);
            }
        }
    }

    /// A page of the log has been read for a join.
    pub(super) fn joining_page(
        &mut self,
        now: Moment,
        mut joining: Joining,
        page: Result<Page, StoreError>,
    ) {
        self.next_read(now);
        let Some(room) = self.rooms.get_mut(&joining.room) else { return };
        room.under_way -= 1;
        if !self.listens(joining.listener, joining.room) {
            return;
        }
        let Ok(page) = page else {
            self.put_off(now, joining);
            return;
        };
        let Some(room) = self.rooms.get(&joining.room) else { return };
        let gap = joining.since.is_some_and(|since| {
            joining.older.is_empty() && page.events.first().map_or(since, |e| e.seq - 1) != since
        });
        let too_much = joining.since.is_some() && page.more && page.events.len() < joining.asked;
        if gap || too_much {
            // Pruned meanwhile, or more than one frame may prove: a fresh start.
            joining.begin_afresh();
        } else {
            let name = room.name.clone();
            let entries = page
                .events
                .into_iter()
                .map(|event| Entry { json: event_json(&name, &event), event });
            joining.older.extend(entries);
        }
        joining.rounds += 1;
        self.proceed(now, joining);
    }

    /// The store cannot read now: who asked is told; what the server does by itself is tried again.
    fn put_off(&mut self, now: Moment, joining: Joining) {
        match (joining.listener, joining.reply) {
            (Listener::Member(who, _), Reply::Nobody) => {
                let Some(session) = self.sessions.get_mut(&who) else { return };
                session.waiting.push((joining.room, joining.since.unwrap_or(0)));
                self.timers.set(now.due_in(AUTO_JOIN_MS), Timer::AutoJoin(who));
            }
            (Listener::Observer(conn), _) => {
                // An event stream has no words for it: it ends, and comes back by itself.
                self.effects.push(Effect::Close { conn, close: Close::Busy });
            }
            (_, reply) => self.refuse(reply, &Refusal::new(Code::Busy).retry_after(1000)),
        }
    }

    /// Says `joined` and lets the live events flow from here on, if the answer may be that long.
    fn give(&mut self, now: Moment, mut joining: Joining, start: u64) {
        let Some(room) = self.rooms.get_mut(&joining.room) else { return };
        let events = gather(room, &mut joining, start);
        if !self.budget.allows(events.iter().map(Bytes::len).sum()) {
            // Too many long answers are unread: this one is a fresh start, which is always short.
            joining.begin_afresh();
            self.proceed(now, joining);
            return;
        }
        if let Listener::Member(session, _) = joining.listener
            && let Some(place) = room.members.get_mut(&session)
        {
            place.live = true;
        }
        let (conn, room) = (joining.listener.conn(), joining.room);
        self.effects.push(Effect::Enter { conn, room });
        self.say_joined(joining, &events);
    }

    fn say_joined(&mut self, joining: Joining, events: &[Bytes]) {
        let members = match joining.listener {
            Listener::Member(session, _) => self.shown_members(joining.room, Some(session)),
            Listener::Observer(_) => Vec::new(),
        };
        let Some(room) = self.rooms.get(&joining.room) else { return };
        let (name, topic, epoch) = (room.name.clone(), room.topic.clone(), room.epoch.clone());
        let (seq, count, complete) = (room.seq, room.count(), joining.complete);
        let settings = room.settings.into();
        let read = match joining.listener {
            Listener::Member(session, _) => self.read_mark(session, joining.room),
            Listener::Observer(_) => None,
        };
        let budget = self.budget.clone();
        let joined = move |id: Option<&ReplyId>| {
            let room = RoomView { name: &name, topic: &topic, settings, epoch: &epoch, seq };
            let head = Joined { id, room, members, count, read, complete };
            budget.count(wire::text_with_events(&head, events.iter()))
        };
        match joining.reply {
            // A held room after a resume: nobody asked, and yet it goes out.
            Reply::Nobody => {
                let (conn, answer) = (joining.listener.conn(), Answer::None);
                self.effects.push(Effect::To { conn, frame: joined(None), answer });
            }
            reply => self.answer(reply, joined),
        }
    }
}

impl Joining {
    /// Gives up proving: the answer will be the newest events.
    fn begin_afresh(&mut self) {
        self.since = None;
        self.complete = false;
        self.older.clear();
    }

    /// What to ask the store for: everything after `read_up_to`, within what one join may bring.
    fn query(&self, room: &Room, read_up_to: u64) -> Query {
        let on = Range::After { seq: read_up_to, upto: None };
        let (range, limit, max_bytes) = match self.since {
            None if self.rounds == 0 => (Range::Latest, self.limit, FRESH_BYTES),
            None => (on, self.limit, FRESH_BYTES),
            Some(_) => {
                let read: usize = self.older.iter().map(|entry| entry.json.len()).sum();
                let missing = usize::try_from(room.seq - read_up_to).unwrap_or(usize::MAX);
                (on, missing, CATCH_UP_BYTES.saturating_sub(read))
            }
        };
        Query { room: room.id, range, limit, max_bytes }
    }

    fn limit_is_zero(&self) -> bool {
        self.since.is_none() && self.limit == 0
    }
}

/// The events of a join: what was read from the store, and what memory knows behind it.
fn gather(room: &mut Room, joining: &mut Joining, start: u64) -> Vec<Bytes> {
    let first = room.recent.first(room.seq);
    joining.older.retain(|entry| entry.event.seq < first && entry.event.seq > start);
    bring_up_to_date(&mut joining.older, room);
    let contiguous = joining.older.last().is_some_and(|entry| entry.event.seq + 1 == first);
    if contiguous && !room.is_volatile() {
        room.recent.fill(&joining.older);
    }
    let mut events: Vec<Bytes> = joining.older.iter().map(|entry| entry.json.clone()).collect();
    // `fill` may have put the older ones into memory too: each is given once.
    let given = joining.older.last().map_or(start, |entry| entry.event.seq);
    events.extend(room.recent.after(given).map(|entry| entry.json.clone()));
    if joining.since.is_none() {
        keep_newest(&mut events, joining.limit);
    }
    events
}

/// What was read from the store may have been edited or deleted since: applies what memory knows.
fn bring_up_to_date(older: &mut [Entry], room: &Room) {
    for later in room.recent.after(0).filter(|entry| entry.event.body.target().is_some()) {
        for entry in older.iter_mut() {
            if entry.event.body.apply(entry.event.seq, &later.event.body) {
                entry.json = event_json(&room.name, &entry.event);
            }
        }
    }
}

/// Whether everything since `after` is still there, and not more than one join may bring.
fn provable(after: &After, epoch: &Epoch, kept: std::ops::RangeInclusive<u64>, most: u64) -> bool {
    after.epoch == *epoch
        && after.seq <= *kept.end()
        && after.seq + 1 >= *kept.start()
        && *kept.end() - after.seq <= most
}

/// Drops the oldest until the newest `limit` are left and they fit into [`FRESH_BYTES`].
fn keep_newest(events: &mut Vec<Bytes>, limit: usize) {
    let mut bytes = 0;
    let fitting = events.iter().rev().take(limit).take_while(|event| {
        bytes += event.len();
        bytes <= FRESH_BYTES
    });
    let kept = fitting.count();
    events.drain(..events.len() - kept);
}
