//! Sending without a socket: who it is, and the same way into the log as everybody's.

use super::bucket::Moment;
use super::effect::{Channel, Reply};
use super::people::Person;
use super::state::{Chat, Outcome};
use crate::model::{Body, Nick, Role, RoomName, TokenHash, UserId};
use crate::protocol::{Code, Command, Draft, Needs, Rate, Refusal, Request};

/// Somebody who sends without a socket.
#[derive(Debug)]
pub enum Asker {
    /// The holder of a session's or a login's token.
    Token(TokenHash),
    /// A guest for one request, with a fingerprint of the address it comes from.
    Nick(Nick, [u8; 32]),
}

impl Chat {
    /// Takes a message that came over HTTP.
    pub fn post(
        &mut self,
        now: Moment,
        asker: Asker,
        room: &RoomName,
        draft: Draft,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        if let Err(refusal) = self.try_post(now, asker, room, draft, reply.clone()) {
            self.refuse(reply, &refusal);
        }
    }

    fn try_post(
        &mut self,
        now: Moment,
        asker: Asker,
        room: &RoomName,
        draft: Draft,
        reply: Reply,
    ) -> Outcome {
        let person = self.passer_by(now, asker)?;
        let id = self.reach(now, &person, room)?;
        let body = self.message(now, draft)?;
        self.say(now, &person, id, body, reply)
    }

    fn passer_by(&mut self, now: Moment, asker: Asker) -> Result<Person, Refusal> {
        match asker {
            Asker::Token(hash) => {
                let person = self.holder(now, &hash)?;
                self.charge_person(now, &person, Rate::Message)?;
                Ok(person)
            }
            Asker::Nick(nick, address) => {
                if !self.rules.guests {
                    return Err(Code::GuestsNotAdmitted.into());
                }
                self.passers_by.take(address, now)?;
                let keys = nick.keys();
                self.name_is_free(&keys, None)?;
                let user = UserId::random(&mut self.rng);
                let (role, session, login) = (Role::Guest, None, None);
                let address = Some(address);
                let person = Person { user, nick, keys, role, session, login, address };
                self.banned_from(now, None, person.suspect())?;
                Ok(person)
            }
        }
    }

    /// Takes any other request about a room that came over HTTP, from the holder of a token.
    pub fn order(
        &mut self,
        now: Moment,
        token: &TokenHash,
        row: &'static Command,
        request: Request,
        channel: Channel,
    ) {
        let reply = Reply::Http(channel);
        if let Err(refusal) = self.try_order(now, token, row, request, reply.clone()) {
            self.refuse(reply, &refusal);
        }
    }

    fn try_order(
        &mut self,
        now: Moment,
        token: &TokenHash,
        row: &'static Command,
        request: Request,
        reply: Reply,
    ) -> Outcome {
        let person = self.holder(now, token)?;
        self.charge_person(now, &person, row.rate)?;
        if row.needs > Needs::Hello && person.is_guest() {
            return Err(Code::LoginRequired.into());
        }
        let there = |chat: &Self, room: Option<RoomName>| {
            let name = room.ok_or_else(|| Refusal::new(Code::MissingField).field("room"))?;
            chat.find_room(Some(&person), &name).ok_or_else(|| Refusal::new(Code::RoomNotFound))
        };
        match request {
            Request::Moderate { room, order } => {
                let room = there(self, room)?;
                self.obey(now, &person, room, order, reply)
            }
            Request::Invite { room, uses, seconds } => {
                let room = there(self, room)?;
                self.invite(now, &person, room, uses, seconds, reply)
            }
            Request::Create { room, visibility, history } => {
                self.create(now, &person, room, visibility, history, reply)
            }
            Request::Report { room, seq, reason } => {
                let room = there(self, room)?;
                self.let_in(now, &person, room)?;
                self.report(now, &person, room, seq, reason, reply)
            }
            Request::Delete { room, seq } => {
                let room = there(self, room)?;
                self.let_in(now, &person, room)?;
                self.say(now, &person, room, Body::deleted(seq), reply)
            }
            _ => Err(Code::UnknownType.into()),
        }
    }
}
