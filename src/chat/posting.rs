//! Sending without a socket: who it is, and the same way into the log as everybody's.

use super::bucket::{Bucket, Moment};
use super::effect::{Channel, Reply};
use super::speaking::Waiting;
use super::state::Chat;
use crate::model::{Author, Nick, RoomName, TokenHash, UserId};
use crate::protocol::{Code, Draft, Rate, Refusal};
use crate::store::{Append, Rights};

/// So many addresses may send without a session between two sweeps.
const MAX_PASSERS_BY: usize = 10_000;

/// Somebody who sends without a socket.
#[derive(Debug)]
pub enum Asker {
    /// The holder of a session's token.
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
        if let Err((channel, refusal)) = self.try_post(now, asker, room, draft, channel) {
            self.refuse(Reply::Http(channel), &refusal);
        }
    }

    fn try_post(
        &mut self,
        now: Moment,
        asker: Asker,
        room: &RoomName,
        draft: Draft,
        channel: Channel,
    ) -> Result<(), (Channel, Refusal)> {
        let author = match self.author(now, asker) {
            Ok(author) => author,
            Err(refusal) => return Err((channel, refusal)),
        };
        let Some(&id) = self.room_keys.get(&room.key()) else {
            return Err((channel, Code::RoomNotFound.into()));
        };
        let body = match self.message(now, draft) {
            Ok(body) => body,
            Err(refusal) => return Err((channel, refusal)),
        };
        let name_key = author.nick.keys().folded.to_string();
        let rights = Rights::default();
        let append = Append { room: id, at: now.wall, author, name_key, body, rights };
        if let Err(refusal) = self.room_to_wait() {
            return Err((channel, refusal));
        }
        let waiting = Waiting::of(Reply::Http(channel));
        // There is room: this cannot be refused any more.
        let _ = self.append(append, waiting);
        Ok(())
    }

    fn author(&mut self, now: Moment, asker: Asker) -> Result<Author, Refusal> {
        match asker {
            Asker::Token(hash) => {
                let who = *self.tokens.get(&hash).ok_or(Code::BadCredentials)?;
                self.charge(now, who, Rate::Message)?;
                let session = self.sessions.get(&who).ok_or(Code::BadCredentials)?;
                Ok(Author { user: session.user, nick: session.nick.clone(), guest: true })
            }
            Asker::Nick(nick, address) => {
                if !self.rules.guests {
                    return Err(Code::GuestsNotAdmitted.into());
                }
                self.charge_address(now, address)?;
                if self.names.holder(&nick.keys()).is_some() {
                    return Err(Refusal::new(Code::NickTaken).field("nick"));
                }
                Ok(Author { user: UserId::random(&mut self.rng), nick, guest: true })
            }
        }
    }

    /// One-shot guests have no session: their address has the bucket.
    fn charge_address(&mut self, now: Moment, address: [u8; 32]) -> Result<(), Refusal> {
        let pace = self.rules.messages();
        if self.passers_by.len() >= MAX_PASSERS_BY && !self.passers_by.contains_key(&address) {
            return Err(Refusal::new(Code::Busy).retry_after(1000));
        }
        let full = Bucket::full(pace, now);
        let taken = self.passers_by.entry(address).or_insert(full).take(pace, now);
        taken.map_err(|millis| Refusal::new(Code::RateLimited).retry_after(millis))
    }
}
