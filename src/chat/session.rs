//! A session: somebody with a name, their places, and the connection that may come and go.

use super::allowance::Allowance;
use crate::model::{ConnId, LoginId, Nick, NickKeys, Role, SessionId, TokenHash, UserId};
use crate::protocol::{Member, State};
use crate::store::RoomId;

/// What the server knows of somebody while they are here, or while their place is held.
#[derive(Debug)]
pub struct Session {
    /// Its name; not a secret.
    pub id: SessionId,
    /// The hash of the resume token.
    pub token: TokenHash,
    /// The identity behind the messages.
    pub user: UserId,
    /// The name that is held.
    pub nick: Nick,
    /// The keys under which it is held.
    pub keys: NickKeys,
    /// A fingerprint of the address it came from, for a fresh hello after a restart.
    pub address: [u8; 32],
    /// The connection, while there is one.
    pub conn: Option<ConnId>,
    /// When the grace ends, on the monotonic clock, while there is none.
    pub held_until: Option<u64>,
    /// Came from the store at the start and was not resumed yet.
    pub restored: bool,
    /// The rooms, in the order in which they were joined.
    pub rooms: Vec<RoomId>,
    /// Private rooms that a guest was in a moment ago and may come back to without an invitation.
    pub admitted: Vec<RoomId>,
    /// Rooms held through a resume whose events wait for a `join`: from which place on.
    pub waiting: Vec<(RoomId, u64)>,
    /// What a guest may do in how short a time; an account has its own.
    pub allowance: Allowance,
    /// The login that it came with; none for a guest.
    pub login: Option<LoginId>,
    /// What it may do on the whole server.
    pub role: Role,
    /// The hash of the cookie of the browser that it is in.
    pub browser: Option<Box<TokenHash>>,
}

impl Session {
    /// Whether nobody's account is behind it.
    pub fn is_guest(&self) -> bool {
        self.login.is_none()
    }

    /// How the others see them, where they are nothing special.
    pub fn member(&self) -> Member {
        let state = if self.conn.is_some() { State::Online } else { State::Reconnecting };
        let (nick, guest) = (self.nick.clone(), self.is_guest());
        Member { nick, guest, role: self.role, state, was: None }
    }
}
