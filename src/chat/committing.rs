//! What the store has kept: only then seen, and only then acknowledged.
//!
//! One batch is with the store at a time; what arrives meanwhile waits together, is committed
//! together and fanned out together. A quiet room waits for nothing.

use bytes::BytesMut;
use indexmap::IndexMap;

use super::effect::Effect;
use super::recent::Entry;
use super::speaking::{Queued, Waiting};
use super::state::Chat;
use crate::model::{Body, Event};
use crate::protocol::{Code, Refusal, Sent, event_json, wire};
use crate::store::{self, Append, Op, RoomId, StoreError};

/// At most so much is committed in one batch.
const MAX_BATCH: usize = 4096;

/// Frames of one batch, joined room by room, and the acknowledgements behind them.
#[derive(Debug, Default)]
pub struct Fanout {
    rooms: IndexMap<RoomId, (BytesMut, usize)>,
    acks: Vec<(Waiting, RoomId, Ack)>,
}

#[derive(Debug)]
struct Ack {
    seq: u64,
    at: crate::model::Timestamp,
    client_id: Option<crate::model::ClientId>,
    duplicate: bool,
}

impl Chat {
    /// What to commit next, unless a batch is with the store already.
    pub fn batch(&mut self) -> Option<Vec<Op>> {
        if self.in_flight.is_some() || self.queue.is_empty() {
            return None;
        }
        let size = self.queue.len().min(MAX_BATCH);
        let (ops, waiting): (Vec<Op>, Vec<Option<Waiting>>) =
            self.queue.drain(..size).map(|queued| (queued.op, queued.waiting)).unzip();
        if self.queue.is_empty() && self.queue.capacity() > MAX_BATCH {
            // A storm is over: its memory is given back.
            self.queue.shrink_to(MAX_BATCH / 4);
        }
        self.queued_appends -= waiting.iter().flatten().count();
        self.in_flight = Some(waiting);
        Some(ops)
    }

    /// The store has kept a batch, or could not.
    pub fn committed(&mut self, batch: Vec<Op>, result: Result<Vec<store::Outcome>, StoreError>) {
        let waiting = self.in_flight.take().unwrap_or_default();
        match result {
            Ok(outcomes) => {
                for ((op, waiting), outcome) in batch.into_iter().zip(waiting).zip(outcomes) {
                    self.conclude(op, waiting, outcome);
                }
                self.flush();
            }
            Err(error) => self.give_up(batch, waiting, &error),
        }
    }

    fn conclude(&mut self, op: Op, waiting: Option<Waiting>, outcome: store::Outcome) {
        match (op, waiting) {
            (Op::Append(append), Some(waiting)) => {
                if let Some(room) = self.rooms.get_mut(&append.room) {
                    room.under_way -= 1;
                }
                self.settle(append, waiting, outcome);
            }
            (Op::PlaceImage(row), Some(waiting)) => self.picture_placed(&row, waiting),
            (Op::EndImage { id, note, .. }, waiting) => {
                self.picture_ended(id, note, &outcome, waiting);
            }
            (Op::ApproveImage { id, note }, waiting) => {
                self.picture_approved(id, *note, &outcome, waiting);
            }
            (Op::SaveAccount(row), Some(waiting)) => self.account_saved(*row, &outcome, waiting),
            (Op::SaveLogin(row), Some(waiting)) => self.login_saved(*row, waiting),
            (_, Some(Waiting { reply, then: Some(frame), .. })) => self.answer_frame(reply, frame),
            (op, _) => self.swept_further(op, &outcome),
        }
    }

    /// Nothing of the batch was kept: who waits is told, the server's own notes try again.
    fn give_up(&mut self, batch: Vec<Op>, waiting: Vec<Option<Waiting>>, error: &StoreError) {
        let code = if matches!(error, StoreError::Full) { Code::StorageFull } else { Code::Busy };
        let refusal = Refusal::new(code).retry_after(1000);
        let mut notes = Vec::new();
        for (op, waiting) in batch.into_iter().zip(waiting) {
            match (op, waiting) {
                (Op::Append(append), Some(waiting)) => {
                    if let Some(room) = self.rooms.get_mut(&append.room) {
                        room.under_way -= 1;
                    }
                    self.refuse(waiting.reply, &refusal);
                    self.pictures_decided(&append, None);
                }
                (Op::PlaceImage(row), Some(waiting)) => {
                    self.refuse(waiting.reply, &refusal);
                    self.pictures.end(row.id);
                    self.effects.push(Effect::RemoveFiles(vec![row.id]));
                }
                (Op::SaveAccount(row), Some(waiting)) if self.accounts.get(row.id).is_none() => {
                    self.account_unsaved(&row);
                    self.refuse(waiting.reply, &refusal);
                }
                (Op::SaveLogin(_) | Op::SaveInvite(_) | Op::SaveRead { .. }, Some(waiting)) => {
                    self.refuse(waiting.reply, &refusal);
                }
                (op, Some(waiting)) => {
                    // What was done stands; the note of it waits for better times.
                    self.refuse(waiting.reply, &refusal);
                    notes.push(Queued { op, waiting: None });
                }
                (op, _) => notes.push(Queued { op, waiting: None }),
            }
        }
        notes.into_iter().rev().for_each(|note| self.queue.push_front(note));
    }

    /// An append has its outcome: the room's memory learns it, the fan-out and the answer wait.
    pub(super) fn settle(&mut self, append: Append, waiting: Waiting, outcome: store::Outcome) {
        let client_id = match &append.body {
            Body::Message(message) => message.client_id.clone(),
            _ => None,
        };
        let appended = match outcome {
            store::Outcome::Appended { seq } => Some(seq),
            _ => None,
        };
        self.pictures_decided(&append, appended);
        let ack = match outcome {
            store::Outcome::Appended { seq } => {
                let at = append.at;
                let Append { room, author, body, .. } = append;
                self.enter_log(room, Event { seq, at, author, body });
                self.fanout.acks.push((
                    waiting,
                    room,
                    Ack { seq, at, client_id, duplicate: false },
                ));
                return;
            }
            store::Outcome::Duplicate { seq, at } => Ack { seq, at, client_id, duplicate: true },
            store::Outcome::Refused(refusal) => {
                let code = match refusal {
                    store::Refusal::MessageNotFound => Code::MessageNotFound,
                    store::Refusal::NotYours => Code::NotYours,
                    store::Refusal::ImageNotFound => Code::ImageNotFound,
                    store::Refusal::ImageGone => Code::ImageGone,
                    store::Refusal::TooManyReactions => Code::TooManyReactions,
                };
                self.flush();
                self.refuse(waiting.reply, &code.into());
                return;
            }
            _ => {
                self.refuse(waiting.reply, &Code::Internal.into());
                return;
            }
        };
        self.fanout.acks.push((waiting, append.room, ack));
    }

    /// What became of an append decides about the pictures in it: they are the message's, or free
    /// again; with a message that is deleted they end.
    fn pictures_decided(&mut self, append: &Append, appended: Option<u64>) {
        match (&append.body, appended) {
            (Body::Message(message), Some(seq)) => self.pictures.claimed(&message.images, seq),
            (Body::Message(message), None) => self.pictures.claiming(&message.images, false),
            (Body::Deleted(deletion), Some(_)) => {
                self.pictures_deleted(append.room, deletion.target);
            }
            (Body::Deleted(deletion), None) => {
                self.end_pictures_of(append.at, append.room, deletion.target);
            }
            _ => {}
        }
    }

    /// A kept event takes its place in the room's memory and in the frames for all.
    pub(super) fn enter_log(&mut self, id: RoomId, event: Event) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let json = event_json(&room.name, &event);
        let (frames, count) = self.fanout.rooms.entry(id).or_default();
        wire::append_text(frames, &json);
        *count += 1;
        room.seq = event.seq;
        if let Body::Topic(set) = &event.body {
            room.topic = set.topic.clone();
        }
        let name = &room.name;
        room.recent.amend(&event, |changed| event_json(name, changed));
        room.recent.push(Entry { event, json });
        if room.is_volatile() {
            let first_seq = room.recent.first(room.seq);
            room.first_seq = first_seq;
            self.forget_pictures(id, first_seq);
        }
    }

    /// Gives the joined frames to the rooms, then the acknowledgements to who waits.
    pub(super) fn flush(&mut self) {
        let Fanout { rooms, acks } = std::mem::take(&mut self.fanout);
        for (room, (frames, count)) in rooms {
            let frames = frames.freeze();
            self.effects.push(Effect::Room { room, frames, count, passing: false, except: None });
        }
        for (Waiting { reply, then, .. }, room, ack) in acks {
            if let Some(frame) = then {
                self.answer_frame(reply, frame);
                continue;
            }
            let Some(room) = self.rooms.get(&room) else { continue };
            let (name, epoch) = (room.name.clone(), room.epoch.clone());
            self.answer_shown(
                reply,
                |id| {
                    wire::text(&Sent {
                        id,
                        room: &name,
                        epoch: &epoch,
                        seq: ack.seq,
                        at: ack.at,
                        client_id: ack.client_id.as_ref(),
                        duplicate: ack.duplicate,
                    })
                },
                ack.duplicate,
            );
        }
        self.effects.append(&mut self.after_fanout);
    }
}
