//! The reading end of one connection as a stream of messages; `parting` is its end.
//!
//! All readers of a thread share one buffer: an idle connection owns none. While the connection
//! is paused (enough requests under way, answers unread) nothing is read, and the peer's own
//! socket makes it wait.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use bytes::Bytes;
use futures_util::Stream;

use super::frames::{Frames, Incoming};
use super::link::{Link, Phase};
use super::parting::Parting;
use super::signals::{Attention, Signals};
use super::turns::Queued;
use crate::chat::{Class, Outlet};
use crate::model::uptime_ms;
use crate::protocol::{Close, wire};

/// How much one read takes at most.
const READ_BYTES: usize = 16 * 1024;
/// So many reads in a row, then the others' turn.
pub(super) const READS_A_TURN: usize = 8;
/// So many frames in a turn.
const FRAMES_A_TURN: u32 = 64;
/// A message counts like so many frames that are none; one may come without a turn.
const FRAMES_A_MESSAGE: u32 = 8;
/// So many connections that have more to say go on in one pass of their worker's queue.
pub const TURNS_A_PASS: usize = 8;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// Messages of one connection. Pings are answered here; the stream ends with the connection.
pub struct Reader<S> {
    link: Rc<Link<S>>,
    frames: Frames,
    signals: Signals,
    /// How many frames may still be taken before it needs a turn.
    allowed: u32,
    queued: Queued,
    /// The last one first.
    scripted: Vec<String>,
    parting: Option<Parting>,
}

/// What became of the frames of one poll.
#[derive(Default)]
struct Stretch {
    reads: usize,
    /// A ping whose answer may wait for a later one.
    ping: Option<Bytes>,
    /// Pongs are queued and not written.
    answered: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    /// A reader over `link`. `first` came together with the handshake; `scripted` texts are
    /// taken before it as if the client had sent them.
    pub fn new(link: Rc<Link<S>>, max: usize, first: &[u8], mut scripted: Vec<String>) -> Self {
        let mut frames = Frames::new(max);
        frames.feed(first);
        scripted.reverse();
        Self {
            link,
            frames,
            signals: Signals::default(),
            allowed: FRAMES_A_MESSAGE,
            queued: Queued::default(),
            scripted,
            parting: None,
        }
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let mut stretch = Stretch::default();
        loop {
            if let Some(polled) = self.step(&mut stretch, cx) {
                self.answer(&mut stretch);
                return polled;
            }
        }
    }

    /// Takes one frame, or reads more bytes; nothing: it goes on.
    fn step(
        &mut self,
        stretch: &mut Stretch,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Option<Incoming>>> {
        if self.link.is_paused() {
            return Some(Poll::Pending);
        }
        if let Some(text) = self.scripted.pop() {
            return Some(Poll::Ready(Some(Incoming::Text(text))));
        }
        if self.allowed == 0 && self.frames.has_more() {
            if self.link.poll_turn(&mut self.queued, cx).is_pending() {
                return Some(Poll::Pending);
            }
            self.allowed = FRAMES_A_TURN;
        }
        let frame = match self.frames.take_next() {
            Ok(Some(frame)) => frame,
            Ok(None) => return self.read_on(stretch, cx),
            Err(violation) => return Some(self.close(violation.close(), cx)),
        };
        self.allowed = self.allowed.saturating_sub(match frame {
            Incoming::Text(_) | Incoming::Binary(_) => FRAMES_A_MESSAGE,
            _ => 1,
        });
        self.sort(frame, stretch, cx)
    }

    /// Control frames are dealt with here, messages go on.
    fn sort(
        &mut self,
        frame: Incoming,
        stretch: &mut Stretch,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Option<Incoming>>> {
        match frame {
            Incoming::Fragment => None,
            Incoming::Ping(payload) => self.signal(Some(payload), stretch, cx),
            Incoming::Pong => self.signal(None, stretch, cx),
            Incoming::Close(code) => {
                // Whoever pings and leaves gets its pong first.
                self.answer(stretch);
                self.link.goodbye(code);
                Some(self.poll_parting(cx))
            }
            message => Some(Poll::Ready(Some(message))),
        }
    }

    /// A ping with its payload, or a pong.
    fn signal(
        &mut self,
        payload: Option<Bytes>,
        stretch: &mut Stretch,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Option<Incoming>>> {
        match (self.signals.count(uptime_ms()), payload) {
            (Attention::TooMuch, _) => return Some(self.close(Close::Abuse, cx)),
            (Attention::Each, Some(payload)) => self.pong(&payload, stretch),
            (Attention::Latest, Some(payload)) => {
                if stretch.ping.replace(payload).is_some() {
                    self.link.skipped_ping();
                }
            }
            (_, None) => {}
        }
        None
    }

    fn pong(&self, payload: &Bytes, stretch: &mut Stretch) {
        // Answers are not limited by number; who does not read them is not read any more.
        let _ = self.link.push(&wire::pong(payload), Class::Reply);
        stretch.answered = true;
    }

    /// Answers what waits for an answer, all at once.
    fn answer(&self, stretch: &mut Stretch) {
        if let Some(payload) = stretch.ping.take() {
            self.pong(&payload, stretch);
        }
        if std::mem::take(&mut stretch.answered) {
            self.link.flush();
        }
    }

    fn close(&mut self, close: Close, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        self.link.close(close);
        self.poll_parting(cx)
    }

    fn read_on(
        &mut self,
        stretch: &mut Stretch,
        cx: &mut Context<'_>,
    ) -> Option<Poll<Option<Incoming>>> {
        if stretch.reads == READS_A_TURN {
            cx.waker().wake_by_ref();
            return Some(Poll::Pending);
        }
        stretch.reads += 1;
        let frames = &mut self.frames;
        match read_once(&self.link, cx, |bytes| frames.feed(bytes)) {
            Poll::Ready(1..) => None,
            Poll::Ready(0) => {
                self.link.die();
                Some(Poll::Ready(None))
            }
            Poll::Pending => {
                // It has said all that it had to say.
                self.allowed = FRAMES_A_MESSAGE;
                Some(Poll::Pending)
            }
        }
    }

    fn poll_parting(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let parting = self.parting.get_or_insert_with(Parting::new);
        ready!(parting.poll(&self.link, cx));
        self.link.die();
        Poll::Ready(None)
    }
}

/// Reads once into the thread's buffer and has `take` look at what came; returns how much that was,
/// nothing at the end of the stream or on an error.
pub(super) fn read_once<S>(
    link: &Link<S>,
    cx: &mut Context<'_>,
    take: impl FnOnce(&[u8]),
) -> Poll<usize>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    BUFFER.with_borrow_mut(|bytes| {
        let mut buffer = ReadBuf::new(bytes);
        if ready!(link.poll_read(cx, &mut buffer)).is_err() {
            return Poll::Ready(0);
        }
        take(buffer.filled());
        Poll::Ready(buffer.filled().len())
    })
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Reader<S> {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        this.link.set_task(cx.waker());
        if this.link.phase() == Phase::Open {
            let _ = this.link.poll_flush(cx);
        }
        match this.link.phase() {
            Phase::Open => this.poll_open(cx),
            Phase::Closing => this.poll_parting(cx),
            Phase::Dead => Poll::Ready(None),
        }
    }
}
