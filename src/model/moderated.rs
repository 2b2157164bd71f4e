//! What keeps the peace, as the room's log says it: who was sent out, who may only listen, which
//! rules hold from here on.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Nick, Role, RoomSettings, Timestamp, Visibility};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Sent out of the room.
    Kicked,
    /// May only listen.
    Muted,
    /// May speak again.
    Unmuted,
    /// Kept out.
    Banned,
    /// May come in again.
    Unbanned,
    /// What somebody may do in the room changed.
    Role,
    /// The room's rules changed.
    Settings,
    /// Somebody's messages were removed.
    Removed,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 8] = [
        Self::Kicked,
        Self::Muted,
        Self::Unmuted,
        Self::Banned,
        Self::Unbanned,
        Self::Role,
        Self::Settings,
        Self::Removed,
    ];
}

/// The fields of a `moderated` event. Reasons are not in it: they are for the one concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    /// What was done.
    pub action: Act,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "stored_nick")]
    pub nick: Option<Nick>,
    /// Until when; for good if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Timestamp>,
    /// What they may do in the room from here on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<Role>,
    /// The room's rules from here on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub settings: Option<Settings>,
}

/// A room's rules as its members see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Who may see and enter it.
    pub visibility: Visibility,
    /// Whether guests may be in it.
    pub guests: bool,
    /// Seconds that somebody waits between two messages; 0: no slow mode.
    pub slow_s: u32,
    /// Whether only moderators set the topic.
    pub topic_locked: bool,
}

impl From<RoomSettings> for Settings {
    fn from(room: RoomSettings) -> Self {
        let RoomSettings { visibility, guests, slow_s, topic_locked, .. } = room;
        Self { visibility, guests, slow_s, topic_locked }
    }
}

impl Moderated {
    /// Something that was done to somebody.
    pub fn person(action: Act, nick: Nick, until: Option<Timestamp>) -> Self {
        Self { action, nick: Some(nick), until, role: None, settings: None }
    }

    /// What somebody may do from here on.
    pub fn role(nick: Nick, role: Role) -> Self {
        Self { role: Some(role), ..Self::person(Act::Role, nick, None) }
    }

    /// The room's new rules.
    pub fn settings(settings: Settings) -> Self {
        let action = Act::Settings;
        Self { action, nick: None, until: None, role: None, settings: Some(settings) }
    }
}

/// A name that was valid when it was written.
fn stored_nick<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Nick>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Nick::stored))
}
