//! What keeps the peace, as rows: mutes and bans, invitations, reports, and who did what.

use super::RoomId;
use crate::model::{Nick, Reason, RoomRole, Timestamp, TokenHash, UserId};

/// What a sanction forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SanctionKind {
    /// To speak.
    Mute,
    /// To be there.
    Ban,
}

impl SanctionKind {
    /// The word in the store and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::Ban => "ban",
        }
    }
}

/// A mute or a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SanctionRow {
    /// Its number: random, positive.
    pub id: i64,
    /// Where; everywhere if it says nothing.
    pub room: Option<RoomId>,
    /// What it forbids.
    pub kind: SanctionKind,
    /// The identity that it is about, an account's or a guest's.
    pub user: Option<UserId>,
    /// The folded key of a guest's name that it is about, too.
    pub name_key: Option<String>,
    /// The fingerprint of the address that guests come from that it is about, too.
    pub address: Option<[u8; 32]>,
    /// The name that it was pronounced for.
    pub nick: Nick,
    /// Until when; until it is lifted if it says nothing.
    pub until: Option<Timestamp>,
    /// Who pronounced it.
    pub by: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// An invitation: into a private room, or to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteRow {
    /// The hash of its secret.
    pub secret: TokenHash,
    /// The room that it leads into; none: it lets register.
    pub room: Option<RoomId>,
    /// Who made it.
    pub by: UserId,
    /// How often it still works.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomRoleRow {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// What they are.
    pub role: RoomRole,
}

/// How far an account has read a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRow {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub room: RoomId,
    /// The last event that they have read.
    pub seq: u64,
}

/// A report of a message that has not been dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The message's room.
    pub room: RoomId,
    /// Its place.
    pub seq: u64,
    /// Who reported it.
    pub user: UserId,
    /// Their name.
    pub nick: Nick,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

/// What somebody did, for those who run the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, ascending; given by the store, 0 on the way there.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who; none for the operator at the command line and for the server itself.
    pub actor: Option<UserId>,
    /// Their name then.
    pub actor_nick: String,
    /// What: one of a fixed set of words.
    pub action: String,
    /// Where, if it is about a room: its number,
    pub room: Option<RoomId>,
    /// and its name.
    pub room_name: Option<String>,
    /// To whom, if it is about somebody: the identity,
    pub target: Option<UserId>,
    /// and the name.
    pub target_nick: Option<String>,
    /// What else is to know, as a JSON object: reason, until, role; never a text of a message.
    pub detail: String,
}
