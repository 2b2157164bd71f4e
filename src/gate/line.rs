//! The stream of one HTTP connection as actix-http has it: TCP, or TLS over it, with patience.
//!
//! - **A head takes its time.** actix-http gives so long to the first of a connection and any time to
//!   those after it; here each has [`Times::head`], the first from the start of its connection.
//! - **A reader takes its time.** What was written and is not taken within [`Times::reading`] ends the
//!   connection; over HTTP/2 also what its windows leave no room for.
//! - **Nothing is refused without a word.** A request that it cannot read actix-http answers by itself,
//!   with a bare status line (`h1::dispatcher`, `DispatcherMessage::Error`, and `poll_head_timer`).
//!   Its future says nothing of it before the bytes are out. But what is written while every request
//!   that came through has been answered, to the last byte, can be nothing else: then the line says
//!   [other words](super::parting) in its place.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};

use super::blocks::Blocks;
use super::counts::Counts;
use super::feed::Feed;
use super::head::Head;
use super::parting::Parting;
use super::patience::Patience;
use super::visit::Visit;
use crate::chat::{Cut, Meters};
use crate::model::uptime_ms;
use crate::protocol::{Code, Refusal};
use crate::session::{Queued, Seat, TARGET_BYTES, Turns, too_long};

/// How long whom is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The head of a request, from its first byte to its end; the first one from the start.
    pub head: Duration,
    /// The reader of what was written, a piece of at most some hundred KiB.
    pub reading: Duration,
}

/// How long a connection that found no place has for the request that it is told so for.
const STANDING: Duration = Duration::from_secs(4);

/// What is said of all lines of a worker, and counted.
#[derive(Clone)]
pub(super) struct Ledger {
    pub meters: Meters,
    pub counts: Counts,
    /// Whether lines are encrypted.
    pub tls: bool,
    /// How long whom is waited for.
    pub times: Times,
    /// The turns in which they are read.
    pub turns: Rc<Turns>,
}

/// What the client speaks.
enum Tongue {
    /// HTTP/1.1, and the head that comes.
    One(Head),
    /// HTTP/2, and the frames that come.
    Two(Blocks),
}

/// The stream.
pub struct Line<S> {
    feed: Feed<S>,
    visit: Rc<Visit>,
    seat: Cell<Option<Seat>>,
    ledger: Rc<Ledger>,
    tongue: Tongue,
    /// How many requests had been asked when the head that comes began.
    heard: u64,
    /// How many had been asked when everything was answered and written.
    settled: u64,
    /// How long a head may take here.
    head_time: Duration,
    asking: Patience,
    reading: Patience,
    parting: Option<Parting>,
    /// The place in the queue for the turn in which the parting begins.
    queued: Queued,
    parts: bool,
}

impl<S> Line<S> {
    /// The line of a connection that has its seat. `two`: it speaks HTTP/2.
    pub(super) fn new(io: S, seat: Option<Seat>, ledger: Rc<Ledger>, two: bool) -> Self {
        // Who found no place stays for one answer, and not for long.
        let stands = seat.as_ref().is_some_and(|seat| seat.full().is_some());
        let head_time = if stands { ledger.times.head.min(STANDING) } else { ledger.times.head };
        let feed = Feed::new(io, Rc::clone(&ledger.turns));
        let tongue =
            if two { Tongue::Two(Blocks::default()) } else { Tongue::One(Head::default()) };
        Self {
            feed,
            visit: Visit::new(two),
            seat: Cell::new(seat),
            ledger,
            tongue,
            heard: 0,
            settled: 0,
            head_time,
            asking: Patience::default(),
            reading: Patience::default(),
            parting: None,
            queued: Queued::default(),
            parts: false,
        }
    }

    /// The seat, for whoever answers this connection's requests.
    pub fn take_seat(&self) -> Option<Seat> {
        self.seat.take()
    }

    /// What it has asked for.
    pub fn visit(&self) -> Rc<Visit> {
        Rc::clone(&self.visit)
    }

    /// The stream alone, for a session.
    pub fn into_inner(self) -> S {
        self.feed.io
    }

    fn part(&mut self, refusal: &Refusal) {
        self.ledger.meters.refused(refusal.code);
        self.ledger.meters.cut(match refusal.code {
            Code::RequestTimeout => Cut::SlowHead,
            _ => Cut::BadHead,
        });
        self.parting = Some(Parting::with(refusal, self.ledger.tls));
    }

    /// Whether what is to be written is no answer to anything that was asked.
    fn is_unasked(&self) -> bool {
        matches!(self.tongue, Tongue::One(_)) && self.visit.asked() == self.settled
    }

    /// What to say instead of a bare response.
    fn instead_of(&self, response: &[u8]) -> Refusal {
        let long = matches!(&self.tongue, Tongue::One(head) if head.first_line() > TARGET_BYTES);
        match response.get(9..12) {
            _ if long => too_long(),
            Some(b"408") => Code::RequestTimeout.into(),
            Some(b"431") => Code::HeadersTooLarge.into(),
            Some(b"400") => Code::BadRequest.into(),
            _ => Code::Internal.into(),
        }
    }

    /// Takes note of bytes that came; `Err` ends the connection.
    fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        let head = match &mut self.tongue {
            Tongue::One(head) => head,
            Tongue::Two(blocks) => {
                let fits = blocks.feed(bytes) && !self.visit.is_too_much();
                return if fits { Ok(()) } else { Err(self.cut(Cut::TooMuch)) };
            }
        };
        if bytes.is_empty() || !self.visit.is_idle() || self.visit.has_leftover() {
            return Ok(());
        }
        if self.heard != self.visit.asked() {
            self.heard = self.visit.asked();
            *head = Head::default();
            self.asking.calm();
        }
        head.feed(bytes);
        if head.is_too_large() {
            let long = head.first_line() > TARGET_BYTES;
            self.part(&if long { too_long() } else { Code::HeadersTooLarge.into() });
        }
        Ok(())
    }

    /// Nothing comes: is it time to give up? `Err` ends the connection.
    fn wait(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match &self.tongue {
            Tongue::One(head) => {
                // The first one is waited for from the start.
                let first = self.visit.asked() == 0;
                let begun = head.has_begun() && self.heard == self.visit.asked();
                let waits = (first || begun) && self.visit.is_idle();
                if waits && self.asking.ends(cx, self.head_time) {
                    self.part(&Code::RequestTimeout.into());
                }
                Ok(())
            }
            Tongue::Two(_) => self.wait_for_readers(cx),
        }
    }

    /// Somebody's window has no room for what was given: looked at again when its time is over.
    fn wait_for_readers(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            let Some(since) = self.visit.waits_since() else {
                self.asking.calm();
                return Ok(());
            };
            let limit = self
                .ledger
                .times
                .reading
                .saturating_sub(Duration::from_millis(uptime_ms() - since));
            if limit.is_zero() {
                return Err(self.cut(Cut::UnreadAnswer));
            }
            if !self.asking.ends(cx, limit) {
                return Ok(());
            }
            self.asking.calm();
        }
    }

    /// Everything that was answered is written.
    fn settle(&mut self) {
        self.reading.calm();
        if self.visit.is_idle() {
            self.settled = self.visit.asked();
        }
    }

    /// A write is not taken: is it time to give up?
    fn stuck<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.reading.ends(cx, self.ledger.times.reading) {
            return Poll::Ready(Err(self.cut(Cut::UnreadAnswer)));
        }
        Poll::Pending
    }

    fn cut(&self, cause: Cut) -> io::Error {
        self.ledger.meters.cut(cause);
        io::ErrorKind::TimedOut.into()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        let before = buffer.filled().len();
        if line.parting.is_none() {
            let read = line.poll_feed(cx, buffer)?;
            match read {
                Poll::Ready(()) => line.hear(&buffer.filled()[before..])?,
                Poll::Pending => line.wait(cx)?,
            }
            if line.parting.is_none() {
                return read.map(Ok);
            }
            buffer.set_filled(before);
        }
        // To actix-http it looks as if the client had gone, once the words are said.
        line.poll_parting(cx).map(Ok)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    fn poll_feed(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.tongue {
            Tongue::One(_) => self.feed.poll(&self.visit, cx, buffer),
            Tongue::Two(_) => Pin::new(&mut self.feed.io).poll_read(cx, buffer),
        }
    }

    /// Says the last words. Thousands whose time is over at once begin in turns.
    fn poll_parting(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.parts {
            ready!(self.ledger.turns.poll_turn(&mut self.queued, cx)).used();
            self.parts = true;
        }
        match &mut self.parting {
            Some(parting) => parting.poll(&mut self.feed.io, cx),
            None => Poll::Ready(()),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if line.parting.is_none() && line.is_unasked() && !bytes.is_empty() {
            line.part(&line.instead_of(bytes));
        }
        if line.parting.is_some() {
            ready!(line.poll_parting(cx));
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut line.feed.io).poll_write(cx, bytes) {
            Poll::Pending => line.stuck(cx),
            written => written,
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let line = self.get_mut();
        if matches!(line.tongue, Tongue::One(_)) {
            // Only HTTP/2 is written so; what is unasked would slip through.
            let first = slices.iter().find(|slice| !slice.is_empty());
            return Pin::new(line).poll_write(cx, first.map_or(&[], |slice| slice));
        }
        match Pin::new(&mut line.feed.io).poll_write_vectored(cx, slices) {
            Poll::Pending => line.stuck(cx),
            written => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self.tongue, Tongue::Two(_)) && self.feed.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        match Pin::new(&mut line.feed.io).poll_flush(cx) {
            Poll::Pending => line.stuck(cx),
            Poll::Ready(flushed) => {
                line.settle();
                Poll::Ready(flushed)
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        if line.visit.take_leftover() {
            line.ledger.meters.cut(Cut::UnreadBody);
        }
        match Pin::new(&mut line.feed.io).poll_shutdown(cx) {
            Poll::Pending => line.stuck(cx),
            shut => shut,
        }
    }
}
