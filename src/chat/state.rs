//! The state of the whole chat, and the doors through which everything enters its rules.
//!
//! The rules themselves are in the files beside: `entrance` (hello, resume, leaving for good),
//! `joining`, `speaking` (what enters a log), `reading`. Each is an `impl Chat`.

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use rand::rngs::StdRng;

use super::bucket::{Bucket, Moment};
use super::budget::Budget;
use super::catching_up::Joining;
use super::committing::Fanout;
use super::effect::{Answer, Effect, Http, Reply, Shown};
use super::letting_go::Removal;
use super::names::Names;
use super::parting::Parted;
use super::pictures::Pictures;
use super::room::{Listener, Room};
use super::rules::Rules;
use super::session::Session;
use super::speaking::{Queued, Waiting};
use super::timers::{Timer, Timers};
use crate::model::{
    ConnId, Epoch, Keep, RoomKey, RoomName, RoomSettings, SessionId, Timestamp, TokenHash,
};
use crate::protocol::{Code, Command, ErrorFrame, Rate, Refusal, ReplyId, Request, wire};
use crate::store::{Boot, Op, RoomId, RoomRow};

/// Everything that the chat knows.
#[derive(Debug)]
pub struct Chat {
    pub(super) rules: Rules,
    pub(super) rng: StdRng,
    pub(super) rooms: HashMap<RoomId, Room>,
    pub(super) room_keys: HashMap<RoomKey, RoomId>,
    pub(super) next_room: i64,
    pub(super) sessions: HashMap<SessionId, Box<Session>>,
    pub(super) conns: HashMap<ConnId, SessionId>,
    pub(super) strikes: HashMap<ConnId, u8>,
    pub(super) observers: HashMap<ConnId, RoomId>,
    pub(super) tokens: HashMap<TokenHash, SessionId>,
    pub(super) names: Names,
    pub(super) timers: Timers,
    pub(super) queue: VecDeque<Queued>,
    pub(super) queued_appends: usize,
    pub(super) in_flight: Option<Vec<Option<Waiting>>>,
    pub(super) fanout: Fanout,
    pub(super) effects: Vec<Effect>,
    /// What is told once the events of a batch are.
    pub(super) after_fanout: Vec<Effect>,
    pub(super) refusals: Vec<Code>,
    pub(super) closing: bool,
    pub(super) join_reads: usize,
    pub(super) join_queue: VecDeque<Joining>,
    pub(super) budget: Budget,
    pub(super) swept: HashSet<RoomId>,
    /// Rooms whose log the janitor looks at next.
    pub(super) prune_queue: VecDeque<RoomId>,
    /// What addresses did lately that no session's bucket holds: sending in passing, opening rooms.
    pub(super) openers: HashMap<[u8; 32], Bucket>,
    /// Addresses that sent without a session.
    pub(super) passers_by: HashMap<[u8; 32], Bucket>,
    pub(super) pictures: Pictures,
    /// Messages whose pictures' files are being removed.
    pub(super) removals: HashMap<(RoomId, u64), Removal>,
    /// Who said goodbye a moment ago, by token.
    pub(super) parted: HashMap<TokenHash, Parted>,
    /// The sessions behind a browser's cookie.
    pub(super) browsers: HashMap<TokenHash, Vec<SessionId>>,
}

/// What becomes of a request: an answer now, one that comes later, or a refusal.
pub(super) type Outcome = Result<(), Refusal>;

impl Chat {
    /// The chat as it begins: with what the store remembers.
    pub fn new(rules: Rules, boot: Boot, now: Moment, rng: StdRng) -> Self {
        let pictures = Pictures::new(rules.images.claim_s.saturating_mul(1000));
        let mut chat = Self {
            rules,
            rng,
            rooms: HashMap::new(),
            room_keys: HashMap::new(),
            next_room: 1,
            sessions: HashMap::new(),
            conns: HashMap::new(),
            strikes: HashMap::new(),
            observers: HashMap::new(),
            tokens: HashMap::new(),
            names: Names::default(),
            timers: Timers::default(),
            queue: VecDeque::new(),
            queued_appends: 0,
            in_flight: None,
            fanout: Fanout::default(),
            effects: Vec::new(),
            after_fanout: Vec::new(),
            refusals: Vec::new(),
            closing: false,
            join_reads: 0,
            join_queue: VecDeque::new(),
            budget: Budget::default(),
            swept: HashSet::new(),
            prune_queue: VecDeque::new(),
            openers: HashMap::new(),
            passers_by: HashMap::new(),
            pictures,
            removals: HashMap::new(),
            parted: HashMap::new(),
            browsers: HashMap::new(),
        };
        boot.rooms.into_iter().for_each(|row| chat.restore_room(row));
        boot.sessions.into_iter().for_each(|row| chat.restore_session(row, now));
        boot.gone.into_iter().for_each(|id| chat.pictures.remember_gone(id));
        boot.images.into_iter().for_each(|row| chat.restore_picture(row));
        chat
    }

    fn restore_room(&mut self, row: RoomRow) {
        self.next_room = self.next_room.max(row.id.0 + 1);
        let key = row.name.key();
        let keep = self.rules.keep_of(&key);
        if keep == Keep::Nothing {
            // Kept until now, in memory from now on: the name stays, the log begins anew.
            self.queue_op(Op::Prune { room: row.id, before: None, keep_last: Some(0) });
            return;
        }
        self.room_keys.insert(key, row.id);
        self.rooms.insert(row.id, Room::from_row(row, keep));
    }

    /// Handles one request of a connection that said hello.
    pub fn request(
        &mut self,
        now: Moment,
        conn: ConnId,
        id: Option<ReplyId>,
        row: &'static Command,
        request: Request,
    ) {
        let Some(&session) = self.conns.get(&conn) else {
            // The session ended or moved while this was on its way; its connection is closing.
            return;
        };
        let reply = Reply::Conn(conn, id.clone());
        if let Err(refusal) = self.dispatch(now, session, conn, row, request, reply) {
            let refusal = if refusal.code == Code::NotInRoom && refusal.example.is_none() {
                refusal.example(r#"{"type":"join","room":"lobby"}"#)
            } else {
                refusal
            };
            self.refuse(Reply::Conn(conn, id), &refusal);
        }
    }

    fn dispatch(
        &mut self,
        now: Moment,
        who: SessionId,
        conn: ConnId,
        row: &Command,
        request: Request,
        reply: Reply,
    ) -> Outcome {
        self.charge(now, who, row.rate)?;
        match request {
            Request::Join { room, after, limit } => {
                self.join(now, who, conn, room, after, limit, reply)
            }
            Request::Leave { room } => self.leave(now, who, room, reply),
            Request::Rename { nick } => self.rename(now, who, nick, reply),
            Request::Typing { room, on } => self.typing(now, who, room, on, reply),
            Request::Rooms => self.list_rooms(reply),
            Request::Members { room } => self.list_members(who, room, reply),
            Request::History { room, page, limit } => {
                let room = self.place(who, room.as_ref())?;
                self.history(room, page, limit, reply)
            }
            Request::Hello(_) | Request::Ping | Request::Help { .. } => {
                Err(Refusal::new(Code::AlreadyWelcome))
            }
            other => self.speak(now, who, other, reply),
        }
    }

    pub(super) fn charge(&mut self, now: Moment, who: SessionId, rate: Rate) -> Outcome {
        let (messages, reads) = (self.rules.messages(), self.rules.reads());
        let Some(session) = self.sessions.get_mut(&who) else {
            return Err(Code::BadCredentials.into());
        };
        let taken = match rate {
            Rate::Free => Ok(()),
            Rate::Message => session.messages.take(messages, now),
            Rate::Read => session.reads.take(reads, now),
            Rate::Upload => session.uploads.take(messages, now),
        };
        taken.map_err(|millis| Refusal::new(Code::RateLimited).retry_after(millis))
    }

    /// The room that a request is about: the named one, or the only one the session is in.
    pub(super) fn place(&self, who: SessionId, room: Option<&RoomName>) -> Result<RoomId, Refusal> {
        let rooms = self.sessions.get(&who).map_or(&[][..], |session| &session.rooms);
        match room {
            Some(name) => {
                let id = self.room_keys.get(&name.key()).ok_or(Code::NotInRoom)?;
                if rooms.contains(id) { Ok(*id) } else { Err(Code::NotInRoom.into()) }
            }
            None => match rooms {
                [only] => Ok(*only),
                [] => Err(Code::NotInRoom.into()),
                _ => {
                    let message = "You are in several rooms: say which one with `room`.";
                    Err(Refusal::because(Code::MissingField, message).field("room"))
                }
            },
        }
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
        let id = RoomId(self.next_room);
        self.next_room += 1;
        let keep = self.rules.keep_of(&key);
        let row = self.new_row(id, name, now.wall);
        if keep != Keep::Nothing {
            self.queue_op(Op::CreateRoom(row.clone()));
        }
        self.room_keys.insert(key, id);
        self.rooms.insert(id, Room::from_row(row, keep));
        Ok(id)
    }

    fn new_row(&mut self, id: RoomId, name: RoomName, created_at: Timestamp) -> RoomRow {
        let epoch = Epoch::random(&mut self.rng);
        let settings = RoomSettings::default();
        RoomRow { id, name, epoch, seq: 0, first_seq: 1, topic: None, created_at, settings }
    }

    /// Answers a request with a frame.
    pub(super) fn answer(&mut self, reply: Reply, frame: impl FnOnce(Option<&ReplyId>) -> Bytes) {
        self.answer_shown(reply, frame, false);
    }

    pub(super) fn answer_shown(
        &mut self,
        reply: Reply,
        frame: impl FnOnce(Option<&ReplyId>) -> Bytes,
        duplicate: bool,
    ) {
        match reply {
            Reply::Conn(conn, id) => {
                let frame = frame(id.as_ref());
                self.effects.push(Effect::To { conn, frame, answer: Answer::Done });
            }
            Reply::Http(channel) => {
                let frame = frame(None);
                let json = wire::payloads(&frame).next().map(|json| frame.slice_ref(json));
                let shown = Shown { json: json.unwrap_or_default(), duplicate };
                self.effects.push(Effect::Http(Http { channel, answer: Ok(shown) }));
            }
            Reply::Nobody => {}
        }
    }

    /// Refuses a request.
    pub(super) fn refuse(&mut self, reply: Reply, refusal: &Refusal) {
        self.refusals.push(refusal.code);
        match reply {
            Reply::Conn(conn, id) => {
                let frame = wire::text(&ErrorFrame::of(id.as_ref(), refusal));
                let answer = if refusal.is_bad_frame() { Answer::Bad } else { Answer::Done };
                self.effects.push(Effect::To { conn, frame, answer });
            }
            Reply::Http(channel) => {
                let answer = Err(refusal.clone());
                self.effects.push(Effect::Http(Http { channel, answer }));
            }
            Reply::Nobody => {}
        }
    }

    /// What is to be done since the last call, in order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The codes of what was refused since the last call, for the metrics.
    pub fn refusals(&mut self) -> Vec<Code> {
        std::mem::take(&mut self.refusals)
    }

    /// When the next timer is due, on the monotonic clock.
    pub fn next_due(&self) -> Option<u64> {
        self.timers.next()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment) {
        while let Some(timer) = self.timers.pop(now.mono) {
            match timer {
                Timer::Grace(session) => self.grace_ended(now, session),
                Timer::AutoJoin(session) => self.auto_join(now, session),
                Timer::Presence(room) => self.tell_later(now, room),
                Timer::Typing(room, session) => self.typing_expired(now, room, session),
            }
        }
    }

    /// Whether somebody still listens through this connection to that room.
    pub(super) fn listens(&self, listener: Listener, room: RoomId) -> bool {
        match listener {
            Listener::Member(session, conn) => {
                self.conns.get(&conn) == Some(&session)
                    && self.rooms.get(&room).is_some_and(|r| r.members.contains_key(&session))
            }
            Listener::Observer(conn) => self.observers.get(&conn) == Some(&room),
        }
    }

    /// How many sessions and rooms there are.
    pub fn size(&self) -> (usize, usize) {
        (self.sessions.len(), self.rooms.len())
    }

    /// No new work from now on: what is under way is finished.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether nothing waits for the store any more.
    pub fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_none() && self.pictures.is_settled()
    }

    /// All connections that belong to somebody.
    pub fn connections(&self) -> Vec<ConnId> {
        self.conns.keys().chain(self.observers.keys()).copied().collect()
    }
}
