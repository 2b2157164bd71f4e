//! A room's events as Server-Sent Events (WHATWG HTML, section 9.2).
//!
//! A stream is one more outlet of the worker's relay: it gets the same bytes in the same order as
//! every socket, and only their dress changes. `id:` is `epoch:seq`, so `Last-Event-ID` resumes
//! exactly; where that cannot be proven the first event is `reset`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::Stream;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Site;
use super::refused::Refused;
use super::rooms::{ask, room_name};
use super::who::{client, reader};
use crate::chat::{Answer, Ask, Class, Enter, Gone, Heart, Local, Outlet, Reader, TooMuch};
use crate::model::{ConnId, Epoch, RoomName, uptime_ms};
use crate::protocol::{After, Close, Code, Refusal, wire};
use crate::session::Seat;

const MEDIA_TYPE: &str = "text/event-stream; charset=utf-8";
/// A comment is written at least this often: who has gone is noticed when a write fails.
const COMMENT_MS: u64 = 5000;
/// How many events a stream begins with that does not resume: none, it shows what comes.
const FRESH: usize = 0;

/// `GET /api/v1/rooms/{room}/stream`.
pub async fn stream(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    let reader = reader(&request, &site)?;
    let room = room_name(&room)?;
    let after = last_event_id(request.headers())?;
    // Asked first, so that a room that is not there is a 404 and not an empty stream.
    let named = room.clone();
    ask(&site, |channel| Ask::Readable { reader, room: named, channel }).await?;
    if request.method() == Method::HEAD {
        // The headers and nothing else: a stream without a body would never end.
        return Ok(HttpResponse::Ok().content_type(MEDIA_TYPE).finish());
    }
    let client = client(&request, &site)?;
    if let Some(seat) = request.conn_data::<Seat>() {
        seat.count_for(client).map_err(Refusal::from)?;
    }
    let events = Events::open(&site, reader, room, after);
    Ok(HttpResponse::Ok()
        .content_type(MEDIA_TYPE)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(events))
}

/// The header that a browser sends when it comes back.
///
/// # Errors
/// `invalid_field`.
pub fn last_event_id(headers: &HeaderMap) -> Result<Option<After>, Refused> {
    let Some(id) = headers.get("Last-Event-ID") else { return Ok(None) };
    if id.is_empty() {
        return Ok(None);
    }
    let parsed = id.to_str().ok().and_then(|text| text.split_once(':'));
    let after = parsed.and_then(|(epoch, seq)| {
        let seq = seq.parse().ok().filter(|seq| i64::try_from(*seq).is_ok())?;
        Some(After { epoch: Epoch(epoch.to_owned()), seq })
    });
    let message = "`Last-Event-ID` must be `epoch:seq`, as an event's id was.";
    let refusal = Refusal::because(Code::InvalidField, message).field("Last-Event-ID");
    after.map(Some).ok_or_else(|| refusal.into())
}

/// A catch-up in its dress; it counts as long as the frame that it was made from.
struct Asked {
    text: String,
    _frame: Bytes,
}

impl AsRef<[u8]> for Asked {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The writing end: what the relay pushes to.
struct Line {
    queue: RefCell<VecDeque<Bytes>>,
    bytes: Cell<usize>,
    limit: usize,
    epoch: RefCell<String>,
    ended: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    interval_ms: u64,
    departure: RefCell<Option<Box<dyn FnOnce()>>>,
}

impl Line {
    fn queue(&self, text: String) -> Result<(), TooMuch> {
        if self.bytes.get() + text.len() > self.limit {
            return Err(TooMuch);
        }
        self.bytes.set(self.bytes.get() + text.len());
        self.queue.borrow_mut().push_back(text.into());
        Ok(())
    }

    fn dress(&self, json: &str, text: &mut String) {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            seq: Option<u64>,
        }
        let Ok(Head { kind, seq }) = serde_json::from_str(json) else { return };
        if let Some(seq) = seq {
            text.push_str(&format!("id: {}:{seq}\n", self.epoch.borrow()));
        }
        text.push_str(&format!("event: {kind}\ndata: {json}\n\n"));
    }

    /// The `joined` frame that a listener begins with: its events, behind a `reset` if they are
    /// not all since `Last-Event-ID`.
    fn begin(&self, json: &str) -> String {
        #[derive(Deserialize)]
        struct Joined<'a> {
            room: Room,
            complete: bool,
            #[serde(borrow)]
            events: Vec<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Room {
            epoch: String,
            seq: u64,
        }
        let Ok(joined) = serde_json::from_str::<Joined<'_>>(json) else { return String::new() };
        let Room { epoch, seq } = joined.room;
        let mut text = String::from(":\n\n");
        if !joined.complete {
            let data = serde_json::json!({ "epoch": epoch, "seq": seq });
            text.push_str(&format!("event: reset\ndata: {data}\n\n"));
        }
        *self.epoch.borrow_mut() = epoch;
        joined.events.iter().for_each(|event| self.dress(event.get(), &mut text));
        text
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    fn depart(&self) {
        let departure = self.departure.borrow_mut().take();
        if let Some(departure) = departure {
            departure();
        }
    }
}

impl Outlet for Line {
    fn push(&self, frames: &Bytes, class: Class) -> Result<u32, TooMuch> {
        let mut text = String::new();
        for payload in wire::payloads(frames) {
            let Ok(json) = std::str::from_utf8(payload) else { continue };
            match class {
                Class::Passing => {}
                Class::Reply => text.push_str(&self.begin(json)),
                Class::Event => self.dress(json, &mut text),
            }
        }
        if class == Class::Reply {
            // What was asked for: a long catch-up is not a slow reader.
            let asked = Asked { text, _frame: frames.clone() };
            self.queue.borrow_mut().push_back(Bytes::from_owner(asked));
            return Ok(0);
        }
        if !text.is_empty() {
            self.queue(text)?;
        }
        Ok(0)
    }

    fn answered(&self, _: Answer) {}

    fn flush(&self) {
        self.wake();
    }

    fn close(&self, _: Close) {
        self.ended.set(true);
        self.depart();
        self.wake();
    }

    fn beat(&self, now: u64) -> Heart {
        // A comment keeps proxies from closing; a full line has enough to say already.
        if self.queue.borrow().is_empty() {
            // An empty line has room for it.
            let _ = self.queue(":\n\n".to_owned());
            self.wake();
        }
        Heart::Beats(now + self.interval_ms)
    }

    fn backlog(&self) -> usize {
        self.bytes.get()
    }
}

/// The body of the response; dropping it leaves the room.
struct Events {
    line: Rc<Line>,
}

impl Events {
    fn open(site: &Site, reader: Reader, room: RoomName, after: Option<After>) -> Self {
        let interval_ms = site.pulse.interval_ms.min(COMMENT_MS);
        let line = Rc::new(Line {
            queue: RefCell::default(),
            bytes: Cell::new(0),
            limit: site.backlog_bytes,
            epoch: RefCell::default(),
            ended: Cell::new(false),
            waker: RefCell::default(),
            interval_ms,
            departure: RefCell::default(),
        });
        let first_beat = uptime_ms() + interval_ms;
        let local: Rc<Local> = Rc::clone(&site.local);
        let conn: ConnId = local.register(Rc::clone(&line) as Rc<dyn Outlet>, first_beat);
        let chat = site.chat.clone();
        *line.departure.borrow_mut() = Some(Box::new(move || {
            local.remove(conn);
            chat.do_send(Gone { conn, clean: true });
        }));
        site.chat.do_send(Enter { conn, reader, room, after, limit: FRESH });
        Self { line }
    }
}

impl Stream for Events {
    type Item = Result<Bytes, actix_web::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let line = &self.line;
        if let Some(bytes) = line.queue.borrow_mut().pop_front() {
            line.bytes.set(line.bytes.get().saturating_sub(bytes.len()));
            return Poll::Ready(Some(Ok(bytes)));
        }
        if line.ended.get() {
            return Poll::Ready(None);
        }
        *line.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.line.depart();
    }
}
