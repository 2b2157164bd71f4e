//! What the writer is asked to do, and what it answers: the vocabulary, without the doing.

use super::{ImageRow, RoomId, RoomRow, SessionRow};
use crate::model::{Author, Body, Gone, ImageId, SessionId, Timestamp};

/// One wish. The ops of a batch are done in order, all or none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Begins a room. Answers `Done`, or `Taken` where a room with that id exists.
    CreateRoom(RoomRow),
    /// Writes an event. Answers `Appended`, `Duplicate`, `Refused` or `NoRoom`.
    Append(Append),
    /// Writes a session, in place of an older state of it. Answers `Done`.
    SaveSession(SessionRow),
    /// Removes a session. Answers `Done`, also where there was none.
    EndSession(SessionId),
    /// Removes a room whose log is empty. Answers `Done`, `Kept` or `NoRoom`.
    DropRoom(RoomId),
    /// Removes the oldest events of a room, at most 2,000 or 2 MiB of them at once. Answers
    /// `Pruned` or `NoRoom`.
    Prune {
        /// The room.
        room: RoomId,
        /// Events older than this go; the first younger one ends it, whatever comes after.
        before: Option<Timestamp>,
        /// All but the newest so many events go.
        keep_last: Option<u64>,
    },
    /// Forgets the idempotency keys older than `before`, a bounded number at once. Answers `Done`
    /// or `More`.
    ForgetKeys {
        /// Keys of this moment and later stay.
        before: Timestamp,
    },
    /// Begins a picture whose files are in their place. Answers `Done`.
    PlaceImage(Box<ImageRow>),
    /// Ends a picture whose files are gone. Answers `Done`, or `Appended` with the place of `note`.
    EndImage {
        /// The picture.
        id: ImageId,
        /// Why it went.
        why: Gone,
        /// What the log says of it; left out where the message that showed it is no longer there,
        /// or the picture had ended before.
        note: Option<Box<Append>>,
    },
    /// Forgets pictures that are gone for so long that nobody asks for them. Answers `Done`.
    ForgetImages {
        /// Those that were uploaded at this moment and later stay known.
        before: Timestamp,
    },
}

/// An event without its number, which the writer gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Where.
    pub room: RoomId,
    /// When the server took it.
    pub at: Timestamp,
    /// By whom.
    pub author: Author,
    /// The folded key of the author's name: the same name is the same sender for idempotency.
    pub name_key: String,
    /// What. A message's `client_id` makes it safe to send again for 24 hours.
    pub body: Body,
}

/// What became of an op. It counts once the whole batch is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// A bounded part was done; the same op again does the next part.
    More,
    /// Not dropped: the room's log is not empty.
    Kept,
    /// Not created: a room with that id exists. Ids are the caller's, so this is its mistake.
    Taken,
    /// The store has no room with that id.
    NoRoom,
    /// The event has its place.
    Appended {
        /// Its place in the room: the one after the last.
        seq: u64,
    },
    /// It was already so; nothing was appended.
    Duplicate {
        /// The place of the event that made it so.
        seq: u64,
        /// The time of that event.
        at: Timestamp,
    },
    /// Against the rules; nothing was appended.
    Refused(Refusal),
    /// The oldest events are gone.
    Pruned {
        /// The oldest event that is kept; head + 1 if none is.
        first_seq: u64,
        /// The bound was reached before the end: ask again.
        more: bool,
    },
}

/// Which rule an event broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The message that it is about does not exist, was deleted or is no longer kept.
    MessageNotFound,
    /// Only the author may edit or delete a message.
    NotYours,
    /// There is no such picture for this person to send in this room, or it was sent before.
    ImageNotFound,
    /// The picture's life has ended.
    ImageGone,
}
