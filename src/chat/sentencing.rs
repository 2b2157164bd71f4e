//! Mutes and bans as they are written down, and lifted.

use super::access::Rank;
use super::bucket::Moment;
use super::effect::Reply;
use super::expelling::Note;
use super::people::Person;
use super::sanctions::MAX_SANCTIONS;
use super::state::{Chat, Outcome};
use super::target::Target;
use crate::model::{Act, Nick, Reason, Role, Timestamp};
use crate::protocol::{Code, Refusal};
use crate::store::{Op, RoomId, SanctionKind, SanctionRow};

impl Chat {
    /// Writes a mute or a ban down; one of the same kind in the same place gives way to it.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    pub(super) fn sentence(
        &mut self,
        now: Moment,
        person: &Person,
        room: Option<RoomId>,
        kind: SanctionKind,
        target: &Target,
        until: Option<Timestamp>,
        reason: &Reason,
        address: bool,
    ) -> Outcome {
        if self.peace.sanctions.count() >= MAX_SANCTIONS {
            let message = "There are as many mutes and bans as there may be; lift some.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        self.lift_all(kind, room, target);
        let guest = target.role == Role::Guest;
        let row = SanctionRow {
            id: (rand::Rng::next_u64(&mut self.rng) >> 1) as i64,
            room,
            kind,
            user: target.user,
            name_key: guest.then(|| target.keys.folded.to_string()),
            address: target.address.filter(|_| guest && address && kind == SanctionKind::Ban),
            nick: target.nick.clone(),
            until,
            by: person.nick.clone(),
            reason: reason.clone(),
            at: now.wall,
        };
        self.queue_op(Op::SaveSanction(Box::new(row.clone())));
        self.peace.sanctions.add(row);
        Ok(())
    }

    pub(super) fn lift(
        &mut self,
        now: Moment,
        person: &Person,
        (kind, scope): (SanctionKind, Option<RoomId>),
        room: RoomId,
        nick: &Nick,
        reply: Reply,
    ) -> Outcome {
        if scope.is_none() {
            self.must_moderate(person, room, Rank::Server)?;
        }
        let target = self.target_or_name(nick, Some(room));
        if target.user == Some(person.user) {
            return Err(Refusal::because(Code::Forbidden, "That is you.").field("nick"));
        }
        if self.lift_all(kind, scope, &target) == 0 {
            let message = match kind {
                SanctionKind::Mute => "Nobody of that name is muted here.",
                SanctionKind::Ban => "Nobody of that name is banned here.",
            };
            return Err(Refusal::because(Code::NickNotFound, message).field("nick"));
        }
        let (act, action) = match kind {
            SanctionKind::Mute => (Act::Unmuted, "unmute"),
            SanctionKind::Ban => (Act::Unbanned, "unban"),
        };
        let reason = Reason::none();
        let note = Note { act, by: &person.nick, reason: &reason, until: None };
        for session in target.sessions.clone() {
            self.tell_one(session, scope, &note);
        }
        self.note_deed(now, person, action, scope, &target, None, &reason);
        self.announce(now, person, room, act, &target, None, reply)
    }

    /// Lifts what holds against somebody; says how many there were.
    fn lift_all(&mut self, kind: SanctionKind, room: Option<RoomId>, target: &Target) -> usize {
        let named = |row: &SanctionRow| row.nick.keys().folded == target.keys.folded;
        let ids = self.peace.sanctions.about(kind, room, target.user, named);
        for id in &ids {
            self.peace.sanctions.remove(*id);
            self.queue_op(Op::EndSanction(*id));
        }
        ids.len()
    }
}
