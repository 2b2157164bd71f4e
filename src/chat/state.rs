//! The state of the whole chat, and the doors through which everything enters its rules.
//!
//! The rules themselves are in the files beside: `entrance` (hello, resume, leaving for good),
//! `joining`, `speaking` (what enters a log), `reading`. Each is an `impl Chat`.

use std::collections::{HashMap, HashSet, VecDeque};

use bytes::Bytes;
use rand::rngs::StdRng;

use super::access::Observer;
use super::accounts::Accounts;
use super::bucket::Moment;
use super::budget::Budget;
use super::by_address::ByAddress;
use super::catching_up::Joining;
use super::committing::Fanout;
use super::effect::{Answer, Effect, Http, Reply, Shown};
use super::joining::Entry;
use super::letting_go::Removal;
use super::names::Names;
use super::parting::Parted;
use super::peace::Peace;
use super::pictures::Pictures;
use super::removing::Removing;
use super::room::{Listener, Room};
use super::rules::Rules;
use super::session::Session;
use super::speaking::{Queued, Waiting};
use super::timers::{Timer, Timers};
use crate::auth::Throttle;
use crate::model::{ConnId, RoomKey, RoomName, SessionId, TokenHash};
use crate::protocol::{Code, Command, ErrorFrame, Needs, Refusal, ReplyId, Request, wire};
use crate::store::{Boot, RoomId};

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
    pub(super) observers: HashMap<ConnId, Observer>,
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
    /// Addresses that opened rooms.
    pub(super) openers: ByAddress,
    /// Addresses that sent without a session.
    pub(super) passers_by: ByAddress,
    /// Addresses that people came in from.
    pub(super) arrivals: ByAddress,
    /// Addresses that accounts were registered from.
    pub(super) registrars: ByAddress,
    pub(super) accounts: Accounts,
    pub(super) peace: Peace,
    pub(super) throttle: Throttle,
    pub(super) pictures: Pictures,
    /// Messages whose pictures' files are being removed.
    pub(super) removals: HashMap<(RoomId, u64), Removal>,
    /// Removals of what somebody said that go on in the next settling.
    pub(super) removals_to_go_on: Vec<Removing>,
    /// How many of them wait for the store to read.
    pub(super) removals_read: usize,
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
        let (paces, throttle) = (rules.paces, rules.throttle);
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
            openers: ByAddress::new(paces.openings),
            passers_by: ByAddress::new(paces.messages),
            arrivals: ByAddress::new(paces.hellos),
            registrars: ByAddress::new(paces.registrations),
            accounts: Accounts::default(),
            peace: Peace::default(),
            throttle: Throttle::new(throttle),
            pictures,
            removals: HashMap::new(),
            removals_to_go_on: Vec::new(),
            removals_read: 0,
            parted: HashMap::new(),
            browsers: HashMap::new(),
        };
        boot.rooms.into_iter().for_each(|row| chat.restore_room(row));
        chat.restore_accounts(boot.accounts, boot.logins, boot.devices, now);
        chat.restore_places(boot.room_roles, &boot.reads);
        chat.restore_peace(boot.sanctions, boot.invites, boot.reports);
        boot.sessions.into_iter().for_each(|row| chat.restore_session(row, now));
        boot.gone.into_iter().for_each(|(id, room)| chat.pictures.remember_gone(id, room));
        boot.images.into_iter().for_each(|row| chat.restore_picture(row));
        chat
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
        match self.sessions.get(&who).and_then(|session| session.login) {
            Some(login) => self.touch_login(now, login),
            None if row.needs > Needs::Hello => return Err(Code::LoginRequired.into()),
            None => {}
        }
        match request {
            Request::Join { room, after, limit, invite } => {
                self.join(now, who, conn, Entry { room, after, limit, invite }, reply)
            }
            Request::Leave { room } => self.leave(now, who, room, reply),
            Request::Rename { nick } => self.rename(now, who, nick, reply),
            Request::Typing { room, on } => self.typing(now, who, room, on, reply),
            Request::Rooms => {
                let person = self.person(who)?;
                self.list_rooms(Some(&person), reply)
            }
            Request::Members { room } => self.list_members(who, room, reply),
            Request::History { room, page, limit } => {
                let room = self.place(who, room.as_ref())?;
                self.history(room, page, limit, reply)
            }
            Request::Read { room, seq } => {
                let room = self.place(who, room.as_ref())?;
                self.note_read(who, room, seq, reply)
            }
            Request::Report { room, seq, reason } => {
                let room = self.place(who, room.as_ref())?;
                let person = self.person(who)?;
                self.report(now, &person, room, seq, reason, reply)
            }
            Request::Create { room, visibility, history } => {
                let person = self.person(who)?;
                self.create(now, &person, room, visibility, history, reply)
            }
            Request::Invite { room, uses, seconds } => {
                let person = self.person(who)?;
                let room = self.concerned(who, &person, room.as_ref())?;
                self.invite(now, &person, room, uses, seconds, reply)
            }
            Request::Moderate { room, order } => {
                let person = self.person(who)?;
                let room = self.concerned(who, &person, room.as_ref())?;
                self.obey(now, &person, room, order, reply)
            }
            Request::Hello(_) | Request::Ping | Request::Help { .. } => {
                Err(Refusal::new(Code::AlreadyWelcome))
            }
            other => self.speak(now, who, other, reply),
        }
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

    /// Answers a request with a frame that is made already.
    pub(super) fn answer_frame(&mut self, reply: Reply, frame: Bytes) {
        self.answer(reply, |_| frame);
    }

    /// Refuses a request.
    pub(super) fn refuse(&mut self, reply: Reply, refusal: &Refusal) {
        self.refusals.push(refusal.code);
        match reply {
            Reply::Conn(conn, id) => {
                let frame = wire::text(&ErrorFrame::of(id.as_ref(), refusal));
                let answer = match refusal.code {
                    _ if refusal.is_bad_frame() => Answer::Bad,
                    Code::RateLimited | Code::SlowMode => Answer::TooSoon,
                    _ => Answer::Done,
                };
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
        self.go_on_removing(now);
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
            Listener::Observer(conn) => {
                self.observers.get(&conn).is_some_and(|observer| observer.room == room)
            }
        }
    }

    /// How many sessions and open rooms there are.
    pub fn size(&self) -> (usize, usize) {
        let open = self.rooms.values().filter(|room| !room.is_private()).count();
        (self.sessions.len(), open)
    }

    /// No new work from now on: what is under way is finished.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether nothing waits for the store any more.
    pub fn is_settled(&self) -> bool {
        let removing = self.removals_read > 0 || !self.removals_to_go_on.is_empty();
        self.queue.is_empty() && self.in_flight.is_none() && self.pictures.is_settled() && !removing
    }

    /// All connections that belong to somebody.
    pub fn connections(&self) -> Vec<ConnId> {
        self.conns.keys().chain(self.observers.keys()).copied().collect()
    }
}
