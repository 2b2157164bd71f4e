//! The last stretch of a connection: the close frame is written, the socket is shut, and the peer has a
//! moment to answer.
//!
//! Whatever still comes is read and dropped, so that the peer sees our close frame and not a reset; for
//! a while, and up to a bound.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite};
use actix_rt::time::{Sleep, sleep};

use super::link::Link;
use super::reader::{READS_A_TURN, read_once};

/// How long a close frame may wait for a peer that does not read.
const LINGER: Duration = Duration::from_secs(30);
/// How long the peer may take to answer a close frame that was written.
const FAREWELL: Duration = Duration::from_secs(2);
/// What is read and dropped meanwhile, in bytes.
const FAREWELL_BYTES: usize = 16 * 1024 * 1024;

/// How far it is.
pub(super) struct Parting {
    timer: Pin<Box<Sleep>>,
    /// Everything is written, and our end of the socket is shut.
    shut: bool,
    /// Bytes that were read and dropped.
    dropped: usize,
}

impl Parting {
    /// It begins.
    pub fn new() -> Self {
        Self { timer: Box::pin(sleep(LINGER)), shut: false, dropped: 0 }
    }

    /// Writes, shuts, waits; ready when the connection is over.
    pub fn poll<S>(&mut self, link: &Link<S>, cx: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if !self.shut && link.poll_flush(cx).is_ready() {
            if link.poll_shutdown(cx).is_pending() {
                return Poll::Pending;
            }
            self.timer.set(sleep(FAREWELL));
            self.shut = true;
        }
        if self.dropped > FAREWELL_BYTES || self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        for _ in 0..READS_A_TURN {
            match read_once(link, cx, |_| {}) {
                Poll::Ready(0) => return Poll::Ready(()),
                Poll::Ready(bytes) => self.dropped += bytes,
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
