//! Rooms with rules of their own: created on purpose, and entered by invitation.

use super::access::Rank;
use super::bucket::Moment;
use super::effect::Reply;
use super::peace::Deed;
use super::people::Person;
use super::room::Room;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::{Keep, RoomName, RoomRole, RoomSettings, TokenHash, UserId, Visibility, secret};
use crate::protocol::{Code, Created, Invited, Refusal, wire};
use crate::store::{InviteRow, Op, RoomId};

/// So many invitations may be known at a time, and so many of one person.
const MAX_INVITES: usize = 50_000;
const MAX_INVITES_EACH: usize = 500;

impl Chat {
    /// Opens a room with its own rules; its founder moderates it.
    pub(super) fn create(
        &mut self,
        now: Moment,
        person: &Person,
        name: RoomName,
        visibility: Visibility,
        history: Option<Keep>,
        reply: Reply,
    ) -> Outcome {
        self.room_to_wait()?;
        // Who may not create rooms does not learn here which names private ones have.
        if !self.rules.open_creation && person.role < crate::model::Role::Moderator {
            let message = "Only the server's moderators create rooms here.";
            return Err(Refusal::because(Code::Forbidden, message));
        }
        self.room_for_one_more(person)?;
        if self.room_keys.contains_key(&name.key()) {
            return Err(Refusal::new(Code::RoomTaken).field("room"));
        }
        let settings =
            RoomSettings { visibility, keep: history, founded: true, ..RoomSettings::default() };
        let row = self.new_room(name, now.wall, settings);
        let id = row.id;
        let keep = self.rooms.get(&id).map_or(Keep::Nothing, |room| room.keep);
        let history = keep.to_string();
        let frame = wire::text(&Created { id: reply.id(), room: &row.name, visibility, history });
        self.queue_awaited(Op::CreateRoom(row), Waiting::for_frame(reply, frame));
        self.set_room_role(id, person.user, Some(RoomRole::Moderator));
        let detail = serde_json::json!({ "visibility": visibility });
        let deed = Deed { action: "create", room: Some(id), target: None, detail };
        self.audit(now, Some(person), deed);
        Ok(())
    }

    fn room_for_one_more(&self, person: &Person) -> Outcome {
        if self.rooms.len() >= self.rules.max_rooms {
            let message = "This server has as many rooms as it may have.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        let theirs = |room: &&Room| {
            room.settings.founded && room.roles.get(&person.user) == Some(&RoomRole::Moderator)
        };
        let most = self.rules.rooms_created;
        if most > 0 && self.rooms.values().filter(theirs).count() >= most {
            let message = format!("You look after {most} rooms, as many as one may have created.");
            return Err(Refusal::because(Code::TooManyRooms, message));
        }
        Ok(())
    }

    /// Makes an invitation into a room.
    pub(super) fn invite(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        uses: u32,
        seconds: u64,
        reply: Reply,
    ) -> Outcome {
        self.must_moderate(person, room, Rank::Room)?;
        self.banned_from(now, Some(room), person.known())?;
        let (secret, row) = self.new_invite(now, person.user, Some(room), uses, seconds)?;
        let Some(name) = self.rooms.get(&room).map(|room| room.name.clone()) else {
            return Err(Code::RoomNotFound.into());
        };
        let frame = wire::text(&Invited {
            id: reply.id(),
            room: &name,
            invite: &secret,
            link: format!("/r/{name}#invite={secret}"),
            uses,
            expires_at: row.expires_at,
        });
        let detail = serde_json::json!({ "uses": uses, "until": row.expires_at });
        self.queue_awaited(Op::SaveInvite(Box::new(row)), Waiting::for_frame(reply, frame));
        let deed = Deed { action: "invite", room: Some(room), target: None, detail };
        self.audit(now, Some(person), deed);
        Ok(())
    }

    /// Makes an invitation to register.
    pub(super) fn invite_to_register(
        &mut self,
        now: Moment,
        person: Option<&Person>,
        uses: u32,
        seconds: u64,
        reply: Reply,
    ) -> Outcome {
        let by = person.map_or(UserId(0), |person| person.user);
        let (secret, row) = self.new_invite(now, by, None, uses, seconds)?;
        let frame = wire::text(&serde_json::json!({
            "invitation": secret,
            "link": format!("/#invitation={secret}"),
            "uses": uses,
            "expires_at": row.expires_at,
        }));
        let detail = serde_json::json!({ "uses": uses, "until": row.expires_at });
        self.queue_awaited(Op::SaveInvite(Box::new(row)), Waiting::for_frame(reply, frame));
        self.audit(now, person, Deed { action: "invite", room: None, target: None, detail });
        Ok(())
    }

    /// A new invitation: into a room, or (none) to register. It works from now on.
    pub(super) fn new_invite(
        &mut self,
        now: Moment,
        by: UserId,
        room: Option<RoomId>,
        uses: u32,
        seconds: u64,
    ) -> Result<(String, InviteRow), Refusal> {
        self.room_to_wait()?;
        let mine = self.peace.invites.values().filter(|row| row.by == by).count();
        if self.peace.invites.len() >= MAX_INVITES || mine >= MAX_INVITES_EACH {
            let message = "There are as many invitations as there may be; wait until some end.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        let secret = secret("pi_", &mut self.rng);
        let row = InviteRow {
            secret: TokenHash::of(&secret),
            room,
            by,
            uses_left: uses,
            created_at: now.wall,
            expires_at: now.wall.plus(seconds.saturating_mul(1000)),
        };
        self.peace.invites.insert(row.secret, row.clone());
        Ok((secret, row))
    }

    /// Uses an invitation up by one, if it is one for `room` (none: to register).
    ///
    /// # Errors
    /// `None` for a secret that never was one, `Some` for an invitation that has ended.
    pub(super) fn use_invite(
        &mut self,
        now: Moment,
        secret: TokenHash,
        room: Option<RoomId>,
    ) -> Result<(), Option<Code>> {
        let row = self.peace.invites.get_mut(&secret).filter(|row| row.room == room).ok_or(None)?;
        if row.uses_left == 0 || row.expires_at <= now.wall {
            return Err(Some(Code::RoomPrivate));
        }
        row.uses_left -= 1;
        let row = row.clone();
        self.queue_op(Op::SaveInvite(Box::new(row)));
        Ok(())
    }

    /// Lets somebody into a private room with an invitation: an account for good, a guest for as
    /// long as they have their place.
    pub(super) fn redeem(
        &mut self,
        now: Moment,
        person: &Person,
        room: RoomId,
        invite: Option<TokenHash>,
    ) -> Outcome {
        let secret = invite.ok_or(Code::RoomNotFound)?;
        let known = self.peace.invites.get(&secret).is_some_and(|row| row.room == Some(room));
        if !known {
            return Err(Code::RoomNotFound.into());
        }
        // Who is banned, or a guest where none may be, does not use it up.
        self.let_in(now, person, room)?;
        self.use_invite(now, secret, Some(room))
            .map_err(|ended| Refusal::new(ended.unwrap_or(Code::RoomNotFound)))?;
        if !person.is_guest() {
            self.set_room_role(room, person.user, Some(RoomRole::Member));
        }
        Ok(())
    }
}
