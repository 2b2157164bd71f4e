//! Pictures of guests that wait for a moderator.

use super::bucket::Moment;
use super::effect::Reply;
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{Body, ImageId};
use crate::protocol::{Code, Refusal};
use crate::store::{self, Append, Op, RoomId};

impl Chat {
    pub(super) fn approve(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        seq: u64,
        image: ImageId,
        reply: Reply,
    ) -> Outcome {
        let shown = self.pictures.get(image).is_some_and(|picture| {
            picture.row.room == room && picture.row.seq == Some(seq) && picture.row.pending
        });
        if !shown {
            let message = "No such picture waits here.";
            return Err(Refusal::because(Code::ImageNotFound, message).field("image"));
        }
        let deed = Deed {
            action: "approve",
            room: Some(room),
            target: None,
            detail: serde_json::json!({ "seq": seq, "image": image }),
        };
        self.audit(now, Some(person), deed);
        let note = self.entry(now, person, room, Body::approved(seq, image));
        if self.rooms.get(&room).is_some_and(|room| room.is_volatile()) {
            self.pictures.approved(image);
            return self.append(note, Waiting::of(reply));
        }
        self.queue_awaited(
            Op::ApproveImage { id: image, note: Box::new(note) },
            Waiting::of(reply),
        );
        Ok(())
    }

    /// The store has noted that a picture may be seen.
    pub(super) fn picture_approved(
        &mut self,
        image: ImageId,
        note: Append,
        outcome: &store::Outcome,
        waiting: Option<Waiting>,
    ) {
        self.pictures.approved(image);
        let Some(waiting) = waiting else { return };
        match outcome {
            store::Outcome::Appended { .. } => self.settle(note, waiting, outcome.clone()),
            _ => self.refuse(waiting.reply, &Code::ImageNotFound.into()),
        }
    }
}
