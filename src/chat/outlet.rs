//! What the relay needs of a connection. `session` implements it for sockets, `web` for event
//! streams; the relay knows neither.

use bytes::Bytes;

use super::effect::Answer;
use crate::protocol::Close;

/// What kind of frame waits in an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The answer to the connection's own request: it asked, it reads.
    Reply,
    /// A room's event: never dropped; too many of them close the connection.
    Event,
    /// Presence and typing: dropped first.
    Passing,
}

/// What a heartbeat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heart {
    /// Alive; look again at this moment (monotonic milliseconds).
    Beats(u64),
    /// Nothing was heard for too long.
    Stopped,
}

/// More waits for a connection than one may leave unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// The writing end of one connection, on its own thread. No method calls back into the relay
/// except [`Outlet::close`].
pub trait Outlet {
    /// Queues `frames`. Says how many passing frames gave way, these among them.
    ///
    /// # Errors
    /// When more waits than one may leave unread.
    fn push(&self, frames: &Bytes, class: Class) -> Result<u32, TooMuch>;

    /// Notes what an answer means to the connection.
    fn answered(&self, answer: Answer);

    /// Writes as much of the queue as the socket takes.
    fn flush(&self);

    /// Closes: says why if it still can, and leaves the relay.
    fn close(&self, close: Close);

    /// Looks for a sign of life at `now`, and asks for one if it is time.
    fn beat(&self, now: u64) -> Heart;

    /// Bytes that wait.
    fn backlog(&self) -> usize;
}
