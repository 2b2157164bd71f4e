//! What keeps the peace, as the chat remembers it: mutes, bans, invitations, reports; and the note
//! of who did what.

use std::collections::HashMap;

use super::bucket::Moment;
use super::people::Person;
use super::sanctions::Sanctions;
use super::state::Chat;
use crate::model::{Nick, TokenHash, UserId};
use crate::store::{AuditRow, InviteRow, Op, ReportRow, RoomId, SanctionRow};

/// An invitation that has ended is known for so long, to say so, in milliseconds.
const ENDED_KNOWN_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// What keeps the peace.
#[derive(Debug, Default)]
pub struct Peace {
    /// Mutes and bans.
    pub sanctions: Sanctions,
    /// Invitations by the hash of their secret, also those that ended a while ago.
    pub invites: HashMap<TokenHash, InviteRow>,
    /// Reports that have not been dealt with, oldest first.
    pub reports: HashMap<RoomId, Vec<ReportRow>>,
}

/// Something for the audit log.
pub(super) struct Deed<'a> {
    pub action: &'static str,
    pub room: Option<RoomId>,
    pub target: Option<(UserId, &'a Nick)>,
    pub detail: serde_json::Value,
}

impl Chat {
    /// What the store remembers of it.
    pub(super) fn restore_peace(
        &mut self,
        sanctions: Vec<SanctionRow>,
        invites: Vec<InviteRow>,
        reports: Vec<ReportRow>,
    ) {
        // Rooms whose logs lived in memory only are gone, and others will have their numbers.
        let there = |room: Option<RoomId>| room.is_none_or(|room| self.rooms.contains_key(&room));
        let sanctions = sanctions.into_iter().filter(|row| there(row.room));
        sanctions.for_each(|row| self.peace.sanctions.add(row));
        let invites = invites.into_iter().filter(|row| there(row.room));
        self.peace.invites.extend(invites.map(|row| (row.secret, row)));
        for row in reports.into_iter().filter(|row| there(Some(row.room))) {
            self.peace.reports.entry(row.room).or_default().push(row);
        }
    }

    /// Notes what a person did, for those who run the server; `None`: the operator.
    pub(super) fn audit(&mut self, now: Moment, actor: Option<&Person>, deed: Deed<'_>) {
        let room_name = deed.room.and_then(|room| self.rooms.get(&room));
        let row = AuditRow {
            id: 0,
            at: now.wall,
            actor: actor.map(|person| person.user),
            actor_nick: actor
                .map_or_else(|| Nick::OPERATOR.into(), |person| person.nick.to_string()),
            action: deed.action.to_owned(),
            room: deed.room,
            room_name: room_name.map(|room| room.name.to_string()),
            target: deed.target.map(|(user, _)| user),
            target_nick: deed.target.map(|(_, nick)| nick.to_string()),
            detail: deed.detail.to_string(),
        };
        self.queue_op(Op::Audit(Box::new(row)));
    }

    /// Forgets what has ended.
    pub(super) fn sweep_peace(&mut self, now: Moment) {
        for id in self.peace.sanctions.ended(now.wall) {
            self.peace.sanctions.remove(id);
            self.queue_op(Op::EndSanction(id));
        }
        let ended = |row: &InviteRow| row.expires_at.plus(ENDED_KNOWN_MS) <= now.wall;
        if self.peace.invites.values().any(ended) {
            self.peace.invites.retain(|_, row| !ended(row));
            let before = crate::model::Timestamp(now.wall.0 - ENDED_KNOWN_MS as i64);
            self.queue_op(Op::ForgetInvites { before });
        }
    }

    /// A room ends: so does what was said about who may be in it.
    pub(super) fn forget_room_peace(&mut self, room: RoomId) {
        for id in self.peace.sanctions.of_room(room) {
            self.peace.sanctions.remove(id);
            self.queue_op(Op::EndSanction(id));
        }
        for report in self.peace.reports.remove(&room).unwrap_or_default() {
            self.queue_op(Op::EndReports { room, seq: report.seq });
        }
        // The next room with this number is another one.
        self.peace.invites.retain(|_, row| row.room != Some(room));
        self.accounts.forget_reads(room);
    }
}
