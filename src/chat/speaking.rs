//! What is to enter a log: checked, and queued in order for the store. What becomes of it is in
//! `committing`.

use bytes::Bytes;

use super::bucket::Moment;
use super::effect::Reply;
use super::people::Person;
use super::state::{Chat, Outcome};
use super::volatile;
use crate::model::{Body, RoomName, SessionId};
use crate::protocol::{Code, Done, Draft, Refusal, Request, wire};
use crate::store::{self, Append, Op, Rights, RoomId};
use crate::uploads::Removed;

/// So many appends may wait for the store; more are told to come back.
const MAX_QUEUED: usize = 16_384;
/// So many of the server's own notes may wait while the store is failing.
const MAX_NOTES: usize = 65_536;

/// Something for the store, and who waits for it.
#[derive(Debug)]
pub struct Queued {
    pub(super) op: Op,
    pub(super) waiting: Option<Waiting>,
}

/// Whoever waits for an append.
#[derive(Debug)]
pub struct Waiting {
    pub(super) reply: Reply,
    /// What an upload's answer says besides.
    pub(super) removed: Option<Box<[Removed]>>,
    /// What is answered when it is kept, where that is not what the event or the picture says: a
    /// whole text frame.
    pub(super) then: Option<Bytes>,
}

impl Waiting {
    /// Whoever waits for `reply`.
    pub(super) fn of(reply: Reply) -> Self {
        Self { reply, removed: None, then: None }
    }

    /// Whoever waits to hear `frame`.
    pub(super) fn for_frame(reply: Reply, frame: Bytes) -> Self {
        Self { reply, removed: None, then: Some(frame) }
    }

    /// Whoever waits to hear that it is done.
    pub(super) fn for_ok(reply: Reply) -> Self {
        let frame = wire::text(&Done { id: reply.id() });
        Self::for_frame(reply, frame)
    }
}

impl Chat {
    /// Takes a request that enters the log.
    pub(super) fn speak(
        &mut self,
        now: Moment,
        who: SessionId,
        request: Request,
        reply: Reply,
    ) -> Outcome {
        let person = self.person(who)?;
        let place = |room: Option<RoomName>| self.place(who, room.as_ref());
        let (id, body) = match request {
            Request::Send { room, draft } => {
                let id = place(room)?;
                (id, self.message(now, draft)?)
            }
            Request::Edit { room, seq, text } => (place(room)?, Body::edited(seq, text)),
            Request::Delete { room, seq } => (place(room)?, Body::deleted(seq)),
            Request::React { room, seq, emoji, on } => {
                (place(room)?, Body::reacted(seq, emoji, on))
            }
            Request::Topic { room, topic } => (place(room)?, Body::topic(topic)),
            _ => return Err(Code::UnknownType.into()),
        };
        self.stop_typing(who, id);
        self.say(now, &person, id, body, reply)
    }

    /// Puts what a person says into the queue for the log, if they may say it.
    pub(super) fn say(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        body: Body,
        reply: Reply,
    ) -> Outcome {
        self.room_to_wait()?;
        self.may_speak(now, person, room, &body)?;
        let append = self.entry(now, person, room, body);
        match append.body {
            Body::Deleted(_) => self.delete_message(append, Waiting::of(reply)),
            _ => self.append(append, Waiting::of(reply)),
        }
    }

    /// What a person says, as an event without its place.
    pub(super) fn entry(&self, now: Moment, person: &Person, room: RoomId, body: Body) -> Append {
        let name_key = person.keys.folded.to_string();
        let rights =
            Rights { moderator: self.moderates(person, room), reactions: self.rules.reactions };
        Append { room, at: now.wall, author: person.author(), name_key, body, rights }
    }

    /// What a draft becomes.
    pub(super) fn message(&self, now: Moment, draft: Draft) -> Result<Body, Refusal> {
        let Draft { text, images, reply_to, client_id } = draft;
        let images = self.pictures_of(now, &images)?;
        Ok(Body::pictures(text, images, reply_to, client_id))
    }

    pub(super) fn room_to_wait(&self) -> Result<(), Refusal> {
        if self.closing {
            return Err(Refusal::new(Code::ShuttingDown).retry_after(1000));
        }
        if self.queued_appends >= MAX_QUEUED {
            return Err(Refusal::new(Code::Busy).retry_after(1000));
        }
        Ok(())
    }

    pub(super) fn append(&mut self, append: Append, waiting: Waiting) -> Result<(), Refusal> {
        self.room_to_wait()?;
        let claim = self.pictures.claimable(&append, append.body.images());
        let Some(room) = self.rooms.get_mut(&append.room) else {
            return Err(Code::RoomNotFound.into());
        };
        if room.is_volatile() {
            let outcome = volatile::judge(room, &append, claim);
            let noted = volatile::noted(room, &append);
            if let (store::Outcome::Appended { .. }, Some(row)) = (&outcome, noted) {
                self.queue_op(Op::Audit(Box::new(row)));
            }
            self.settle(append, waiting, outcome);
            self.flush();
            return Ok(());
        }
        room.under_way += 1;
        self.pictures.claiming(append.body.images(), true);
        self.queue_awaited(Op::Append(append), waiting);
        Ok(())
    }

    /// Queues something that somebody waits for.
    pub(super) fn queue_awaited(&mut self, op: Op, waiting: Waiting) {
        self.queued_appends += 1;
        self.queue.push_back(Queued { op, waiting: Some(waiting) });
    }

    /// Queues a note of the server's own behind everything that waits.
    pub(super) fn queue_op(&mut self, op: Op) {
        if self.notes() >= MAX_NOTES {
            // Only sessions come in such numbers; the oldest note is worth the least: its
            // session could not be resumed after a restart.
            let oldest = self
                .queue
                .iter()
                .position(|queued| matches!(queued.op, Op::SaveSession(_) | Op::EndSession(_)));
            if let Some(index) = oldest {
                self.queue.remove(index);
            }
        }
        self.queue.push_back(Queued { op, waiting: None });
    }

    /// Whether somebody waits for the store.
    pub fn has_appends(&self) -> bool {
        self.queued_appends > 0
    }

    /// Whether a batch is with the store, or somebody waits for the next one.
    pub fn is_awaited(&self) -> bool {
        self.in_flight.is_some() || self.has_appends()
    }

    /// How many of the server's own notes wait.
    pub(super) fn notes(&self) -> usize {
        self.queue.len() - self.queued_appends
    }
}
