//! A room: its log's head, its members, and what changed among them.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::presence::Delta;
use super::recent::{Bounds, Recent};
use super::volatile::Keys;
use crate::model::{
    ConnId, Epoch, Keep, RoomName, RoomRole, RoomSettings, SessionId, Topic, UserId, Visibility,
};
use crate::store::{RoomId, RoomRow};

/// How much of a kept log stays in memory.
const RECENT: Bounds = Bounds { events: 256, bytes: 256 * 1024 };
/// How much there is of a log that lives in memory only.
const VOLATILE: Bounds = Bounds { events: 1000, bytes: 1024 * 1024 };

/// A member's place in a room.
#[derive(Debug, Default, Clone, Copy)]
pub struct Place {
    /// Whether the room's events flow to the member's connection.
    pub live: bool,
    /// Until when the member counts as typing, on the monotonic clock.
    pub typing_until: Option<u64>,
}

/// A room as the rules see it.
#[derive(Debug)]
pub struct Room {
    /// Its number in the store.
    pub id: RoomId,
    /// Its name, as first spelled.
    pub name: RoomName,
    /// The life of its log.
    pub epoch: Epoch,
    /// The newest event's place; 0: none yet.
    pub seq: u64,
    /// The oldest place that is still kept.
    pub first_seq: u64,
    /// What it is about.
    pub topic: Topic,
    /// Its rules.
    pub settings: RoomSettings,
    /// Accounts that are something special in it.
    pub roles: HashMap<UserId, RoomRole>,
    /// When people spoke last, on the monotonic clock, where slow mode asks for it.
    pub spoke: HashMap<UserId, u64>,
    /// How long its log is kept.
    pub keep: Keep,
    /// Who is in it, by session.
    pub members: IndexMap<SessionId, Place>,
    /// How many of these are further sessions of an account that is in it already.
    pub doubles: usize,
    /// Who listens without being in it (event streams over HTTP).
    pub observers: usize,
    /// Its newest events.
    pub recent: Recent,
    /// What changed among the members and was not told yet.
    pub delta: Delta,
    /// Appends and reads under way.
    pub under_way: usize,
    /// The idempotency keys of a log that lives in memory only.
    pub keys: Keys,
}

impl Room {
    /// A room from its row in the store.
    pub fn from_row(row: RoomRow, keep: Keep) -> Self {
        let bounds = if keep == Keep::Nothing { VOLATILE } else { RECENT };
        Self {
            id: row.id,
            name: row.name,
            epoch: row.epoch,
            seq: row.seq,
            first_seq: row.first_seq,
            topic: row.topic.unwrap_or_else(Topic::none),
            settings: row.settings,
            roles: HashMap::new(),
            spoke: HashMap::new(),
            keep,
            members: IndexMap::new(),
            doubles: 0,
            observers: 0,
            recent: Recent::new(bounds),
            delta: Delta::default(),
            under_way: 0,
            keys: Keys::default(),
        }
    }

    /// How many people are in it.
    pub fn count(&self) -> usize {
        self.members.len() - self.doubles
    }

    /// Whether it exists only for those inside.
    pub fn is_private(&self) -> bool {
        self.settings.visibility == Visibility::Private
    }

    /// Whether the log lives in memory only.
    pub fn is_volatile(&self) -> bool {
        self.keep == Keep::Nothing
    }

    /// Whether everything after `seq` is in memory.
    pub fn remembers_after(&self, seq: u64) -> bool {
        seq + 1 >= self.recent.first(self.seq)
    }

    /// The last place before the newest `limit` events.
    pub fn latest_start(&self, limit: usize) -> u64 {
        self.seq.saturating_sub(limit as u64).max(self.first_seq.saturating_sub(1))
    }

    /// Whether nobody is here and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.members.is_empty()
            && self.observers == 0
            && self.under_way == 0
            && self.delta.is_empty()
    }
}

/// Who listens to a room through which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// A member's connection.
    Member(SessionId, ConnId),
    /// An event stream over HTTP.
    Observer(ConnId),
}

impl Listener {
    /// The connection.
    pub fn conn(self) -> ConnId {
        match self {
            Self::Member(_, conn) | Self::Observer(conn) => conn,
        }
    }
}
