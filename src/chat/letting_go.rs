//! A picture's way out. Its files go first (the janitor removes them), then the log says so and the
//! store forgets the rest, then it is gone here too.
//!
//! Invariant: no event says that a picture is gone while its files are there.

use super::bucket::Moment;
use super::effect::{Channel, Effect, Reply, Shown};
use super::pictures::{Ending, Picture, Stage};
use super::speaking::Waiting;
use super::state::{self, Chat};
use crate::model::{Body, Event, Gone, ImageId, Timestamp, TokenHash};
use crate::protocol::{Code, Refusal};
use crate::store::{Append, ImageRow, Op, Outcome, Rights, RoomId};

/// So many pictures go in one round of the janitor.
const A_ROUND: usize = 10_000;

/// A message that is deleted once the files of its pictures are gone.
#[derive(Debug)]
pub struct Removal {
    append: Append,
    waiting: Waiting,
    /// How many pictures' files are still there.
    left: usize,
}

/// What a picture's files should look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The picture.
    pub id: ImageId,
    /// Bytes of its file.
    pub bytes: u64,
    /// Bytes of its thumbnail's file.
    pub thumb_bytes: u64,
}

impl Chat {
    /// The files that belong to pictures, for who compares them with the disk at the start.
    pub fn holdings(&self) -> Vec<Holding> {
        let holding =
            |row: &ImageRow| Holding { id: row.id, bytes: row.bytes, thumb_bytes: row.thumb_bytes };
        self.pictures.rows().map(holding).collect()
    }

    /// How many pictures there are, and what they take on disk in bytes.
    pub fn gallery_size(&self) -> (usize, u64) {
        let sum = self.pictures.sum();
        (sum.count, sum.bytes)
    }

    /// A picture that the store remembers. Where its room is no more (its log lived in memory), it
    /// goes in the janitor's first round.
    pub(super) fn restore_picture(&mut self, row: ImageRow) {
        let id = row.id;
        let homeless = !self.rooms.contains_key(&row.room);
        self.pictures.add(row, Stage::Here);
        if homeless {
            self.let_go_of(vec![id]);
        }
    }

    /// Lets those pictures go whose end has come.
    pub fn let_expired_go(&mut self, now: Moment) -> usize {
        let due = self.pictures.due(now.wall, A_ROUND);
        let count = due.len();
        self.let_go_of(due);
        count
    }

    /// Lets pictures go before their senders ask for it.
    pub(super) fn let_go_of(&mut self, ids: Vec<ImageId>) {
        let ids: Vec<ImageId> =
            ids.into_iter().filter(|id| self.pictures.let_go(*id, Ending::Life)).collect();
        if !ids.is_empty() {
            self.effects.push(Effect::RemoveFiles(ids));
        }
    }

    /// Files of pictures are missing, or not what they were: what is left of them goes too.
    pub fn lost(&mut self, now: Moment, ids: Vec<ImageId>) {
        let mut going = Vec::new();
        for id in ids {
            let expired =
                self.pictures.get(id).is_some_and(|picture| picture.row.expires_at <= now.wall);
            let ending = if expired { Ending::Life } else { Ending::Lost };
            if self.pictures.let_go(id, ending) {
                going.push(id);
            }
        }
        if !going.is_empty() {
            self.effects.push(Effect::RemoveFiles(going));
        }
    }

    /// Takes one picture back for its sender.
    pub fn take_back(&mut self, now: Moment, token: TokenHash, id: ImageId, channel: Channel) {
        match self.may_take_back(now, token, id) {
            Err(refusal) => self.refuse(Reply::Http(channel), &refusal),
            Ok(()) => {
                self.pictures.let_go(id, Ending::TakenBack(Reply::Http(channel)));
                self.effects.push(Effect::RemoveFiles(vec![id]));
            }
        }
    }

    fn may_take_back(&mut self, now: Moment, token: TokenHash, id: ImageId) -> state::Outcome {
        let person = self.holder(now, &token)?;
        let Some(Picture { row, stage, claiming }) = self.pictures.get(id) else {
            return Err(self.no_picture(&[person], id).into());
        };
        let there = self.rooms.get(&row.room).is_some_and(|room| self.sees(Some(&person), room));
        let mine = row.author.user == person.user
            || (row.seq.is_some() && self.moderates(&person, row.room));
        match stage {
            _ if !there => Err(Code::ImageNotFound.into()),
            Stage::Placing => Err(Code::ImageNotFound.into()),
            _ if !mine && row.seq.is_none() => Err(Code::ImageNotFound.into()),
            _ if !mine => Err(Refusal::because(Code::NotYours, "This picture is somebody else's.")),
            Stage::Going(_) | Stage::Leaving { .. } => Err(Code::ImageGone.into()),
            Stage::Here if *claiming => Err(Refusal::new(Code::Busy).retry_after(1000)),
            // What was sent is deleted, and the room hears of it.
            Stage::Here if row.seq.is_some() => self.not_muted(now, &person, row.room),
            Stage::Here => Ok(()),
        }
    }

    /// Deletes a message; its pictures' files go before the log hears of it.
    pub(super) fn delete_message(&mut self, append: Append, waiting: Waiting) -> state::Outcome {
        let Some(target) = append.body.target() else { return Err(Code::Internal.into()) };
        let room = append.room;
        // Nobody can know the place of what is still on its way to the log; its pictures are not
        // the message's yet, and would stay behind.
        if self.rooms.get(&room).is_none_or(|room| target > room.seq) {
            return Err(Code::MessageNotFound.into());
        }
        let ids = self.pictures.of_message(room, target);
        let picture = |id: &ImageId| self.pictures.get(*id);
        let owner = ids.iter().find_map(picture).map(|picture| picture.row.author.user);
        if owner.is_some_and(|owner| owner != append.author.user) && !append.rights.moderator {
            return Err(Code::NotYours.into());
        }
        self.room_to_wait()?;
        let leaving = |id| !matches!(picture(id).map(|p| &p.stage), Some(Stage::Here));
        if ids.iter().any(leaving) {
            // Its life ends at this very moment.
            return Err(Refusal::new(Code::Busy).retry_after(100));
        }
        let ending = || Ending::WithMessage(room, target);
        let ids: Vec<ImageId> =
            ids.into_iter().filter(|id| self.pictures.let_go(*id, ending())).collect();
        if ids.is_empty() {
            return self.append(append, waiting);
        }
        self.removals.insert((room, target), Removal { append, waiting, left: ids.len() });
        self.effects.push(Effect::RemoveFiles(ids));
        Ok(())
    }

    /// The janitor has removed the files of these pictures.
    pub fn files_removed(&mut self, now: Moment, ids: Vec<ImageId>) {
        for id in ids {
            let Some((ending, row)) = self.pictures.files_gone(id) else { continue };
            let row = row.clone();
            match ending {
                Ending::Life => self.note_end(now.wall, &row, Gone::Expired, None),
                Ending::Lost => self.note_end(now.wall, &row, Gone::Deleted, None),
                Ending::TakenBack(reply) => {
                    self.note_end(now.wall, &row, Gone::Deleted, Some(reply));
                }
                Ending::WithMessage(room, target) => {
                    self.removal_goes_on(now.wall, room, target);
                }
            }
        }
    }

    /// The janitor could not remove these files: the pictures stay until the next round.
    pub fn files_stuck(&mut self, now: Moment, ids: Vec<ImageId>) {
        let refusal = Refusal::new(Code::Busy).retry_after(1000);
        for id in ids {
            match self.pictures.files_stay(id) {
                Some(Ending::TakenBack(reply)) => self.refuse(reply, &refusal),
                Some(Ending::WithMessage(room, target)) => {
                    if let Some(removal) = self.removals.remove(&(room, target)) {
                        self.refuse(removal.waiting.reply, &refusal);
                        self.end_pictures_of(now.wall, room, target);
                    }
                }
                Some(Ending::Life | Ending::Lost) | None => {}
            }
        }
    }

    fn removal_goes_on(&mut self, at: Timestamp, room: RoomId, target: u64) {
        let Some(removal) = self.removals.get_mut(&(room, target)) else {
            // It was refused because another file stayed; this picture is gone all the same.
            self.end_pictures_of(at, room, target);
            return;
        };
        removal.left -= 1;
        if removal.left > 0 {
            return;
        }
        let Some(Removal { append, waiting, .. }) = self.removals.remove(&(room, target)) else {
            return;
        };
        if let Err(refusal) = self.room_to_wait() {
            self.refuse(waiting.reply, &refusal);
            self.end_pictures_of(at, room, target);
            return;
        }
        // There is room, and a room with pictures is not swept: this cannot be refused any more.
        let _ = self.append(append, waiting);
    }

    /// The message of these pictures is deleted. In the store they ended with it, unless the message
    /// was in memory only.
    pub(super) fn pictures_deleted(&mut self, room: RoomId, target: u64) {
        let volatile = self.rooms.get(&room).is_some_and(|room| room.is_volatile());
        for id in self.pictures.of_message(room, target) {
            if !volatile {
                self.pictures.end(id);
            } else if self.pictures.noted(id) {
                self.queue_op(Op::EndImage { id, why: Gone::Deleted, note: None });
            }
        }
    }

    /// The message of these pictures was not deleted after all; their files are gone: they end one
    /// by one.
    pub(super) fn end_pictures_of(&mut self, at: Timestamp, room: RoomId, target: u64) {
        for id in self.pictures.of_message(room, target) {
            let row = match self.pictures.get(id) {
                Some(Picture { row, stage: Stage::Leaving { noted: false }, .. }) => row.clone(),
                _ => continue,
            };
            self.note_end(at, &row, Gone::Deleted, None);
        }
    }

    /// Queues the end of a picture whose files are gone, and what the log says of it.
    fn note_end(&mut self, at: Timestamp, row: &ImageRow, why: Gone, reply: Option<Reply>) {
        if !self.pictures.noted(row.id) {
            return;
        }
        let room = self.rooms.get(&row.room);
        let volatile = room.is_some_and(|room| room.is_volatile());
        let kept = room.filter(|room| row.seq.is_some_and(|seq| seq >= room.first_seq));
        let note = kept.and(row.seq).map(|seq| Append {
            room: row.room,
            at,
            author: row.author.clone(),
            name_key: String::new(),
            body: Body::picture_gone(seq, row.id, why),
            rights: Rights::default(),
        });
        let note = match note {
            Some(note) if volatile => {
                self.note_in_memory(note);
                None
            }
            note => note.map(Box::new),
        };
        let op = Op::EndImage { id: row.id, why, note };
        match reply {
            Some(reply) => self.queue_awaited(op, Waiting::of(reply)),
            None => self.queue_op(op),
        }
    }

    /// Notes in a log that lives in memory only that a picture is gone.
    fn note_in_memory(&mut self, note: Append) {
        let Append { room: id, at, author, body, .. } = note;
        let Some(room) = self.rooms.get(&id) else { return };
        let target = body.target().and_then(|target| room.recent.get(target));
        if target.is_some_and(|entry| matches!(&entry.event.body, Body::Message(m) if !m.deleted)) {
            let seq = room.seq + 1;
            self.enter_log(id, Event { seq, at, author, body });
            self.flush();
        }
    }

    /// The store has forgotten a picture.
    pub(super) fn picture_ended(
        &mut self,
        id: ImageId,
        note: Option<Box<Append>>,
        outcome: &Outcome,
        waiting: Option<Waiting>,
    ) {
        self.pictures.end(id);
        if let (Some(note), Outcome::Appended { seq }) = (note, outcome) {
            let Append { room, at, author, body, .. } = *note;
            self.enter_log(room, Event { seq: *seq, at, author, body });
        }
        if let Some(Waiting { reply: Reply::Http(channel), .. }) = waiting {
            let answer = Ok(Shown { json: bytes::Bytes::new(), duplicate: false });
            self.after_fanout.push(Effect::Http(super::effect::Http { channel, answer }));
        }
    }

    /// Messages before `first_seq` are no longer kept: their pictures go too.
    pub(super) fn forget_pictures(&mut self, room: RoomId, first_seq: u64) {
        let ids = self.pictures.of_messages_before(room, first_seq);
        self.let_go_of(ids);
    }
}
