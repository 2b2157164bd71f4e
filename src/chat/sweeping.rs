//! What the janitor's round means to the chat: empty rooms, old events, old keys.
//!
//! Every round does a bounded amount of work; what is left is done in the next one.

use std::collections::HashMap;

use super::bucket::Moment;
use super::room::Room;
use super::state::Chat;
use super::volatile::KEY_LIFE_MS;
use crate::model::{Keep, Timestamp};
use crate::store::{Op, Outcome, RoomId};

/// For how long after its upload a picture is known to be gone, at least, in milliseconds.
const GONE_KNOWN_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// So many logs are looked at in one round.
const LOGS_A_ROUND: usize = 256;

impl Chat {
    /// Ends rooms that were left empty and never had a log; frees the memory of idle ones.
    ///
    /// A room is swept when it was idle in two sweeps in a row.
    pub fn sweep(&mut self, now: Moment) -> usize {
        for addresses in
            [&mut self.passers_by, &mut self.openers, &mut self.arrivals, &mut self.registrars]
        {
            addresses.forget_calm(now);
        }
        self.forget_parted(now);
        self.sweep_accounts(now);
        self.sweep_peace(now);
        let idle: Vec<RoomId> =
            self.rooms.values().filter(|room| room.is_idle()).map(|room| room.id).collect();
        let mut ended = 0;
        for id in &idle {
            if self.swept.contains(id) {
                ended += usize::from(self.sweep_room(*id));
            }
        }
        self.swept = idle.into_iter().filter(|id| self.rooms.contains_key(id)).collect();
        ended
    }

    fn sweep_room(&mut self, id: RoomId) -> bool {
        if self.pictures.in_room(id).count > 0 {
            if self.rooms.get(&id).is_some_and(Room::is_volatile) {
                // Its words end with it, and so do its pictures; it goes in the round after them.
                self.let_go_of(self.pictures.ids_in(id));
            }
            return false;
        }
        let Some(room) = self.rooms.get_mut(&id) else { return false };
        room.spoke.clear();
        if room.settings.founded || (room.seq > 0 && !room.is_volatile()) {
            if !room.is_volatile() {
                room.recent.clear();
            }
            return false;
        }
        let (key, volatile) = (room.name.key(), room.is_volatile());
        self.room_keys.remove(&key);
        let roles = self.rooms.remove(&id).map_or_else(HashMap::new, |room| room.roles);
        for user in roles.into_keys() {
            self.queue_op(Op::SetRoomRole { room: id, user, role: None });
        }
        self.forget_room_peace(id);
        if !volatile {
            self.queue_op(Op::DropRoom(id));
        }
        true
    }

    /// Queues what retention asks for: one bounded step for some of the rooms, in turn.
    pub fn prune(&mut self, now: Moment) {
        if self.notes() > LOGS_A_ROUND {
            // The store is failing or far behind: it is not asked for more.
            return;
        }
        if self.prune_queue.is_empty() {
            self.prune_queue.extend(self.rooms.keys());
        }
        let turn = self.prune_queue.len().min(LOGS_A_ROUND);
        let rooms: Vec<RoomId> = self.prune_queue.drain(..turn).collect();
        let step = |id| prune_step(self.rooms.get(id)?, now);
        let steps: Vec<Op> = rooms.iter().filter_map(step).collect();
        steps.into_iter().for_each(|step| self.queue_op(step));
        let before = Timestamp(now.wall.0 - KEY_LIFE_MS as i64);
        self.queue_op(Op::ForgetKeys { before });
        let before = Timestamp(now.wall.0 - GONE_KNOWN_MS);
        self.queue_op(Op::ForgetImages { before });
        self.prune_people(now);
    }

    /// The store has done a step; where it was not the last one, the next is queued.
    pub(super) fn swept_further(&mut self, op: Op, outcome: &Outcome) {
        let more = match (&op, outcome) {
            (Op::Prune { room, .. }, Outcome::Pruned { first_seq, more }) => {
                if let Some(room) = self.rooms.get_mut(room) {
                    room.first_seq = *first_seq;
                    room.recent.prune(*first_seq);
                }
                self.forget_pictures(*room, *first_seq);
                *more
            }
            (Op::ForgetKeys { .. }, Outcome::More) => true,
            (Op::EraseAuthor { user, .. }, outcome) => {
                // What was on its way to the log when they left is in memory by now.
                self.erase_from_memory(*user);
                if let Outcome::Next(from) = outcome {
                    self.queue_op(Op::EraseAuthor { user: *user, from: *from });
                }
                false
            }
            _ => false,
        };
        if more {
            self.queue_op(op);
        }
    }
}

fn prune_step(room: &Room, now: Moment) -> Option<Op> {
    if room.first_seq > room.seq {
        return None;
    }
    let (before, keep_last) = match room.keep {
        Keep::Nothing => return None,
        Keep::Last(count) if room.seq - room.first_seq < count => return None,
        Keep::Last(count) => (None, Some(count)),
        Keep::For(millis) => {
            let millis = i64::try_from(millis).unwrap_or(i64::MAX);
            (Some(Timestamp(now.wall.0.saturating_sub(millis))), None)
        }
    };
    Some(Op::Prune { room: room.id, before, keep_last })
}
