//! `WsSession`: the actor of one connection. It reads a request, answers what is its own to
//! answer, and hands the rest to the `ChatServer`; answers and events come back through the
//! relay, straight into the link's outbox.

use std::rc::Rc;

use actix::prelude::*;
use actix_codec::{AsyncRead, AsyncWrite};

use super::admission::Admitted;
use super::ending::Ending;
use super::frames::Incoming;
use super::link::Link;
use super::reader::Reader;
use super::shown::Shown;
use crate::chat::{Caller, ChatServer, Gone, Knock, Local, Meters, Outlet, Say};
use crate::model::{ConnId, Timestamp};
use crate::protocol::{
    COMMANDS, Close, Code, Command, ErrorFrame, Help, Pong, Rate, Refusal, ReplyId, Request,
    decode, wire,
};

/// What a connection brings along from its handshake.
pub struct Greeting {
    /// Bytes that came right behind it.
    pub first: Vec<u8>,
    /// Frames that the address spoke for the client (`?nick=…&room=…`).
    pub scripted: Vec<String>,
    /// Its place.
    pub place: Admitted,
    /// What it shows of who it is; most connections that are no page show nothing.
    pub shown: Option<Box<Shown>>,
}

/// The surroundings of all sessions of one worker; each session holds one reference to them.
pub struct Household {
    /// The central actor.
    pub chat: Addr<ChatServer>,
    /// The worker's table of connections.
    pub local: Rc<Local>,
    /// What is measured.
    pub meters: Meters,
    /// Bytes of one message.
    pub frame_bytes: usize,
    /// Characters of a text.
    pub text_chars: usize,
}

/// One connection's actor.
pub struct WsSession<S: AsyncRead + AsyncWrite + Unpin + 'static> {
    link: Rc<Link<S>>,
    conn: ConnId,
    house: Rc<Household>,
    place: Admitted,
    shown: Option<Box<Shown>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> WsSession<S> {
    /// Starts the session of a connection whose handshake is done.
    pub fn start(link: Link<S>, greeting: Greeting, house: Rc<Household>) {
        let link = Rc::new(link);
        let outlet: Rc<dyn Outlet> = Rc::clone(&link) as _;
        let conn = house.local.register(outlet, link.first_beat());
        let left = Rc::clone(&house);
        link.on_departure(move |ending| {
            left.local.remove(conn);
            left.chat.do_send(Gone { conn, clean: ending.is_clean() });
        });
        let Greeting { first, scripted, place, shown } = greeting;
        let reader = Reader::new(Rc::clone(&link), house.frame_bytes, &first, scripted);
        Self::create(|ctx| {
            ctx.add_stream(reader);
            Self { link, conn, house, place, shown }
        });
    }

    fn take(&self, text: &str) {
        let decoded = decode(text, self.house.text_chars);
        match (decoded.command, decoded.request) {
            (Some(row), Ok(request)) => self.pass_on(decoded.id, row, request),
            (_, Err(refusal)) => self.refuse(decoded.id.as_ref(), &refusal),
            // A request without a row cannot be: only a row makes requests.
            (None, Ok(_)) => self.refuse(decoded.id.as_ref(), &Code::Internal.into()),
        }
    }

    fn pass_on(&self, id: Option<ReplyId>, row: &'static Command, request: Request) {
        match request {
            Request::Ping => {
                self.link.reply(wire::text(&Pong { id: id.as_ref(), at: Timestamp::now() }));
            }
            Request::Help { topic } => {
                let named = |row: &&Command| topic.as_ref().is_none_or(|name| row.name == name);
                let requests = COMMANDS.iter().filter(named).collect();
                self.link.reply(wire::text(&Help { id: id.as_ref(), requests }));
            }
            Request::Hello(_) if self.link.is_welcomed() => {
                self.refuse(id.as_ref(), &Code::AlreadyWelcome.into());
            }
            Request::Hello(hello) => {
                self.link.begin(true);
                let shown = self.shown.as_deref();
                let caller = Caller {
                    address: self.place.fingerprint(),
                    browser: shown.and_then(|shown| shown.browser),
                    login: shown.and_then(|shown| shown.login),
                };
                self.house.chat.do_send(Knock { conn: self.conn, id, hello, caller });
            }
            _ if !self.link.is_welcomed() => {
                let example = r#"{"type":"hello","nick":"ada"}"#;
                self.refuse(id.as_ref(), &Refusal::new(Code::HelloFirst).example(example));
            }
            request => {
                // What enters a log is pipelined; its answers come in order.
                self.link.begin(!(row.rate == Rate::Message && row.reply == "sent"));
                self.house.chat.do_send(Say { conn: self.conn, id, row, request });
            }
        }
    }

    fn refuse(&self, id: Option<&ReplyId>, refusal: &Refusal) {
        self.house.meters.refused(refusal.code);
        self.link.reply(wire::text(&ErrorFrame::of(id, refusal)));
        if refusal.is_bad_frame() {
            self.link.bad_frame();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Actor for WsSession<S> {
    type Context = Context<Self>;
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> StreamHandler<Incoming> for WsSession<S> {
    fn handle(&mut self, message: Incoming, _: &mut Self::Context) {
        match message {
            Incoming::Text(text) => self.take(&text),
            Incoming::Binary(_) => self.link.close(Close::Binary),
            // The reader has dealt with fragments and control frames.
            Incoming::Fragment | Incoming::Ping(_) | Incoming::Pong | Incoming::Close(_) => {}
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

/// The one place where a connection that ended leaves, however it ended.
impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Drop for WsSession<S> {
    fn drop(&mut self) {
        self.link.depart(Ending::Broken);
    }
}
