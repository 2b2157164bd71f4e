//! The rules of one room: who may enter and see it, how fast it may be spoken in, how long it keeps.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Keep;

/// Who may see and enter a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Open,
    /// Its members, and who is invited; for all others it does not exist.
    Private,
}

impl Visibility {
    /// The word on the wire and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Private => "private",
        }
    }
}

impl FromStr for Visibility {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Open, Self::Private].into_iter().find(|it| it.name() == text).ok_or(())
    }
}

/// The rules of one room. The default is what a room has that somebody joined into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomSettings {
    /// Who may see and enter it.
    pub visibility: Visibility,
    /// Whether guests may be in it.
    pub guests: bool,
    /// Seconds that somebody waits between two messages; 0: no slow mode.
    pub slow_s: u32,
    /// Whether only moderators set the topic.
    pub topic_locked: bool,
    /// How long its log is kept, where that is not as the configuration says.
    pub keep: Option<Keep>,
    /// Somebody created it on purpose: it stays when it is empty.
    pub founded: bool,
}

impl RoomSettings {
    /// The longest slow mode, in seconds.
    pub const MAX_SLOW_S: u32 = 21_600;
}

impl Default for RoomSettings {
    fn default() -> Self {
        Self {
            visibility: Visibility::Open,
            guests: true,
            slow_s: 0,
            topic_locked: false,
            keep: None,
            founded: false,
        }
    }
}
