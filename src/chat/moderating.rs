//! Keeping the peace: what moderators order, whom they may order about, and what the room and the
//! one concerned are told.
//!
//! Invariants: nobody moderates who is not below them; an act counts from the moment of its order,
//! so nothing of somebody banned enters the log behind the ban's own place.

use super::access::Rank;
use super::bucket::Moment;
use super::effect::{Answer, Effect, Reply};
use super::peace::Deed;
use super::people::Person;
use super::sanctions::{MAX_SANCTIONS, Suspect};
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use super::target::Target;
use crate::model::{
    Act, Body, ConnId, ImageId, Moderated, Nick, Reason, Role, RoomRole, SessionId, Timestamp,
};
use crate::protocol::{Close, Code, Moderation, Order, Patch, Refusal, wire};
use crate::store::{Op, RoomId, SanctionKind, SanctionRow};

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
    fn must_outrank(&self, person: &Person, room: RoomId, target: &Target) -> Outcome {
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

    /// Writes a mute or a ban down; one of the same kind in the same place gives way to it.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn sentence(
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

    fn lift(
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

    /// Says what somebody is in a room.
    fn appoint(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
        role: Option<Role>,
        reply: Reply,
    ) -> Outcome {
        let target = self.target(nick, Some(room))?;
        let (Some(user), true) = (target.user, target.role != Role::Guest) else {
            let message = "Only somebody with an account can be something in a room.";
            return Err(Refusal::because(Code::Forbidden, message).field("nick"));
        };
        self.must_outrank(person, room, &target)?;
        let special = match role {
            Some(Role::Moderator) => Some(RoomRole::Moderator),
            Some(_) => Some(RoomRole::Member),
            None => None,
        };
        let looks = self.looks_of(&target.sessions);
        self.set_room_role(room, user, special);
        self.tell_looks_of(now, looks);
        self.recheck_room(now, room, &person.nick);
        let deed = Deed {
            action: "role",
            room: Some(room),
            target: Some((user, &target.nick)),
            detail: serde_json::json!({ "role": special }),
        };
        self.audit(now, Some(person), deed);
        let shown =
            self.rooms.get(&room).map_or(target.role, |r| self.role_in(user, target.role, r));
        let body = Body::Moderated(Moderated::role(target.nick, shown));
        let entry = self.entry(now, person, room, body);
        self.append(entry, Waiting::for_ok(reply))
    }

    fn change_settings(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        patch: Patch,
        reply: Reply,
    ) -> Outcome {
        let Some(entry) = self.rooms.get_mut(&room) else { return Err(Code::RoomNotFound.into()) };
        let mut settings = entry.settings;
        settings.visibility = patch.visibility.unwrap_or(settings.visibility);
        settings.guests = patch.guests.unwrap_or(settings.guests);
        settings.slow_s = patch.slow_s.unwrap_or(settings.slow_s);
        settings.topic_locked = patch.topic_locked.unwrap_or(settings.topic_locked);
        settings.founded = true;
        if patch.visibility.is_some_and(|it| it != entry.settings.visibility) {
            // Those who are in it belong to it: nobody is locked out by surprise.
            self.keep_members(room);
        }
        let Some(entry) = self.rooms.get_mut(&room) else { return Err(Code::RoomNotFound.into()) };
        entry.settings = settings;
        self.queue_op(Op::SetRoom { room, settings });
        self.recheck_room(now, room, &person.nick);
        let public = crate::model::Settings::from(settings);
        let detail = serde_json::to_value(public).unwrap_or_default();
        let deed = Deed { action: "settings", room: Some(room), target: None, detail };
        self.audit(now, Some(person), deed);
        let body = Body::Moderated(Moderated::settings(public));
        let entry = self.entry(now, person, room, body);
        self.append(entry, Waiting::for_ok(reply))
    }

    /// Accounts that are in a room are its members from now on.
    fn keep_members(&mut self, room: RoomId) {
        let Some(entry) = self.rooms.get(&room) else { return };
        let account = |id: &SessionId| {
            let session = self.sessions.get(id).filter(|session| !session.is_guest())?;
            (!entry.roles.contains_key(&session.user)).then_some(session.user)
        };
        let users: Vec<_> = entry.members.keys().filter_map(account).collect();
        for user in users {
            self.set_room_role(room, user, Some(RoomRole::Member));
        }
    }

    /// After a change of rules or roles: who may not be in a room any more leaves it, and whoever
    /// may not read it any more is no longer shown it.
    pub(super) fn recheck_room(&mut self, now: Moment, room: RoomId, by: &Nick) {
        let Some(entry) = self.rooms.get(&room) else { return };
        let guests = entry.settings.guests;
        let out: Vec<SessionId> = entry
            .members
            .keys()
            .filter(|id| self.sessions.get(id).is_some_and(|s| s.is_guest() && !guests))
            .copied()
            .collect();
        let reason = Reason::none();
        for session in out {
            let note = Note { act: Act::Kicked, by, reason: &reason, until: None };
            self.send_out(now, session, room, &note);
        }
        self.end_observers(|chat, observer| {
            observer.room == room
                && chat.rooms.get(&room).is_none_or(|entry| {
                    let guest = observer.person.as_ref().is_none_or(Person::is_guest);
                    !chat.sees(observer.person.as_ref(), entry)
                        || super::access::closed_to(guest, entry).is_err()
                })
        });
    }

    /// Sends somebody out of a room, on all their devices, and off its event streams.
    pub(super) fn expel(&mut self, now: Moment, room: RoomId, target: &Target, note: &Note<'_>) {
        for session in target.sessions.clone() {
            self.send_out(now, session, room, note);
        }
        self.end_banned_observers(now, target, Some(room));
    }

    /// Ends the event streams of somebody in a room (none: in all), and those of nobody in particular
    /// that come from an address that was banned with them.
    fn end_banned_observers(&mut self, now: Moment, target: &Target, room: Option<RoomId>) {
        let user = target.user;
        self.end_observers(|chat, observer| {
            let here = room.is_none_or(|room| observer.room == room);
            here && match &observer.person {
                Some(person) => user == Some(person.user),
                None => {
                    let address = Some(observer.address);
                    let suspect = Suspect { address, ..Suspect::default() };
                    chat.banned_from(now, Some(observer.room), suspect).is_err()
                }
            }
        });
    }

    /// Sends one session out of a room, if it is there; where it was its last, it goes altogether.
    fn send_out(&mut self, now: Moment, session: SessionId, room: RoomId, note: &Note<'_>) {
        if !self.rooms.get(&room).is_some_and(|room| room.members.contains_key(&session)) {
            return;
        }
        self.tell_one(session, Some(room), note);
        let conn = self.sessions.get(&session).and_then(|entry| entry.conn);
        if let Some(conn) = conn {
            self.mute_place(session, conn, room);
        }
        self.vacate(now, session, room);
        self.save(session);
        if self.sessions.get(&session).is_some_and(|entry| entry.rooms.is_empty()) {
            self.dismiss_session(now, session, Close::Removed);
        }
    }

    /// Ends all that somebody has on this server; the rooms that they were in hear why.
    fn expel_everywhere(
        &mut self,
        now: Moment,
        person: &Person,
        target: &Target,
        note: &Note<'_>,
        told: RoomId,
    ) {
        let mut rooms: Vec<RoomId> = Vec::new();
        for session in target.sessions.clone() {
            self.tell_one(session, None, note);
            let theirs = self.sessions.get(&session).map_or(&[][..], |entry| &entry.rooms);
            rooms.extend(theirs.iter().filter(|room| **room != told));
            self.dismiss_session(now, session, Close::Removed);
        }
        rooms.sort_unstable();
        rooms.dedup();
        for room in rooms {
            // The other rooms' announcements are not waited for.
            let _ = self.announce(now, person, room, note.act, target, note.until, Reply::Nobody);
        }
        self.end_banned_observers(now, target, None);
    }

    /// Tells somebody what was done to them.
    fn tell_one(&mut self, session: SessionId, room: Option<RoomId>, note: &Note<'_>) {
        let Some(conn) = self.sessions.get(&session).and_then(|entry| entry.conn) else { return };
        let name = room.and_then(|room| self.rooms.get(&room)).map(|room| &room.name);
        let Note { act: action, by, reason, until } = *note;
        let frame = wire::text(&Moderation { room: name, action, by, reason, until });
        self.give_unasked(conn, frame);
    }

    /// Gives a frame to a connection that did not ask for it.
    pub(super) fn give_unasked(&mut self, conn: ConnId, frame: bytes::Bytes) {
        self.effects.push(Effect::To { conn, frame, answer: Answer::None });
    }

    /// Puts what was done into the room's log.
    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn announce(
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
    fn note_deed(
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

    fn approve(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        seq: u64,
        image: ImageId,
        reply: Reply,
    ) -> Outcome {
        let shown = self.pictures.get(image).is_some_and(|picture| {
            picture.row.room == room && picture.row.seq == Some(seq) && picture.row.pending
        });
        if !shown {
            let message = "No such picture waits here.";
            return Err(Refusal::because(Code::ImageNotFound, message).field("image"));
        }
        let deed = Deed {
            action: "approve",
            room: Some(room),
            target: None,
            detail: serde_json::json!({ "seq": seq, "image": image }),
        };
        self.audit(now, Some(person), deed);
        let note = self.entry(now, person, room, Body::approved(seq, image));
        if self.rooms.get(&room).is_some_and(|room| room.is_volatile()) {
            self.pictures.approved(image);
            return self.append(note, Waiting::of(reply));
        }
        self.queue_awaited(
            Op::ApproveImage { id: image, note: Box::new(note) },
            Waiting::of(reply),
        );
        Ok(())
    }

    /// The store has noted that a picture may be seen.
    pub(super) fn picture_approved(
        &mut self,
        image: ImageId,
        note: crate::store::Append,
        outcome: &crate::store::Outcome,
        waiting: Option<Waiting>,
    ) {
        self.pictures.approved(image);
        let Some(waiting) = waiting else { return };
        match outcome {
            crate::store::Outcome::Appended { .. } => self.settle(note, waiting, outcome.clone()),
            _ => self.refuse(waiting.reply, &Code::ImageNotFound.into()),
        }
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

/// What the one concerned is told.
#[derive(Clone, Copy)]
pub(super) struct Note<'a> {
    pub act: Act,
    pub by: &'a Nick,
    pub reason: &'a Reason,
    pub until: Option<Timestamp>,
}
