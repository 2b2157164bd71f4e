//! The reading end of one connection as a stream of messages; closing handshake included.
//!
//! All readers of a thread share one buffer: an idle connection owns none. While the connection
//! is paused (enough requests under way, answers unread) nothing is read, and the peer's own
//! socket makes it wait.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_rt::time::{Sleep, sleep};
use bytes::Bytes;
use futures_util::Stream;

use super::frames::{Frames, Incoming};
use super::link::{Link, Phase};
use crate::chat::{Class, Outlet};
use crate::protocol::wire;

/// How much one read takes at most.
const READ_BYTES: usize = 16 * 1024;
/// So many reads in a row, then the others' turn.
const READS_A_TURN: usize = 8;
/// How long a close frame may wait for a peer that does not read.
const LINGER: Duration = Duration::from_secs(30);
/// How long the peer may take to answer a close frame that was written.
const FAREWELL: Duration = Duration::from_secs(2);

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// Messages of one connection. Pings are answered here; the stream ends with the connection.
pub struct Reader<S> {
    link: Rc<Link<S>>,
    frames: Frames,
    /// The last one first.
    scripted: Vec<String>,
    parting: Option<Parting>,
}

/// The last stretch of a connection.
struct Parting {
    timer: Pin<Box<Sleep>>,
    /// Everything is written, and our end of the socket is shut.
    shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Reader<S> {
    /// A reader over `link`. `first` came together with the handshake; `scripted` texts are
    /// taken before it as if the client had sent them.
    pub fn new(link: Rc<Link<S>>, max: usize, first: &[u8], mut scripted: Vec<String>) -> Self {
        let mut frames = Frames::new(max);
        frames.feed(first);
        scripted.reverse();
        Self { link, frames, scripted, parting: None }
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        for _ in 0..READS_A_TURN {
            if self.link.is_paused() {
                return Poll::Pending;
            }
            if let Some(text) = self.scripted.pop() {
                return Poll::Ready(Some(Incoming::Text(text)));
            }
            match self.frames.take_next() {
                Ok(Some(message)) => return self.sort(message, cx),
                Err(violation) => {
                    self.link.close(violation.close());
                    return self.poll_parting(cx);
                }
                Ok(None) => {}
            }
            match self.fill(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => {
                    self.link.die();
                    return Poll::Ready(None);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Control frames are dealt with here, messages go on.
    fn sort(&mut self, message: Incoming, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        match message {
            Incoming::Ping(payload) => {
                self.pong(&payload);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Incoming::Pong => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Incoming::Close(code) => {
                self.link.goodbye(code);
                self.poll_parting(cx)
            }
            message => Poll::Ready(Some(message)),
        }
    }

    /// RFC 6455 section 5.5.3: a pong may be left out when another is on its way already; who
    /// pings without reading is not answered into the void.
    fn pong(&self, payload: &Bytes) {
        self.link.push(&wire::pong(payload), Class::Reply);
        self.link.flush();
    }

    /// Reads once; `false` at the end of the stream or on an error.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        BUFFER.with_borrow_mut(|bytes| {
            let mut buffer = ReadBuf::new(bytes);
            match self.link.poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.frames.feed(buffer.filled());
                    Poll::Ready(true)
                }
                Poll::Ready(_) => Poll::Ready(false),
                Poll::Pending => Poll::Pending,
            }
        })
    }

    /// Writes the close frame, says FIN, and gives the peer a moment to answer.
    fn poll_parting(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let parting = self
            .parting
            .get_or_insert_with(|| Parting { timer: Box::pin(sleep(LINGER)), shut: false });
        if !parting.shut && self.link.poll_flush(cx).is_ready() {
            if self.link.poll_shutdown(cx).is_pending() {
                return Poll::Pending;
            }
            *parting = Parting { timer: Box::pin(sleep(FAREWELL)), shut: true };
        }
        if parting.timer.as_mut().poll(cx).is_ready() {
            self.link.die();
            return Poll::Ready(None);
        }
        self.poll_farewell(cx)
    }

    /// Whatever still comes is read and dropped, so that the peer sees our close frame and not a
    /// reset; the end of the stream ends the connection.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        for _ in 0..READS_A_TURN {
            let end = BUFFER.with_borrow_mut(|bytes| {
                let mut buffer = ReadBuf::new(bytes);
                match self.link.poll_read(cx, &mut buffer) {
                    Poll::Ready(Ok(())) => Poll::Ready(buffer.filled().is_empty()),
                    Poll::Ready(Err(_)) => Poll::Ready(true),
                    Poll::Pending => Poll::Pending,
                }
            });
            match end {
                Poll::Ready(false) => {}
                Poll::Ready(true) => {
                    self.link.die();
                    return Poll::Ready(None);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
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
