//! Removing what somebody said: their messages of the last minutes for a moderator, all of them for
//! somebody who goes. The log is read for them in parts, newest first, and each is deleted as
//! its own deletion would.

use super::bucket::Moment;
use super::effect::{Effect, Reply, Want};
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use super::target::Target;
use crate::model::{Act, Body, Moderated, Nick, Reason, Timestamp};
use crate::protocol::{Code, Refusal};
use crate::store::{Page, Query, Range, RoomId, StoreError, Whose};

/// So many messages are looked up at once.
const A_PART: usize = 500;
/// So many removals read at once.
const A_TURN: usize = 8;
/// So many bytes of them.
const PART_BYTES: usize = 4 * 1024 * 1024;

/// A removal that waits for the store to read.
#[derive(Debug)]
pub struct Removing {
    room: RoomId,
    /// Who removes: a moderator, or the author.
    person: Person,
    target: Target,
    since: Timestamp,
    /// Whether the room is told at the end.
    announced: bool,
    reply: Reply,
}

impl Chat {
    /// Removes what somebody said in a room in the last minutes.
    #[expect(clippy::too_many_arguments, reason = "the fields of one order")]
    pub(super) fn remove_words(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
        minutes: u64,
        reason: &Reason,
        reply: Reply,
    ) -> Outcome {
        let mut target = self.target_or_name(nick, Some(room));
        if target.passed_by() {
            // Each of their messages has an identity of its own: the name is all that they share.
            target.user = None;
        }
        let since = Timestamp(now.wall.0.saturating_sub_unsigned(minutes * 60_000));
        let deed = Deed {
            action: "remove",
            room: Some(room),
            target: target.user.map(|user| (user, &target.nick)),
            detail: serde_json::json!({ "minutes": minutes, "reason": reason }),
        };
        self.audit(now, Some(person), deed);
        let person = person.clone();
        let removing = Removing { room, person, target, since, announced: true, reply };
        self.remove_part(now, removing);
        Ok(())
    }

    /// Removes all that the author of the messages said in a room, without a word to anybody.
    pub(super) fn remove_own_words(&mut self, person: &Person, room: RoomId) {
        let target = Target {
            user: Some(person.user),
            nick: person.nick.clone(),
            keys: person.keys.clone(),
            role: person.role,
            sessions: Vec::new(),
            address: None,
        };
        let (person, since, reply) = (person.clone(), Timestamp(0), Reply::Nobody);
        let announced = false;
        self.removals_to_go_on.push(Removing { room, person, target, since, announced, reply });
    }

    fn remove_part(&mut self, now: Moment, removing: Removing) {
        let Some(room) = self.rooms.get_mut(&removing.room) else { return };
        if room.is_volatile() {
            let theirs = |author: &crate::model::Author| match removing.target.user {
                Some(user) => author.user == user,
                None => author.guest && author.nick == removing.target.nick,
            };
            let found: Vec<u64> = room
                .recent
                .after(0)
                .map(|entry| &entry.event)
                .filter(|event| event.at >= removing.since && theirs(&event.author))
                .filter(|event| matches!(&event.body, Body::Message(said) if !said.deleted))
                .map(|event| event.seq)
                .collect();
            self.remove_found(now, removing, &found, false);
            return;
        }
        room.under_way += 1;
        self.removals_read += 1;
        let who = match removing.target.user {
            Some(user) => Whose::User(user),
            None => Whose::Guest(removing.target.nick.clone()),
        };
        let range = Range::By { who, since: removing.since };
        let query = Query { room: removing.room, range, limit: A_PART, max_bytes: PART_BYTES };
        self.effects.push(Effect::Read { want: Want::Removal(Box::new(removing)), query });
    }

    /// The store has looked up a part.
    pub(super) fn removing_page(
        &mut self,
        now: Moment,
        removing: Box<Removing>,
        page: Result<Page, StoreError>,
    ) {
        self.removals_read -= 1;
        if let Some(room) = self.rooms.get_mut(&removing.room) {
            room.under_way -= 1;
        }
        match page {
            Err(_) => self.refuse(removing.reply, &Refusal::new(Code::Busy).retry_after(1000)),
            Ok(page) => {
                let found: Vec<u64> = page.events.iter().map(|event| event.seq).collect();
                self.remove_found(now, *removing, &found, page.more);
            }
        }
    }

    fn remove_found(&mut self, now: Moment, removing: Removing, found: &[u64], more: bool) {
        let Removing { room, ref person, .. } = removing;
        let mut full = false;
        for seq in found {
            let entry = self.entry(now, person, room, Body::deleted(*seq));
            // Nobody waits for each: what is gone already, or going, needs no more.
            if self.room_to_wait().is_err() {
                full = true;
                break;
            }
            let _ = self.delete_message(entry, Waiting::of(Reply::Nobody));
        }
        if full || (more && !found.is_empty()) {
            // The next part is read behind these deletions.
            self.removals_to_go_on.push(removing);
            return;
        }
        if !removing.announced {
            return;
        }
        let Removing { person, target, reply, .. } = removing;
        let body = Body::Moderated(Moderated::person(Act::Removed, target.nick, None));
        let entry = self.entry(now, &person, room, body);
        if let Err(refusal) = self.append(entry, Waiting::for_ok(reply.clone())) {
            self.refuse(reply, &refusal);
        }
    }

    /// Goes on with removals once what they deleted is with the store, a few at a time.
    pub(super) fn go_on_removing(&mut self, now: Moment) {
        if self.closing {
            // Nothing is deleted any more: what is left stays.
            self.removals_to_go_on.clear();
        }
        if self.removals_to_go_on.is_empty() || self.has_appends() {
            return;
        }
        let turn = self.removals_to_go_on.len().min(A_TURN);
        let going_on: Vec<Removing> = self.removals_to_go_on.drain(..turn).collect();
        for removing in going_on {
            self.remove_part(now, removing);
        }
    }
}
