//! A room's rules and who is what in it, changed by its moderators; and what follows for those who
//! are in it.

use super::access::closed_to;
use super::bucket::Moment;
use super::effect::Reply;
use super::expelling::Note;
use super::peace::Deed;
use super::people::Person;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{Act, Body, Moderated, Nick, Reason, Role, RoomRole, SessionId, Settings};
use crate::protocol::{Code, Patch, Refusal};
use crate::store::{Op, RoomId};

impl Chat {
    /// Says what somebody is in a room.
    pub(super) fn appoint(
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
        self.append(entry, Waiting::for_ok(reply))?;
        self.put_out_of_private(now, person, room, nick)
    }

    /// For whom a private room does not exist any more, it ends at once, also on open sockets.
    fn put_out_of_private(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        nick: &Nick,
    ) -> Outcome {
        let target = self.target(nick, Some(room))?;
        let belongs = self.rooms.get(&room).is_none_or(|entry| {
            !entry.is_private()
                || target.role == Role::Owner
                || target.user.is_some_and(|user| entry.roles.contains_key(&user))
        });
        if !belongs {
            let reason = Reason::none();
            let note = Note { act: Act::Kicked, by: &person.nick, reason: &reason, until: None };
            self.expel(now, room, &target, &note);
        }
        Ok(())
    }

    pub(super) fn change_settings(
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
        let public = Settings::from(settings);
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
        self.end_blind_observers(room);
    }

    /// Ends the event streams of those who may not read a room any more.
    pub(super) fn end_blind_observers(&mut self, room: RoomId) {
        self.end_observers(|chat, observer| {
            observer.room == room
                && chat.rooms.get(&room).is_none_or(|entry| {
                    let guest = observer.person.as_ref().is_none_or(Person::is_guest);
                    !chat.sees(observer.person.as_ref(), entry) || closed_to(guest, entry).is_err()
                })
        });
    }
}
