//! The newest events of a room, kept in memory: what most joins, resumes and readers ask for.
//!
//! Invariant: the events are dense and end at the room's head, so whatever begins inside of them
//! can be answered here, and an edit or deletion changes them as it changes the store.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::model::{Event, Nick, UserId};

/// One event and the JSON in which everybody sees it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// Its one outward form.
    pub json: Bytes,
}

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Events at most.
    pub events: usize,
    /// Bytes of JSON at most.
    pub bytes: usize,
}

/// A ring of a room's newest events.
#[derive(Debug)]
pub struct Recent {
    entries: VecDeque<Entry>,
    bytes: usize,
    bounds: Bounds,
}

impl Recent {
    /// An empty ring.
    pub fn new(bounds: Bounds) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, bounds }
    }

    /// The oldest place in here; `head + 1` if empty.
    pub fn first(&self, head: u64) -> u64 {
        self.entries.front().map_or(head + 1, |entry| entry.event.seq)
    }

    /// Adds the room's new head.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.json.len();
        self.entries.push_back(entry);
        while self.entries.len() > self.bounds.events
            || (self.bytes > self.bounds.bytes && self.entries.len() > 1)
        {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(old) = self.entries.pop_front() {
            self.bytes -= old.json.len();
        }
    }

    /// Fills up at the old end with `older` events that end right before [`Recent::first`].
    pub fn fill(&mut self, older: &[Entry]) {
        for entry in older.iter().rev() {
            let bytes = self.bytes + entry.json.len();
            if self.entries.len() >= self.bounds.events || bytes > self.bounds.bytes {
                return;
            }
            self.bytes = bytes;
            self.entries.push_front(entry.clone());
        }
    }

    /// The events after `seq`, oldest first. The caller knows that they are all here.
    pub fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        let start = self.entries.partition_point(|entry| entry.event.seq <= seq);
        self.entries.range(start..)
    }

    /// The events before `seq`, oldest first.
    pub fn before(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        let end = self.entries.partition_point(|entry| entry.event.seq < seq);
        self.entries.range(..end)
    }

    /// One event.
    pub fn get(&self, seq: u64) -> Option<&Entry> {
        let first = self.entries.front()?.event.seq;
        self.entries.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// Applies a later event (an edit, a deletion) to all entries that it is about.
    pub fn amend(&mut self, later: &Event, json: impl Fn(&Event) -> Bytes) {
        if later.body.target().is_none() {
            return;
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.event.seq < later.seq) {
            if entry.event.body.apply(entry.event.seq, &later.body) {
                self.bytes -= entry.json.len();
                entry.json = json(&entry.event);
                self.bytes += entry.json.len();
            }
        }
    }

    /// Takes the name of somebody who deleted their account out of what they said.
    pub fn erase_author(&mut self, user: UserId, json: impl Fn(&Event) -> Bytes) {
        for entry in self.entries.iter_mut().filter(|entry| entry.event.author.user == user) {
            entry.event.author.nick = Nick::deleted();
            self.bytes -= entry.json.len();
            entry.json = json(&entry.event);
            self.bytes += entry.json.len();
        }
    }

    /// Forgets what the store no longer keeps.
    pub fn prune(&mut self, first_seq: u64) {
        while self.entries.front().is_some_and(|entry| entry.event.seq < first_seq) {
            self.drop_oldest();
        }
    }

    /// Gives the memory back; the store has it all.
    pub fn clear(&mut self) {
        *self = Self::new(self.bounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Author, Body, MessageText, Nick, RoomName, Timestamp, UserId};
    use crate::protocol::event_json;

    fn json(event: &Event) -> Bytes {
        event_json(&RoomName::parse("lobby").unwrap(), event)
    }

    fn entry(seq: u64, body: Body) -> Entry {
        let author = Author { user: UserId(1), nick: Nick::parse("ada").unwrap(), guest: true };
        let event = Event { seq, at: Timestamp(0), author, body };
        Entry { json: json(&event), event }
    }

    fn said(seq: u64) -> Entry {
        entry(seq, Body::message(MessageText::new(&format!("m{seq}"), 20).unwrap(), None, None))
    }

    fn seqs<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<u64> {
        entries.map(|entry| entry.event.seq).collect()
    }

    #[test]
    fn the_oldest_make_room_and_what_is_left_stays_dense() {
        let mut recent = Recent::new(Bounds { events: 3, bytes: 10_000 });
        (1..=5).for_each(|seq| recent.push(said(seq)));
        assert_eq!(recent.first(5), 3);
        assert_eq!(seqs(recent.after(3)), [4, 5]);
        assert_eq!(seqs(recent.before(5)), [3, 4]);
        assert_eq!(recent.get(4).unwrap().event.seq, 4);
        assert!(recent.get(2).is_none() && recent.get(6).is_none());
    }

    #[test]
    fn the_bytes_are_bounded_too() {
        let mut recent = Recent::new(Bounds { events: 100, bytes: 400 });
        (1..=50).for_each(|seq| recent.push(said(seq)));
        assert!(recent.bytes <= 400 && recent.entries.len() >= 2);
    }

    #[test]
    fn an_older_page_fills_up_the_ring() {
        let mut recent = Recent::new(Bounds { events: 4, bytes: 10_000 });
        recent.push(said(10));
        recent.fill(&[said(5), said(6), said(7), said(8), said(9)]);
        assert_eq!(seqs(recent.after(0)), [7, 8, 9, 10]);
    }

    #[test]
    fn an_edit_leaves_no_trace_of_the_old_text() {
        let mut recent = Recent::new(Bounds { events: 9, bytes: 10_000 });
        recent.push(said(1));
        let edit = entry(2, Body::edited(1, MessageText::new("new", 9).unwrap()));
        recent.amend(&edit.event, json);
        recent.push(edit);
        let shown = &recent.get(1).unwrap().json;
        assert!(shown.windows(3).any(|w| w == b"new") && !shown.windows(2).any(|w| w == b"m1"));
    }
}
