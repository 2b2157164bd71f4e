//! How far accounts have read, on all their devices.

use super::effect::Reply;
use super::speaking::Waiting;
use super::state::{Chat, Outcome};
use crate::model::SessionId;
use crate::protocol::{Code, ReadMark, wire};
use crate::store::{Op, RoomId};

impl Chat {
    /// How far the account behind a session has read a room.
    pub(super) fn read_mark(&self, who: SessionId, room: RoomId) -> Option<u64> {
        let session = self.sessions.get(&who).filter(|session| !session.is_guest())?;
        self.accounts.get(session.user)?.reads.get(&room).copied()
    }

    /// Notes how far an account has read; its other devices hear of it.
    pub(super) fn note_read(
        &mut self,
        who: SessionId,
        room: RoomId,
        seq: u64,
        reply: Reply,
    ) -> Outcome {
        self.room_to_wait()?;
        let Some(entry) = self.rooms.get(&room) else { return Err(Code::RoomNotFound.into()) };
        let (seq, name) = (seq.min(entry.seq), entry.name.clone());
        let user =
            self.sessions.get(&who).map(|session| session.user).ok_or(Code::BadCredentials)?;
        let account = self.accounts.get_mut(user).ok_or(Code::LoginRequired)?;
        let mark = account.reads.entry(room).or_default();
        if seq <= *mark {
            self.answer_ok(reply);
            return Ok(());
        }
        *mark = seq;
        let others: Vec<SessionId> =
            account.sessions.iter().copied().filter(|session| *session != who).collect();
        let frame = wire::text(&ReadMark { room: &name, seq });
        for session in others {
            if let Some(conn) = self.sessions.get(&session).and_then(|entry| entry.conn) {
                self.give_unasked(conn, frame.clone());
            }
        }
        self.queue_awaited(Op::SaveRead { user, room, seq }, Waiting::for_ok(reply));
        Ok(())
    }
}
