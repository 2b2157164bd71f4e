//! Keeping the peace: what moderators order, whom they may order about, and what the room and the
//! one concerned are told.
//!
//! Invariants: nobody moderates who is not below them; an act counts from the moment of its order,
//! so nothing of somebody banned enters the log behind the ban's own place.

use super::access::Rank;
use super::bucket::Moment;
use super::effect::Reply;
use super::expelling::Note;
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use super::target::Target;
use crate::model::{Act, Body, Moderated, Nick, Reason, Role, Timestamp};
use crate::protocol::{Code, Order, Refusal};
use crate::store::{RoomId, SanctionKind};

impl Chat {
    /// Does what a moderator orders.
    pub(super) fn obey(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        order: Order,
        reply: Reply,
    ) -> Outcome {
        self.must_moderate(person, room, Rank::Room)?;
        // A moderator of the server may be banned from a room by an owner: they do not undo it.
        self.banned_from(now, Some(room), person.known())?;
        self.room_to_wait()?;
        match order {
            Order::Kick { nick, seconds, reason } => {
                self.kick(now, person, room, &nick, seconds, reason, reply)
            }
            Order::Mute { nick, seconds, reason } => {
                self.mute(now, person, room, &nick, seconds, reason, reply)
            }
            Order::Unmute { nick } => {
                self.lift(now, person, (SanctionKind::Mute, Some(room)), room, &nick, reply)
            }
            Order::Ban { nick, seconds, reason, everywhere, address } => {
                let scope = if everywhere { None } else { Some(room) };
                let ban = Ban { scope, seconds, reason, address };
                self.ban(now, person, room, &nick, ban, reply)
            }
            Order::Unban { nick, everywhere } => {
                let scope = if everywhere { None } else { Some(room) };
                self.lift(now, person, (SanctionKind::Ban, scope), room, &nick, reply)
            }
            Order::Role { nick, role, everywhere: false } => {
                self.appoint(now, person, room, &nick, role, reply)
            }
            Order::Role { nick, role, everywhere: true } => {
                self.promote_by(now, person, &nick, role.unwrap_or(Role::Member), reply)
            }
            Order::Remove { nick, minutes, reason } => {
                self.remove_words(now, person, room, &nick, minutes, &reason, reply)
            }
            Order::Settings(patch) => self.change_settings(now, person, room, patch, reply),
            Order::Approve { seq, image } => self.approve(now, person, room, seq, image, reply),
            Order::Sanctions => self.list_sanctions(now, room, reply),
            Order::Reports => self.list_reports(room, reply),
            Order::Dismiss { seq } => self.dismiss_reports(now, person, room, seq, reply),
        }
    }

    /// Refuses who does not moderate a room, or not enough.
    pub(super) fn must_moderate(&self, person: &Person, room: RoomId, least: Rank) -> Outcome {
        let room = self.rooms.get(&room).ok_or(Code::RoomNotFound)?;
        if self.rank(person.user, person.role, room) >= least {
            return Ok(());
        }
        if person.is_guest() {
            return Err(Code::LoginRequired.into());
        }
        let message = match least {
            Rank::Owner => "Only owners of the server may do that.",
            Rank::Server => "Only moderators of the server may do that.",
            _ => "Only moderators of this room may do that.",
        };
        Err(Refusal::because(Code::Forbidden, message))
    }

    /// Refuses orders about oneself and about those who are not below.
    pub(super) fn must_outrank(&self, person: &Person, room: RoomId, target: &Target) -> Outcome {
        let room = self.rooms.get(&room).ok_or(Code::RoomNotFound)?;
        let theirs = target.user.map_or(Rank::Guest, |user| self.rank(user, target.role, room));
        if target.user == Some(person.user) {
            let message = "That is you.";
            return Err(Refusal::because(Code::Forbidden, message).field("nick"));
        }
        if self.rank(person.user, person.role, room) > theirs {
            return Ok(());
        }
        let message = "Their word counts as much as yours here.";
        Err(Refusal::because(Code::Forbidden, message).field("nick"))
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one order")]
    fn kick(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
        seconds: Option<u64>,
        reason: Reason,
        reply: Reply,
    ) -> Outcome {
        let target = self.target(nick, Some(room))?;
        self.must_outrank(person, room, &target)?;
        let here = self.rooms.get(&room).is_some_and(|room| {
            target.sessions.iter().any(|session| room.members.contains_key(session))
        });
        if !here && seconds.is_none() {
            return Err(Refusal::new(Code::NickNotFound).field("nick"));
        }
        let until = seconds.map(|seconds| now.wall.plus(seconds * 1000));
        if until.is_some() {
            self.sentence(
                now,
                person,
                Some(room),
                SanctionKind::Ban,
                &target,
                until,
                &reason,
                true,
            )?;
        }
        let note = Note { act: Act::Kicked, by: &person.nick, reason: &reason, until };
        self.expel(now, room, &target, &note);
        self.note_deed(now, person, "kick", Some(room), &target, until, &reason);
        self.announce(now, person, room, Act::Kicked, &target, until, reply)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one order")]
    fn mute(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
        seconds: u64,
        reason: Reason,
        reply: Reply,
    ) -> Outcome {
        let target = self.target(nick, Some(room))?;
        self.must_outrank(person, room, &target)?;
        let until = Some(now.wall.plus(seconds * 1000));
        self.sentence(now, person, Some(room), SanctionKind::Mute, &target, until, &reason, false)?;
        let note = Note { act: Act::Muted, by: &person.nick, reason: &reason, until };
        for session in target.sessions.clone() {
            self.stop_typing(session, room);
            self.tell_one(session, Some(room), &note);
        }
        self.note_deed(now, person, "mute", Some(room), &target, until, &reason);
        self.announce(now, person, room, Act::Muted, &target, until, reply)
    }

    fn ban(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
        ban: Ban,
        reply: Reply,
    ) -> Outcome {
        if ban.scope.is_none() {
            self.must_moderate(person, room, Rank::Server)?;
        }
        let target = self.target(nick, Some(room))?;
        self.must_outrank(person, room, &target)?;
        if ban.scope.is_none() && target.role >= person.role {
            let message = "Their word counts as much as yours on this server.";
            return Err(Refusal::because(Code::Forbidden, message).field("nick"));
        }
        let Ban { scope, seconds, reason, address } = ban;
        let until = seconds.map(|seconds| now.wall.plus(seconds * 1000));
        self.sentence(now, person, scope, SanctionKind::Ban, &target, until, &reason, address)?;
        let note = Note { act: Act::Banned, by: &person.nick, reason: &reason, until };
        match scope {
            Some(room) => {
                self.expel(now, room, &target, &note);
                if let Some(user) = target.user {
                    self.set_room_role(room, user, None);
                }
            }
            None => self.expel_everywhere(now, person, &target, &note, room),
        }
        self.note_deed(now, person, "ban", scope, &target, until, &reason);
        self.announce(now, person, room, Act::Banned, &target, until, reply)
    }

    /// Puts what was done into the room's log.
    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn announce(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        act: Act,
        target: &Target,
        until: Option<Timestamp>,
        reply: Reply,
    ) -> Outcome {
        let body = Body::Moderated(Moderated::person(act, target.nick.clone(), until));
        let entry = self.entry(now, person, room, body);
        self.append(entry, Waiting::for_ok(reply))
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    pub(super) fn note_deed(
        &mut self,
        now: Moment,
        person: &Person,
        action: &'static str,
        room: Option<RoomId>,
        target: &Target,
        until: Option<Timestamp>,
        reason: &Reason,
    ) {
        let detail = serde_json::json!({ "reason": reason, "until": until });
        let target = target.user.map(|user| (user, &target.nick));
        self.audit(now, Some(person), Deed { action, room, target, detail });
    }
}

/// A ban as it was ordered.
struct Ban {
    /// The room; the server if it says nothing.
    scope: Option<RoomId>,
    seconds: Option<u64>,
    reason: Reason,
    address: bool,
}
