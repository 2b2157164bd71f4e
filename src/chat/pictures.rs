//! Which pictures there are, whose, where, until when, and how many bytes they take: the mirror in
//! memory of what the store and the disk hold, found by id, message, age and end.
//!
//! Invariants: the sums are those of the pictures listed; a picture counts until its files and its
//! row are gone, so the disk never holds more than was counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::effect::Reply;
use super::people::Person;
use crate::model::{Image, ImageId, Timestamp, UserId};
use crate::store::{Append, ImageRow, Refusal, RoomId};

/// So many pictures there may be at a time, however small.
pub const MAX_PICTURES: usize = 100_000;
/// So many of those that are gone are remembered, to say so.
const MAX_GONE: usize = 100_000;

/// How things stand with a picture.
#[derive(Debug)]
pub enum Stage {
    /// Its row is on the way to the store; nobody knows its id yet.
    Placing,
    /// It is there.
    Here,
    /// Its files are being removed; nobody is shown it any more.
    Going(Ending),
    /// Its files are gone; `noted` once its row is on the way out of the store.
    Leaving {
        /// The store was asked to forget it.
        noted: bool,
    },
}

/// Why a picture goes.
#[derive(Debug)]
pub enum Ending {
    /// Its life ended, nobody sent it, or it had to make room.
    Life,
    /// Its sender took it back, and waits for the answer.
    TakenBack(Reply),
    /// The message that shows it is being deleted: see `Removal`.
    WithMessage(RoomId, u64),
    /// Its files were found missing: a deletion that a crash cut short.
    Lost,
}

/// A picture and how things stand with it.
#[derive(Debug)]
pub struct Picture {
    /// What the store knows of it.
    pub row: ImageRow,
    /// How things stand.
    pub stage: Stage,
    /// A message with it is on the way to the store.
    pub claiming: bool,
}

/// What somebody's or some room's pictures come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: usize,
    /// Bytes on disk.
    pub bytes: u64,
}

/// An upload under way.
#[derive(Debug)]
pub struct Ticket {
    /// Who uploads.
    pub person: Person,
    /// A fingerprint of where from.
    pub address: [u8; 32],
    /// Bytes kept free for it.
    pub reserved: u64,
}

/// All pictures.
#[derive(Debug, Default)]
pub struct Pictures {
    all: HashMap<ImageId, Picture>,
    by_message: BTreeMap<(RoomId, u64), Vec<ImageId>>,
    by_age: BTreeSet<(Timestamp, ImageId)>,
    by_end: BTreeSet<(Timestamp, ImageId)>,
    rooms: HashMap<RoomId, Sum>,
    people: HashMap<UserId, Sum>,
    bytes: u64,
    going: usize,
    /// In which rooms they were.
    gone: HashMap<ImageId, RoomId>,
    gone_in_order: VecDeque<ImageId>,
    pub(super) tickets: HashMap<u64, Ticket>,
    pub(super) next_ticket: u64,
    /// How long an upload may wait for its message, in milliseconds.
    claim_ms: u64,
}

impl Pictures {
    /// No pictures yet; an upload waits at most `claim_ms` for its message.
    pub fn new(claim_ms: u64) -> Self {
        Self { claim_ms, ..Self::default() }
    }

    /// Adds a picture.
    pub fn add(&mut self, row: ImageRow, stage: Stage) {
        let (id, weight) = (row.id, row.weight());
        for sum in [
            self.rooms.entry(row.room).or_default(),
            self.people.entry(row.author.user).or_default(),
        ] {
            sum.count += 1;
            sum.bytes += weight;
        }
        self.bytes += weight;
        if let Some(seq) = row.seq {
            self.by_message.entry((row.room, seq)).or_default().push(id);
        }
        self.by_age.insert((row.created_at, id));
        self.by_end.insert((self.end_of(&row), id));
        self.all.insert(id, Picture { row, stage, claiming: false });
    }

    /// When a picture goes unless something happens first.
    fn end_of(&self, row: &ImageRow) -> Timestamp {
        match row.seq {
            Some(_) => row.expires_at,
            None => row.expires_at.min(row.created_at.plus(self.claim_ms)),
        }
    }

    /// A picture, however things stand with it.
    pub fn get(&self, id: ImageId) -> Option<&Picture> {
        self.all.get(&id)
    }

    /// Whether it was there once, and is known to be gone.
    pub fn is_gone(&self, id: ImageId) -> bool {
        self.gone.contains_key(&id)
    }

    /// In which room it was that is known to be gone.
    pub fn gone_from(&self, id: ImageId) -> Option<RoomId> {
        self.gone.get(&id).copied()
    }

    /// Says that a picture was there once.
    pub fn remember_gone(&mut self, id: ImageId, room: RoomId) {
        if self.gone.insert(id, room).is_none() {
            self.gone_in_order.push_back(id);
        }
        while self.gone_in_order.len() > MAX_GONE {
            if let Some(oldest) = self.gone_in_order.pop_front() {
                self.gone.remove(&oldest);
            }
        }
    }

    /// A picture is in its place.
    pub fn placed(&mut self, id: ImageId) {
        if let Some(picture) = self.all.get_mut(&id) {
            picture.stage = Stage::Here;
        }
    }

    /// Lets a picture go; returns whether it was there to go. Nobody is shown it from now on.
    pub fn let_go(&mut self, id: ImageId, ending: Ending) -> bool {
        let Some(picture) = self.all.get_mut(&id) else { return false };
        if !matches!(picture.stage, Stage::Here) || picture.claiming {
            return false;
        }
        picture.stage = Stage::Going(ending);
        self.going += 1;
        true
    }

    /// The files of a picture are gone: why they went.
    pub fn files_gone(&mut self, id: ImageId) -> Option<(Ending, &ImageRow)> {
        let picture = self.all.get_mut(&id)?;
        if !matches!(picture.stage, Stage::Going(_)) {
            return None;
        }
        let stage = std::mem::replace(&mut picture.stage, Stage::Leaving { noted: false });
        let Stage::Going(ending) = stage else { return None };
        Some((ending, &picture.row))
    }

    /// The store is asked to forget a picture; returns whether it was not before.
    pub fn noted(&mut self, id: ImageId) -> bool {
        match self.all.get_mut(&id).map(|picture| &mut picture.stage) {
            Some(Stage::Leaving { noted }) => !std::mem::replace(noted, true),
            _ => false,
        }
    }

    /// The files of a picture could not be removed: it stays. Returns why it was to go.
    pub fn files_stay(&mut self, id: ImageId) -> Option<Ending> {
        let picture = self.all.get_mut(&id)?;
        if !matches!(picture.stage, Stage::Going(_)) {
            return None;
        }
        self.going -= 1;
        match std::mem::replace(&mut picture.stage, Stage::Here) {
            Stage::Going(ending) => Some(ending),
            _ => None,
        }
    }

    /// The row of a picture is gone, or never came to be.
    pub fn end(&mut self, id: ImageId) {
        let Some(Picture { row, stage, .. }) = self.all.remove(&id) else { return };
        self.going -= usize::from(matches!(stage, Stage::Going(_) | Stage::Leaving { .. }));
        let weight = row.weight();
        self.bytes -= weight;
        take(&mut self.rooms, row.room, weight);
        take(&mut self.people, row.author.user, weight);
        if let Some(seq) = row.seq {
            self.leave_message(row.room, seq, id);
        }
        self.by_age.remove(&(row.created_at, id));
        self.by_end.remove(&(self.end_of(&row), id));
        if !matches!(stage, Stage::Placing) {
            self.remember_gone(id, row.room);
        }
    }

    fn leave_message(&mut self, room: RoomId, seq: u64, id: ImageId) {
        let Some(ids) = self.by_message.get_mut(&(room, seq)) else { return };
        ids.retain(|other| *other != id);
        if ids.is_empty() {
            self.by_message.remove(&(room, seq));
        }
    }

    /// Whether `append` may have its pictures, by what is known here: the store's own rule, for
    /// logs that live in memory only.
    pub fn claimable(&self, append: &Append, images: &[Image]) -> Result<(), Refusal> {
        for image in images {
            let Some(Picture { row, .. }) = self.all.get(&image.id) else {
                let gone = self.is_gone(image.id);
                return Err(if gone { Refusal::ImageGone } else { Refusal::ImageNotFound });
            };
            if row.room != append.room || row.author.user != append.author.user || row.seq.is_some()
            {
                return Err(Refusal::ImageNotFound);
            }
            if !image.is_alive() {
                return Err(Refusal::ImageGone);
            }
        }
        Ok(())
    }

    /// A message with these pictures goes to the store: they stay until it is decided.
    pub fn claiming(&mut self, images: &[Image], under_way: bool) {
        for image in images {
            if let Some(picture) = self.all.get_mut(&image.id) {
                picture.claiming = under_way;
            }
        }
    }

    /// A picture need not wait for a moderator any more.
    pub fn approved(&mut self, id: ImageId) {
        if let Some(picture) = self.all.get_mut(&id) {
            picture.row.pending = false;
        }
    }

    /// The message at `seq` has these pictures.
    pub fn claimed(&mut self, images: &[Image], seq: u64) {
        for image in images {
            let Some(picture) = self.all.get_mut(&image.id) else { continue };
            picture.claiming = false;
            let (room, created, expires) =
                (picture.row.room, picture.row.created_at, picture.row.expires_at);
            picture.row.seq = Some(seq);
            picture.row.alt = crate::model::AltText::default();
            self.by_end.remove(&(expires.min(created.plus(self.claim_ms)), image.id));
            self.by_end.insert((expires, image.id));
            self.by_message.entry((room, seq)).or_default().push(image.id);
        }
    }

    /// The pictures of a message.
    pub fn of_message(&self, room: RoomId, seq: u64) -> Vec<ImageId> {
        self.by_message.get(&(room, seq)).cloned().unwrap_or_default()
    }

    /// The pictures of a room's messages before `seq`.
    pub fn of_messages_before(&self, room: RoomId, seq: u64) -> Vec<ImageId> {
        self.by_message.range((room, 0)..(room, seq)).flat_map(|(_, ids)| ids).copied().collect()
    }

    /// At most `most` pictures whose end has come, first things first.
    pub fn due(&self, now: Timestamp, most: usize) -> Vec<ImageId> {
        let due = self.by_end.iter().take_while(|(end, _)| *end <= now).map(|(_, id)| *id);
        due.filter(|id| self.all.get(id).is_some_and(|p| matches!(p.stage, Stage::Here)))
            .take(most)
            .collect()
    }

    /// The oldest pictures that may go, among those that `fits` names.
    pub fn oldest(&self, fits: impl Fn(&ImageRow) -> bool) -> impl Iterator<Item = &ImageRow> {
        let here = |picture: &&Picture| matches!(picture.stage, Stage::Here) && !picture.claiming;
        self.by_age
            .iter()
            .filter_map(|(_, id)| self.all.get(id))
            .filter(here)
            .map(|picture| &picture.row)
            .filter(move |row| fits(row))
    }

    /// Those of them that are on their way out.
    pub fn leaving(&self, fits: impl Fn(&ImageRow) -> bool) -> impl Iterator<Item = &ImageRow> {
        let leaving =
            |picture: &&Picture| matches!(picture.stage, Stage::Going(_) | Stage::Leaving { .. });
        let some = (self.going > 0).then_some(self.all.values());
        some.into_iter().flatten().filter(leaving).map(|p| &p.row).filter(move |row| fits(row))
    }

    /// Everything that has files, in no order.
    pub fn rows(&self) -> impl Iterator<Item = &ImageRow> {
        self.all.values().map(|picture| &picture.row)
    }

    /// The pictures of a room.
    pub fn ids_in(&self, room: RoomId) -> Vec<ImageId> {
        self.rows().filter(|row| row.room == room).map(|row| row.id).collect()
    }

    /// What a room's pictures come to.
    pub fn in_room(&self, room: RoomId) -> Sum {
        self.rooms.get(&room).copied().unwrap_or_default()
    }

    /// What a person's pictures come to.
    pub fn of_person(&self, user: UserId) -> Sum {
        self.people.get(&user).copied().unwrap_or_default()
    }

    /// What all pictures come to.
    pub fn sum(&self) -> Sum {
        Sum { count: self.all.len(), bytes: self.bytes }
    }

    /// Keeps so many bytes free for an upload.
    pub fn set_reserved(&mut self, ticket: u64, bytes: u64) {
        if let Some(ticket) = self.tickets.get_mut(&ticket) {
            ticket.reserved = bytes;
        }
    }

    /// What uploads under way may still take.
    pub fn reserved(&self) -> u64 {
        self.tickets.values().map(|ticket| ticket.reserved).sum()
    }

    /// Whether no picture is on its way out.
    pub fn is_settled(&self) -> bool {
        self.going == 0
    }
}

/// Takes one picture out of a sum, and the sum out of the table when nothing is left.
fn take<K: std::hash::Hash + Eq>(sums: &mut HashMap<K, Sum>, key: K, weight: u64) {
    let Some(sum) = sums.get_mut(&key) else { return };
    sum.count -= 1;
    sum.bytes -= weight;
    if sum.count == 0 {
        sums.remove(&key);
    }
}
