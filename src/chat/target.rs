//! Whom a moderator means: whoever has the name now, or had it a moment ago.

use super::state::Chat;
use crate::model::{Nick, NickKeys, Role, SessionId, UserId};
use crate::protocol::{Code, Member, Refusal};
use crate::store::RoomId;

/// Somebody whom an order is about.
#[derive(Clone, Debug)]
pub struct Target {
    /// The identity, where it is known.
    pub user: Option<UserId>,
    /// The name.
    pub nick: Nick,
    /// Its keys.
    pub keys: NickKeys,
    /// What they may do on the whole server.
    pub role: Role,
    /// Their sessions, also those that are held.
    pub sessions: Vec<SessionId>,
    /// A fingerprint of where a guest comes from, where it is known.
    pub address: Option<[u8; 32]>,
}

impl Target {
    /// Whether they are known by what they said only: guests long gone, and those who post without a
    /// session.
    pub fn passed_by(&self) -> bool {
        self.role == Role::Guest && self.sessions.is_empty() && self.address.is_none()
    }
}

impl Chat {
    /// Whom `nick` names: an account, a guest who is here, a guest who said goodbye a moment ago,
    /// or whoever spoke under that name lately in the room.
    ///
    /// # Errors
    /// `nick_not_found`.
    pub(super) fn target(&self, nick: &Nick, room: Option<RoomId>) -> Result<Target, Refusal> {
        let keys = nick.keys();
        let found = self.account_target(&keys);
        let found = found.or_else(|| self.guest_target(&keys));
        let found = found.or_else(|| self.speaker_target(&keys, room));
        found.ok_or_else(|| Refusal::new(Code::NickNotFound).field("nick"))
    }

    /// The same, or nothing but the name.
    pub(super) fn target_or_name(&self, nick: &Nick, room: Option<RoomId>) -> Target {
        self.target(nick, room).unwrap_or_else(|_| {
            let (keys, sessions) = (nick.keys(), Vec::new());
            let (user, role, address) = (None, Role::Guest, None);
            Target { user, nick: nick.clone(), keys, role, sessions, address }
        })
    }

    fn account_target(&self, keys: &NickKeys) -> Option<Target> {
        let account = self.accounts.named(keys)?;
        Some(Target {
            user: Some(account.row.id),
            nick: account.row.nick.clone(),
            keys: account.row.nick.keys(),
            role: account.row.role,
            sessions: account.sessions.clone(),
            address: None,
        })
    }

    fn guest_target(&self, keys: &NickKeys) -> Option<Target> {
        if let Some(session) = self.names.holder(keys).and_then(|id| self.sessions.get(&id)) {
            return Some(Target {
                user: Some(session.user),
                nick: session.nick.clone(),
                keys: session.keys.clone(),
                role: Role::Guest,
                sessions: vec![session.id],
                address: Some(session.address),
            });
        }
        let parted = self.parted_named(keys)?;
        let (nick, keys, address) = (parted.nick.clone(), keys.clone(), Some(parted.address));
        let (user, role, sessions) = (Some(parted.user), Role::Guest, Vec::new());
        Some(Target { user, nick, keys, role, sessions, address })
    }

    fn speaker_target(&self, keys: &NickKeys, room: Option<RoomId>) -> Option<Target> {
        let room = self.rooms.get(&room?)?;
        let authors = room.recent.after(0).rev().map(|entry| &entry.event.author);
        let author = authors.into_iter().find(|author| author.nick.keys() == *keys)?;
        let (nick, keys, sessions) = (author.nick.clone(), keys.clone(), Vec::new());
        let (user, role, address) = (Some(author.user), Role::Guest, None);
        Some(Target { user, nick, keys, role, sessions, address })
    }

    /// How all rooms see these sessions' people now.
    pub(super) fn looks_of(&self, sessions: &[SessionId]) -> Vec<(SessionId, RoomId, Member)> {
        let looks = |id: &SessionId| {
            let id = *id;
            self.looks(id).into_iter().map(move |(room, member)| (id, room, member))
        };
        sessions.iter().flat_map(looks).collect()
    }

    /// Tells the rooms what changed since.
    pub(super) fn tell_looks_of(
        &mut self,
        now: super::bucket::Moment,
        looks: Vec<(SessionId, RoomId, Member)>,
    ) {
        for (session, room, member) in looks {
            self.tell_change(now, room, session, Some(member));
        }
    }
}
