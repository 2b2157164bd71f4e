//! Coming back after a goodbye: a page that is loaded anew says goodbye and is here again a moment
//! later. Its name was free meanwhile; if it still is, its holder is who they were.
//!
//! Invariant: nothing is held for who has parted, neither a name nor a place; the token opens
//! nothing but the way back, and that for the time of a grace.

use super::allowance::Allowance;
use super::bucket::Moment;
use super::room::Room;
use super::session::Session;
use super::state::Chat;
use crate::model::{LoginId, Nick, NickKeys, SessionId, TokenHash, UserId};
use crate::store::RoomId;

/// So many people are remembered after their goodbye.
const MAX_PARTED: usize = 10_000;

/// Somebody who said goodbye.
#[derive(Debug)]
pub struct Parted {
    pub(super) user: UserId,
    pub(super) nick: Nick,
    pub(super) address: [u8; 32],
    login: Option<LoginId>,
    /// On the monotonic clock.
    until: u64,
    /// A way out and in again fills no bucket.
    allowance: Allowance,
    /// The private rooms that a guest was in: nothing but the way back into them.
    admitted: Vec<RoomId>,
}

impl Parted {
    /// The login that they had come with.
    pub(super) fn login(&self) -> Option<LoginId> {
        self.login
    }
}

impl Chat {
    /// Remembers who says goodbye.
    pub(super) fn part(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if self.rules.grace_ms == 0 || self.parted.len() >= MAX_PARTED {
            return;
        }
        let Session { token, user, ref nick, address, login, allowance, .. } = **session;
        let until = now.due_in(self.rules.grace_ms);
        let private = |id: &&RoomId| self.rooms.get(id).is_some_and(Room::is_private);
        let admitted = session.rooms.iter().filter(private).copied().collect();
        let nick = nick.clone();
        let parted = Parted { user, nick, address, login, until, allowance, admitted };
        self.parted.insert(token, parted);
    }

    /// A new session for who said goodbye and comes back with the token, if the name is still free.
    pub(super) fn come_back(
        &mut self,
        now: Moment,
        token: TokenHash,
        address: [u8; 32],
    ) -> Option<SessionId> {
        let parted = self.parted.remove(&token).filter(|parted| parted.until > now.mono)?;
        let id = match parted.login {
            None => self.new_guest(now, parted.nick, address).ok()?,
            Some(login) => {
                self.is_logged_in(now, login).then_some(())?;
                self.new_account_session(now, parted.user, login, address).ok()?
            }
        };
        let session = self.sessions.get_mut(&id)?;
        session.token = token;
        session.user = parted.user;
        session.allowance = parted.allowance;
        session.admitted = parted.admitted;
        self.tokens.insert(token, id);
        self.save(id);
        Some(id)
    }

    /// Somebody of that name who said goodbye a moment ago.
    pub(super) fn parted_named(&self, keys: &NickKeys) -> Option<&Parted> {
        self.parted.values().find(|parted| parted.nick.keys() == *keys)
    }

    /// Whoever was sent out of a room does not come back into it by having said goodbye before.
    pub(super) fn bar_the_way_back(&mut self, user: UserId, room: RoomId) {
        for parted in self.parted.values_mut().filter(|parted| parted.user == user) {
            parted.admitted.retain(|admitted| *admitted != room);
        }
    }

    /// Forgets those who did not come back in time.
    pub(super) fn forget_parted(&mut self, now: Moment) {
        self.parted.retain(|_, parted| parted.until > now.mono);
    }
}
