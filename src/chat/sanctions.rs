//! Mutes and bans: whom they are about, where, and until when.
//!
//! One about an account is about that account. One about a guest is about the identity, the name,
//! and (a ban, unless its moderator says otherwise) the address: whoever comes from there as a guest
//! later. Those who are there already are judged by identity alone.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Timestamp, UserId};
use crate::store::{RoomId, SanctionKind, SanctionRow};

/// So many may hold at a time.
pub const MAX_SANCTIONS: usize = 50_000;

/// Whom a sanction is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suspect<'a> {
    /// The identity.
    pub user: Option<UserId>,
    /// A guest's name.
    pub name_key: Option<&'a str>,
    /// Where a guest comes from.
    pub address: Option<[u8; 32]>,
}

/// All mutes and bans.
#[derive(Debug, Default)]
pub struct Sanctions {
    all: BTreeMap<i64, SanctionRow>,
    users: HashMap<UserId, Vec<i64>>,
    names: HashMap<String, Vec<i64>>,
    addresses: HashMap<[u8; 32], Vec<i64>>,
}

impl Sanctions {
    /// Adds one.
    pub fn add(&mut self, row: SanctionRow) {
        let id = row.id;
        if let Some(user) = row.user {
            self.users.entry(user).or_default().push(id);
        }
        if let Some(name) = &row.name_key {
            self.names.entry(name.clone()).or_default().push(id);
        }
        if let Some(address) = row.address {
            self.addresses.entry(address).or_default().push(id);
        }
        self.all.insert(id, row);
    }

    /// Lifts one.
    pub fn remove(&mut self, id: i64) -> Option<SanctionRow> {
        let row = self.all.remove(&id)?;
        if let Some(user) = row.user {
            take(&mut self.users, &user, id);
        }
        if let Some(name) = &row.name_key {
            take(&mut self.names, name, id);
        }
        if let Some(address) = &row.address {
            take(&mut self.addresses, address, id);
        }
        Some(row)
    }

    /// The sanction of that kind that holds for somebody in a room (none: on the server), the one
    /// that lasts longest.
    pub fn find(
        &self,
        kind: SanctionKind,
        room: Option<RoomId>,
        suspect: Suspect<'_>,
        now: Timestamp,
    ) -> Option<&SanctionRow> {
        if self.all.is_empty() {
            return None;
        }
        let by_user = suspect.user.and_then(|user| self.users.get(&user));
        let by_name = suspect.name_key.and_then(|name| self.names.get(name));
        let by_address = suspect.address.and_then(|address| self.addresses.get(&address));
        let ids = [by_user, by_name, by_address].into_iter().flatten().flatten();
        ids.filter_map(|id| self.all.get(id))
            .filter(|row| row.kind == kind && (row.room.is_none() || row.room == room))
            .filter(|row| row.until.is_none_or(|until| until > now))
            .max_by_key(|row| row.until.map_or(i64::MAX, |until| until.0))
    }

    /// Those of a kind, in exactly this place, that are about this person or were pronounced for
    /// this name.
    pub fn about(
        &self,
        kind: SanctionKind,
        room: Option<RoomId>,
        user: Option<UserId>,
        is_name: impl Fn(&SanctionRow) -> bool,
    ) -> Vec<i64> {
        let same = |row: &&SanctionRow| {
            row.kind == kind
                && row.room == room
                && ((user.is_some() && row.user == user) || is_name(row))
        };
        self.all.values().filter(same).map(|row| row.id).collect()
    }

    /// Those that hold in a room (none: only those of the server), the newest first.
    pub fn in_room(&self, room: Option<RoomId>, now: Timestamp) -> Vec<&SanctionRow> {
        let holds = |row: &&SanctionRow| {
            (row.room.is_none() || row.room == room) && row.until.is_none_or(|until| until > now)
        };
        let mut rows: Vec<&SanctionRow> = self.all.values().filter(holds).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        rows
    }

    /// Those that have ended.
    pub fn ended(&self, now: Timestamp) -> Vec<i64> {
        let over = |row: &&SanctionRow| row.until.is_some_and(|until| until <= now);
        self.all.values().filter(over).map(|row| row.id).collect()
    }

    /// Those of a room that ends.
    pub fn of_room(&self, room: RoomId) -> Vec<i64> {
        self.all.values().filter(|row| row.room == Some(room)).map(|row| row.id).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }
}

fn take<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Vec<i64>>, key: &K, id: i64) {
    let Some(ids) = index.get_mut(key) else { return };
    ids.retain(|other| *other != id);
    if ids.is_empty() {
        index.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Nick, Reason};

    fn row(id: i64, kind: SanctionKind, room: Option<RoomId>, until: Option<i64>) -> SanctionRow {
        SanctionRow {
            id,
            room,
            kind,
            user: Some(UserId(7)),
            name_key: Some("eve".into()),
            address: Some([1; 32]),
            nick: Nick::parse("eve").unwrap(),
            until: until.map(Timestamp),
            by: Nick::parse("ada").unwrap(),
            reason: Reason::new("").unwrap(),
            at: Timestamp(id),
        }
    }

    #[test]
    fn a_ban_is_found_by_identity_name_and_address_until_it_ends() {
        let (here, there) = (Some(RoomId(1)), Some(RoomId(2)));
        let mut sanctions = Sanctions::default();
        sanctions.add(row(1, SanctionKind::Ban, here, Some(100)));
        let by_user = Suspect { user: Some(UserId(7)), ..Suspect::default() };
        let by_name = Suspect { name_key: Some("eve"), ..Suspect::default() };
        let by_address = Suspect { address: Some([1; 32]), ..Suspect::default() };
        for suspect in [by_user, by_name, by_address] {
            let at = |room, now| sanctions.find(SanctionKind::Ban, room, suspect, Timestamp(now));
            assert!(at(here, 99).is_some() && at(here, 100).is_none() && at(there, 1).is_none());
            assert!(sanctions.find(SanctionKind::Mute, here, suspect, Timestamp(1)).is_none());
        }
        assert_eq!(sanctions.ended(Timestamp(100)), [1]);
        sanctions.remove(1);
        assert!(sanctions.users.is_empty() && sanctions.names.is_empty());
        assert!(sanctions.addresses.is_empty() && sanctions.count() == 0);
    }

    #[test]
    fn one_of_the_server_holds_in_every_room_and_the_longest_counts() {
        let mut sanctions = Sanctions::default();
        sanctions.add(row(1, SanctionKind::Ban, Some(RoomId(1)), Some(100)));
        sanctions.add(row(2, SanctionKind::Ban, None, None));
        let suspect = Suspect { user: Some(UserId(7)), ..Suspect::default() };
        let find = |room| sanctions.find(SanctionKind::Ban, room, suspect, Timestamp(1));
        assert_eq!(find(Some(RoomId(1))).map(|row| row.id), Some(2));
        assert_eq!(find(None).map(|row| row.id), Some(2));
        let named = |row: &SanctionRow| row.nick.as_str() == "eve";
        assert_eq!(sanctions.about(SanctionKind::Ban, None, None, named), [2]);
    }
}
