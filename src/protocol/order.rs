//! What a moderator orders: parsed and bounded, whatever brought it (a frame, or HTTP).

use crate::model::{ImageId, Nick, Reason, Role, Visibility};

/// The longest mute or ban that has an end, in seconds: ten years.
pub const MAX_SECONDS: u64 = 10 * 366 * 86_400;
/// How long a mute lasts where nobody says, in seconds.
pub const MUTE_SECONDS: u64 = 600;
/// So far back somebody's messages can be removed in one order, in minutes: a week.
pub const MAX_MINUTES: u64 = 7 * 24 * 60;

/// One order about a room, or somebody in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send somebody out; for `seconds` they may not come back.
    Kick { nick: Nick, seconds: Option<u64>, reason: Reason },
    /// Let somebody only listen.
    Mute { nick: Nick, seconds: u64, reason: Reason },
    /// Let somebody speak again.
    Unmute { nick: Nick },
    /// Keep somebody out. `address`: guests from where they come, too.
    Ban { nick: Nick, seconds: Option<u64>, reason: Reason, everywhere: bool, address: bool },
    /// Let somebody in again.
    Unban { nick: Nick, everywhere: bool },
    /// Say what somebody is in the room: a moderator, a member, or (`None`) nothing special.
    Role { nick: Nick, role: Option<Role>, everywhere: bool },
    /// Remove what somebody said in the last minutes.
    Remove { nick: Nick, minutes: u64, reason: Reason },
    /// Change the room's rules.
    Settings(Patch),
    /// Let everybody see a picture that waits.
    Approve { seq: u64, image: ImageId },
    /// List mutes and bans.
    Sanctions,
    /// List the messages that were reported.
    Reports,
    /// Say that a report has been dealt with.
    Dismiss { seq: u64 },
}

/// Which rules of a room change; the others stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// Who may see and enter it.
    pub visibility: Option<Visibility>,
    /// Whether guests may be in it.
    pub guests: Option<bool>,
    /// Seconds that somebody waits between two messages.
    pub slow_s: Option<u32>,
    /// Whether only moderators set the topic.
    pub topic_locked: Option<bool>,
}
