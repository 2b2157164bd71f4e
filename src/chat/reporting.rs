//! Messages that people report to the moderators, and the lists that moderators work from.

use super::access::Rank;
use super::bucket::Moment;
use super::effect::Reply;
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{ConnId, Nick, Reason};
use crate::protocol::{
    Code, Refusal, ReportView, Reported, Reports, SanctionView, Sanctions, wire,
};
use crate::store::{Op, ReportRow, RoomId};

/// So many reports of one room wait at a time.
const MAX_REPORTS: usize = 1000;
/// So many rows a list has.
const LISTED: usize = 200;

impl Chat {
    /// Tells the moderators of a message.
    pub(super) fn report(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        seq: u64,
        reason: Reason,
        reply: Reply,
    ) -> Outcome {
        self.room_to_wait()?;
        let head = self.rooms.get(&room).map_or(0, |room| room.seq);
        if !(1..=head).contains(&seq) {
            return Err(Refusal::new(Code::MessageNotFound).field("seq"));
        }
        let reports = self.peace.reports.entry(room).or_default();
        if reports.iter().any(|row| row.seq == seq && row.user == person.user) {
            self.answer_ok(reply);
            return Ok(());
        }
        if reports.len() >= MAX_REPORTS {
            let message = "The moderators have as many reports as they can look at.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        let (user, nick, at) = (person.user, person.nick.clone(), now.wall);
        let row = ReportRow { room, seq, user, nick, reason: reason.clone(), at };
        reports.push(row.clone());
        self.queue_awaited(Op::SaveReport(Box::new(row)), Waiting::for_ok(reply));
        self.tell_moderators(room, seq, &person.nick, &reason);
        Ok(())
    }

    /// Tells those moderators who are in a room that something waits for them.
    fn tell_moderators(&mut self, id: RoomId, seq: u64, by: &Nick, reason: &Reason) {
        let Some(room) = self.rooms.get(&id) else { return };
        let listening = room.members.keys().filter_map(|session| self.sessions.get(session));
        let moderators: Vec<ConnId> = listening
            .filter(|session| self.rank(session.user, session.role, room) >= Rank::Room)
            .filter_map(|session| session.conn)
            .collect();
        let frame = wire::text(&Reported { room: &room.name, seq, by, reason });
        for conn in moderators {
            self.give_unasked(conn, frame.clone());
        }
    }

    /// Lists what was reported.
    pub(super) fn list_reports(&mut self, room: RoomId, reply: Reply) -> Outcome {
        let name = self.rooms.get(&room).map(|room| room.name.clone()).ok_or(Code::RoomNotFound)?;
        let rows = self.peace.reports.get(&room).map_or(&[][..], Vec::as_slice);
        let more = rows.len() > LISTED;
        let view = |row: &ReportRow| {
            let ReportRow { seq, nick, reason, at, .. } = row.clone();
            ReportView { seq, by: nick, reason, at }
        };
        let reports: Vec<ReportView> = rows.iter().take(LISTED).map(view).collect();
        self.answer(reply, |id| wire::text(&Reports { id, room: &name, reports, more }));
        Ok(())
    }

    /// The reports of a message have been dealt with.
    pub(super) fn dismiss_reports(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        seq: u64,
        reply: Reply,
    ) -> Outcome {
        let reports = self.peace.reports.entry(room).or_default();
        let before = reports.len();
        reports.retain(|row| row.seq != seq);
        if reports.len() == before {
            let message = "Nobody reported this message, or it was dealt with.";
            return Err(Refusal::because(Code::MessageNotFound, message).field("seq"));
        }
        let detail = serde_json::json!({ "seq": seq });
        let deed = Deed { action: "dismiss", room: Some(room), target: None, detail };
        self.queue_awaited(Op::EndReports { room, seq }, Waiting::for_ok(reply));
        self.audit(now, Some(person), deed);
        Ok(())
    }

    /// Lists the mutes and bans that hold in a room.
    pub(super) fn list_sanctions(&mut self, now: Moment, room: RoomId, reply: Reply) -> Outcome {
        let name = self.rooms.get(&room).map(|room| room.name.clone()).ok_or(Code::RoomNotFound)?;
        let rows = self.peace.sanctions.in_room(Some(room), now.wall);
        let more = rows.len() > LISTED;
        let view = |row: &crate::store::SanctionRow| SanctionView {
            kind: row.kind.name(),
            nick: row.nick.clone(),
            everywhere: row.room.is_none(),
            address: row.address.is_some(),
            until: row.until,
            by: row.by.clone(),
            reason: row.reason.clone(),
            at: row.at,
        };
        let sanctions: Vec<SanctionView> = rows.into_iter().take(LISTED).map(view).collect();
        self.answer(reply, |id| wire::text(&Sanctions { id, room: &name, sanctions, more }));
        Ok(())
    }
}
