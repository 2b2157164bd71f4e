//! What somebody may do: on the whole server, and in one room.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody may do, the least first. `guest` has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// No account; the name is held while the session lives.
    Guest,
    /// An account: the name is theirs.
    Member,
    /// Keeps the peace: in one room, or in all open ones.
    Moderator,
    /// Runs the server.
    Owner,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Member, Self::Moderator, Self::Owner];

    /// The word on the wire, in the store and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or(())
    }
}

/// What somebody is in one room beyond what they are on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    /// Belongs to it: what lets into a private room.
    Member,
    /// Keeps the peace in it.
    Moderator,
}

impl RoomRole {
    /// The word on the wire and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Moderator => "moderator",
        }
    }
}

impl FromStr for RoomRole {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Member, Self::Moderator].into_iter().find(|role| role.name() == text).ok_or(())
    }
}

impl From<RoomRole> for Role {
    fn from(role: RoomRole) -> Self {
        match role {
            RoomRole::Member => Self::Member,
            RoomRole::Moderator => Self::Moderator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_and_read_back() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert_eq!("admin".parse::<Role>(), Err(()));
        assert_eq!("moderator".parse(), Ok(RoomRole::Moderator));
        assert_eq!("owner".parse::<RoomRole>(), Err(()));
    }
}
