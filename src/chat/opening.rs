//! Rooms come into being: from the store, by joining them, on purpose (see `founding`).

use super::bucket::Moment;
use super::room::Room;
use super::state::Chat;
use crate::model::{Epoch, Keep, RoomName, RoomRole, RoomSettings, SessionId, Timestamp};
use crate::protocol::{Code, Refusal};
use crate::store::{Op, RoomId, RoomRow};

impl Chat {
    pub(super) fn restore_room(&mut self, mut row: RoomRow) {
        self.next_room = self.next_room.max(row.id.0 + 1);
        let key = row.name.key();
        let keep = row.settings.keep.unwrap_or_else(|| self.rules.keep_of(&key));
        if keep == Keep::Nothing {
            // Kept until now or not, in memory from now on: the log begins anew.
            self.queue_op(Op::Prune { room: row.id, before: None, keep_last: Some(0) });
            if !row.settings.founded {
                return;
            }
            (row.epoch, row.seq, row.first_seq) = (Epoch::random(&mut self.rng), 0, 1);
        }
        self.room_keys.insert(key, row.id);
        self.rooms.insert(row.id, Room::from_row(row, keep));
    }

    /// The room of that name, opened if it is new and that is allowed.
    pub(super) fn open_room(
        &mut self,
        now: Moment,
        who: SessionId,
        name: RoomName,
    ) -> Result<RoomId, Refusal> {
        let key = name.key();
        if let Some(id) = self.room_keys.get(&key) {
            return Ok(*id);
        }
        if !self.rules.open_creation {
            return Err(Code::RoomNotFound.into());
        }
        if self.rooms.len() >= self.rules.max_rooms {
            let message = "This server has as many rooms as it may have.";
            return Err(Refusal::because(Code::Busy, message).retry_after(60_000));
        }
        self.charge_opening(now, who)?;
        let row = self.new_room(name, now.wall, RoomSettings::default());
        let (id, volatile) = (row.id, self.rooms.get(&row.id).is_some_and(Room::is_volatile));
        if !volatile {
            self.queue_op(Op::CreateRoom(row));
        }
        if let Some(user) = self.sessions.get(&who).filter(|s| !s.is_guest()).map(|s| s.user) {
            self.set_room_role(id, user, Some(RoomRole::Moderator));
        }
        Ok(id)
    }

    /// A new room in memory, and its row for the store.
    pub(super) fn new_room(
        &mut self,
        name: RoomName,
        created_at: Timestamp,
        settings: RoomSettings,
    ) -> RoomRow {
        let (id, key) = (RoomId(self.next_room), name.key());
        self.next_room += 1;
        let epoch = Epoch::random(&mut self.rng);
        let keep = settings.keep.unwrap_or_else(|| self.rules.keep_of(&key));
        let (seq, first_seq, topic) = (0, 1, None);
        let row = RoomRow { id, name, epoch, seq, first_seq, topic, created_at, settings };
        self.room_keys.insert(key, id);
        self.rooms.insert(id, Room::from_row(row.clone(), keep));
        row
    }
}
