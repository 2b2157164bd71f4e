//! What the writer is asked to do, and what it answers: the vocabulary, without the doing.

use super::{
    AccountRow, AuditRow, ImageRow, InviteRow, LoginRow, ReportRow, RoomId, RoomRow, SanctionRow,
    SessionRow,
};
use crate::model::{
    Author, Body, Gone, ImageId, LoginId, RoomRole, RoomSettings, SessionId, Timestamp, TokenHash,
    UserId,
};

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
    /// Removes a room whose log is empty, with all that is said of it. Answers `Done`, `Kept` or `NoRoom`.
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
    /// Writes an account, in place of an older state of it. Answers `Done`, or `Taken` where
    /// another account that is not over has the same folded name.
    SaveAccount(Box<AccountRow>),
    /// Forgets an account that is over, and all that is known of it (logins with their sessions,
    /// devices, roles, reads, sanctions, its invitations and reports) but its events. Answers `Done`.
    ForgetAccount(UserId),
    /// Takes the name out of what somebody wrote: a bounded part of the log at once, beginning at
    /// row `from`. Answers `Done`, or `Next` with the row to go on from.
    EraseAuthor {
        /// Whose.
        user: UserId,
        /// The first row of the part; 0 to begin.
        from: i64,
    },
    /// Writes a login, in place of an older state of it. Answers `Done`.
    SaveLogin(Box<LoginRow>),
    /// Removes logins and the sessions that came with them. Answers `Done`, also where there were
    /// none.
    EndLogins(Vec<LoginId>),
    /// Shortens the addresses of logins that began before a moment. Answers `Done`.
    ShortenAddresses {
        /// Those that began at this moment and later keep theirs.
        before: Timestamp,
    },
    /// A device showed that it is known to an account: remembers it, the newest 20 of each account.
    /// Answers `Done`.
    SaveDevice {
        /// Whose.
        user: UserId,
        /// The hash of the device's secret.
        device: TokenHash,
        /// When.
        at: Timestamp,
    },
    /// Changes a room's rules. Answers `Done` or `NoRoom`.
    SetRoom {
        /// The room.
        room: RoomId,
        /// Its rules from now on.
        settings: RoomSettings,
    },
    /// Says what somebody is in a room; nothing special if it says nothing. Answers `Done`.
    SetRoomRole {
        /// The room.
        room: RoomId,
        /// Who.
        user: UserId,
        /// What they are there.
        role: Option<RoomRole>,
    },
    /// Notes how far an account has read. Answers `Done`.
    SaveRead {
        /// Whose.
        user: UserId,
        /// Where.
        room: RoomId,
        /// The last event that they have read.
        seq: u64,
    },
    /// Writes a mute or a ban. Answers `Done`.
    SaveSanction(Box<SanctionRow>),
    /// Lifts a mute or a ban. Answers `Done`, also where there was none.
    EndSanction(i64),
    /// Writes an invitation, in place of an older state of it. Answers `Done`.
    SaveInvite(Box<InviteRow>),
    /// Forgets invitations that ended before a moment. Answers `Done`.
    ForgetInvites {
        /// When.
        before: Timestamp,
    },
    /// Notes what somebody did, for those who run the server. Answers `Done`.
    Audit(Box<AuditRow>),
    /// Forgets what was done before a moment, and all but the newest million; a bounded number at
    /// once, the next time the others. Answers `Done`.
    ForgetAudit {
        /// When.
        before: Timestamp,
    },
    /// Writes a report of a message, unless the same person has reported it. Answers `Done`.
    SaveReport(Box<ReportRow>),
    /// Says that the reports of a message have been dealt with. Answers `Done`.
    EndReports {
        /// Where.
        room: RoomId,
        /// The message.
        seq: u64,
    },
    /// A picture need not wait for a moderator any more: its row and the message that shows it say
    /// so. Writes `note` if it is about that message. Answers `Appended`, or `Done` where it did not
    /// wait or is in no message of a kept log.
    ApproveImage {
        /// The picture.
        id: ImageId,
        /// What the log says of it.
        note: Box<Append>,
    },
}

/// What the author of an event may do beyond what everybody may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// May delete what others said.
    pub moderator: bool,
    /// So many different reactions a message may have; 0: as many as one likes.
    pub reactions: u32,
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
    /// What its author may do.
    pub rights: Rights,
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
    /// Not created: a room with that id exists (ids are the caller's, so this is its mistake), or
    /// an account with that name.
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
    /// A bounded part was done; the next begins here.
    Next(i64),
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
    /// The message has as many different reactions as one may have.
    TooManyReactions,
}
