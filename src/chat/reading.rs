//! Reading: rooms, members, the log; and telling a room who came and went, and who types.

use bytes::Bytes;

use super::access::closed_to;
use super::bucket::Moment;
use super::catching_up::FRESH_BYTES;
use super::effect::{Channel, Effect, Http, Reply, Shown, Want};
use super::joining::SHOWN_MEMBERS;
use super::people::Person;
use super::presence::{LARGE_ROOM_PAUSE, SMALL_ROOM};
use super::recent::Entry;
use super::room::Room;
use super::sanctions::Suspect;
use super::state::{Chat, Outcome};
use super::timers::Timer;
use crate::model::{RoomName, SessionId, TokenHash};
use crate::protocol::{
    Code, History, Members, Page as Asked, Presence, Refusal, RoomEntry, Rooms, Typing, event_json,
    wire,
};
use crate::store::{Page, Query, Range, RoomId, SanctionKind, StoreError};

/// At most so many rooms are listed.
const LISTED_ROOMS: usize = 500;
/// Typing ends by itself after so many milliseconds.
const TYPING_MS: u64 = 10_000;

/// Who reads over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The token that they show.
    pub token: Option<TokenHash>,
    /// A fingerprint of where they come from.
    pub address: [u8; 32],
}

impl Chat {
    /// Lists the rooms that exist for somebody.
    pub(super) fn list_rooms(&mut self, person: Option<&Person>, reply: Reply) -> Outcome {
        let mut rooms: Vec<&Room> =
            self.rooms.values().filter(|room| self.sees(person, room)).collect();
        let more = rooms.len() > LISTED_ROOMS;
        let order = |a: &&Room, b: &&Room| {
            b.count().cmp(&a.count()).then_with(|| a.name.as_str().cmp(b.name.as_str()))
        };
        if more {
            rooms.select_nth_unstable_by(LISTED_ROOMS, order);
            rooms.truncate(LISTED_ROOMS);
        }
        rooms.sort_by(order);
        let entries: Vec<_> = rooms
            .iter()
            .map(|room| {
                (room.name.clone(), room.topic.clone(), room.count(), room.settings.visibility)
            })
            .collect();
        self.answer(reply, |id| {
            let entries = entries.iter().map(|(name, topic, count, visibility)| RoomEntry {
                name,
                topic,
                count: *count,
                visibility: *visibility,
            });
            wire::text(&Rooms { id, rooms: entries.collect(), more })
        });
        Ok(())
    }

    pub(super) fn list_members(
        &mut self,
        who: SessionId,
        room: Option<RoomName>,
        reply: Reply,
    ) -> Outcome {
        let id = self.place(who, room.as_ref())?;
        let members = self.shown_members(id, Some(who));
        let Some(room) = self.rooms.get(&id) else { return Err(Code::RoomNotFound.into()) };
        debug_assert!(members.len() <= SHOWN_MEMBERS);
        let (name, count) = (room.name.clone(), room.count());
        self.answer(reply, |id| wire::text(&Members { id, room: &name, members, count }));
        Ok(())
    }

    /// Reads a part of the log: from memory if it is there, else from the store.
    pub(super) fn history(
        &mut self,
        id: RoomId,
        asked: Asked,
        limit: usize,
        reply: Reply,
    ) -> Outcome {
        let Some(room) = self.rooms.get_mut(&id) else { return Err(Code::RoomNotFound.into()) };
        if let Some((entries, more)) = remembered(room, asked, limit) {
            self.show_history(id, &entries, more, reply);
            return Ok(());
        }
        let range = match asked {
            Asked::Latest => Range::Latest,
            Asked::Before(seq) => Range::Before(seq),
            Asked::After(seq) => Range::After { seq, upto: None },
        };
        room.under_way += 1;
        let query = Query { room: id, range, limit, max_bytes: FRESH_BYTES };
        let want = Want::History { reply, room: id };
        self.effects.push(Effect::Read { want, query });
        Ok(())
    }

    /// Lists the rooms for HTTP.
    pub fn list_rooms_http(&mut self, now: Moment, reader: &Reader, channel: Channel) {
        match self.who_reads(now, reader) {
            Err(refusal) => self.refuse(Reply::Http(channel), &refusal),
            Ok(person) => {
                // Listing cannot be refused.
                let _ = self.list_rooms(person.as_ref(), Reply::Http(channel));
            }
        }
    }

    /// Reads a room's log for HTTP.
    pub fn read_http(
        &mut self,
        now: Moment,
        reader: &Reader,
        room: &RoomName,
        (page, limit): (Asked, usize),
        channel: Channel,
    ) {
        match self.readable(now, reader, room) {
            Err(refusal) => self.refuse(Reply::Http(channel), &refusal),
            Ok((id, _)) => {
                // A room that is there can be read.
                let _ = self.history(id, page, limit, Reply::Http(channel));
            }
        }
    }

    /// Says whether a room may be read over HTTP.
    pub fn may_read(&mut self, now: Moment, reader: &Reader, room: &RoomName, channel: Channel) {
        let answer = match self.readable(now, reader, room) {
            Ok(_) => Ok(Shown { json: Bytes::new(), duplicate: false }),
            Err(refusal) => {
                self.refusals.push(refusal.code);
                Err(refusal)
            }
        };
        self.effects.push(Effect::Http(Http { channel, answer }));
    }

    /// The room that somebody may read over HTTP, and who that is.
    ///
    /// # Errors
    /// `room_not_found`, `login_required`, `bad_credentials`, `banned`, `guests_not_admitted`.
    pub fn readable(
        &mut self,
        now: Moment,
        reader: &Reader,
        room: &RoomName,
    ) -> Result<(RoomId, Option<Person>), Refusal> {
        match self.who_reads(now, reader)? {
            Some(person) => Ok((self.reach(now, &person, room)?, Some(person))),
            None => {
                let id = self.find_room(None, room).ok_or(Code::RoomNotFound)?;
                let suspect = Suspect { address: Some(reader.address), ..Suspect::default() };
                self.banned_from(now, Some(id), suspect)?;
                self.rooms.get(&id).map_or(Ok(()), |room| closed_to(true, room))?;
                Ok((id, None))
            }
        }
    }

    /// Who reads over HTTP; `None` for nobody in particular, where guests are admitted.
    fn who_reads(&mut self, now: Moment, reader: &Reader) -> Result<Option<Person>, Refusal> {
        match reader.token {
            Some(token) => self.holder(now, &token).map(Some),
            None if self.rules.guests => Ok(None),
            None => Err(Code::LoginRequired.into()),
        }
    }

    /// The store has read what somebody wanted.
    pub fn page(&mut self, now: Moment, want: Want, page: Result<Page, StoreError>) {
        match want {
            Want::Join(joining) => self.joining_page(now, joining, page),
            Want::History { reply, room } => self.history_page(room, page, reply),
            Want::Removal(removing) => self.removing_page(now, removing, page),
        }
    }

    fn history_page(&mut self, id: RoomId, page: Result<Page, StoreError>, reply: Reply) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.under_way -= 1;
        let name = room.name.clone();
        match page {
            Ok(page) => {
                let entries: Vec<Entry> = page
                    .events
                    .into_iter()
                    .map(|event| Entry { json: event_json(&name, &event), event })
                    .collect();
                self.show_history(id, &entries, page.more, reply);
            }
            Err(_) => self.refuse(reply, &Refusal::new(Code::Busy).retry_after(1000)),
        }
    }

    fn show_history(&mut self, id: RoomId, entries: &[Entry], more: bool, reply: Reply) {
        let Some(room) = self.rooms.get(&id) else { return };
        let (name, epoch) = (room.name.clone(), room.epoch.clone());
        self.answer(reply, |id| {
            let head = History { id, room: &name, epoch: &epoch, more };
            wire::text_with_events(&head, entries.iter().map(|entry| &entry.json))
        });
    }

    /// Tells a room who came and went: at once in a small one, coalesced in a large one.
    pub(super) fn tell(&mut self, now: Moment, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let pause = if room.members.len() > SMALL_ROOM { LARGE_ROOM_PAUSE } else { 0 };
        let due = room.delta.told_at.map_or(now.mono, |told| told + pause);
        if due <= now.mono {
            self.tell_now(now, id);
        } else if !room.delta.scheduled {
            room.delta.scheduled = true;
            self.timers.set(due, Timer::Presence(id));
        }
    }

    pub(super) fn tell_later(&mut self, now: Moment, id: RoomId) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.delta.scheduled = false;
        }
        self.tell_now(now, id);
    }

    fn tell_now(&mut self, now: Moment, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.delta.told_at = Some(now.mono);
        if room.delta.is_empty() {
            return;
        }
        let lists = room.delta.take();
        let frames = wire::text(&Presence {
            room: &room.name,
            joined: lists.joined,
            left: lists.left,
            changed: lists.changed,
            count: room.count(),
        });
        self.effects.push(Effect::Room { room: id, frames, count: 1, passing: true, except: None });
    }

    pub(super) fn typing(
        &mut self,
        now: Moment,
        who: SessionId,
        room: Option<RoomName>,
        on: bool,
        reply: Reply,
    ) -> Outcome {
        let id = self.place(who, room.as_ref())?;
        let muted = SanctionKind::Mute;
        let person = self.person(who)?;
        if self.peace.sanctions.find(muted, Some(id), person.known(), now.wall).is_some() {
            return Err(Code::Muted.into());
        }
        // An empty frame: the connection learns that the request is done, the client nothing.
        self.answer(reply, |_| Bytes::new());
        if !on {
            self.stop_typing(who, id);
            return Ok(());
        }
        let until = now.due_in(TYPING_MS);
        let Some(place) = self.rooms.get_mut(&id).and_then(|room| room.members.get_mut(&who))
        else {
            return Ok(());
        };
        if place.typing_until.replace(until).is_none() {
            self.timers.set(until, Timer::Typing(id, who));
            self.say_typing(who, id, true);
        }
        Ok(())
    }

    pub(super) fn typing_expired(&mut self, now: Moment, id: RoomId, who: SessionId) {
        let place = self.rooms.get(&id).and_then(|room| room.members.get(&who));
        let Some(until) = place.and_then(|place| place.typing_until) else { return };
        if until <= now.mono {
            self.stop_typing(who, id);
        } else {
            self.timers.set(until, Timer::Typing(id, who));
        }
    }

    /// Somebody stopped typing, if they did type.
    pub(super) fn stop_typing(&mut self, who: SessionId, id: RoomId) {
        let place = self.rooms.get_mut(&id).and_then(|room| room.members.get_mut(&who));
        if place.is_some_and(|place| place.typing_until.take().is_some()) {
            self.say_typing(who, id, false);
        }
    }

    fn say_typing(&mut self, who: SessionId, id: RoomId, on: bool) {
        let (Some(session), Some(room)) = (self.sessions.get(&who), self.rooms.get(&id)) else {
            return;
        };
        let frames = wire::text(&Typing { room: &room.name, nick: &session.nick, on });
        let except = session.conn;
        self.effects.push(Effect::Room { room: id, frames, count: 1, passing: true, except });
    }
}

/// What memory can answer of a request for the log, and whether there is more.
fn remembered(room: &Room, asked: Asked, limit: usize) -> Option<(Vec<Entry>, bool)> {
    let first = room.recent.first(room.seq);
    let all_here = first <= room.first_seq;
    let (entries, more): (Vec<Entry>, bool) = match asked {
        Asked::After(seq) => {
            if seq + 1 < first && !all_here {
                return None;
            }
            let found = room.recent.after(seq);
            let more = found.len() > limit;
            (found.take(limit).cloned().collect(), more)
        }
        Asked::Latest | Asked::Before(_) => {
            let end = if let Asked::Before(seq) = asked { seq } else { u64::MAX };
            let found = room.recent.before(end);
            if found.len() < limit && !all_here {
                return None;
            }
            let skip = found.len().saturating_sub(limit);
            let more = skip > 0 || !all_here;
            (found.skip(skip).cloned().collect(), more)
        }
    };
    let bytes: usize = entries.iter().map(|entry| entry.json.len()).sum();
    // Memory is not asked for what would not fit into one page; a volatile room has no store.
    (bytes <= FRESH_BYTES || room.is_volatile()).then_some((entries, more))
}
