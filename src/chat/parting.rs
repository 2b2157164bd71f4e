//! Coming back after a goodbye: a page that is loaded anew says goodbye and is here again a moment
//! later. Its name was free meanwhile; if it still is, its holder is who they were.
//!
//! Invariant: nothing is held for who has parted, neither a name nor a place; the token opens
//! nothing but the way back, and that for the time of a grace.

use super::bucket::{Bucket, Moment};
use super::session::Session;
use super::state::Chat;
use crate::model::{Nick, SessionId, TokenHash, UserId};

/// So many people are remembered after their goodbye.
const MAX_PARTED: usize = 10_000;

/// Somebody who said goodbye.
#[derive(Debug)]
pub struct Parted {
    user: UserId,
    nick: Nick,
    /// On the monotonic clock.
    until: u64,
    /// A way out and in again fills no bucket.
    messages: Bucket,
    reads: Bucket,
    uploads: Bucket,
}

impl Chat {
    /// Remembers who says goodbye.
    pub(super) fn part(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if self.rules.grace_ms == 0 || self.parted.len() >= MAX_PARTED {
            return;
        }
        let Session { token, user, ref nick, messages, reads, uploads, .. } = **session;
        let until = now.due_in(self.rules.grace_ms);
        let parted = Parted { user, nick: nick.clone(), until, messages, reads, uploads };
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
        let id = self.new_session(now, parted.nick, address).ok()?;
        let session = self.sessions.get_mut(&id)?;
        session.token = token;
        session.user = parted.user;
        (session.messages, session.reads, session.uploads) =
            (parted.messages, parted.reads, parted.uploads);
        self.tokens.insert(token, id);
        self.save(id);
        Some(id)
    }

    /// Forgets those who did not come back in time.
    pub(super) fn forget_parted(&mut self, now: Moment) {
        self.parted.retain(|_, parted| parted.until > now.mono);
    }
}
