//! What the rules want done: said in order, carried out by the actor.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::model::{ConnId, ImageId};
use crate::protocol::{Close, Refusal, ReplyId};
use crate::store::{Query, RoomId};

/// What an answer means to the connection that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not an answer: something that the server says by itself.
    None,
    /// A request is done.
    Done,
    /// A `hello` succeeded: from now on the connection is somebody's.
    Welcome,
    /// A request was wrong in itself; too many of them close the connection.
    Bad,
    /// A request came too soon: who goes on like this is heard one by one.
    TooSoon,
}

/// One thing to do. The order of a list of effects is the order in which clients see them.
#[derive(Debug)]
pub enum Effect {
    /// Gives `frame` to one connection.
    To {
        /// The connection.
        conn: ConnId,
        /// One whole text frame.
        frame: Bytes,
        /// What it means there.
        answer: Answer,
    },
    /// Gives `frames` (one or more text frames) to all who listen to a room.
    Room {
        /// The room.
        room: RoomId,
        /// The frames, joined.
        frames: Bytes,
        /// How many.
        count: usize,
        /// Presence and typing may be dropped for who is slow; events may not.
        passing: bool,
        /// The one who need not be told.
        except: Option<ConnId>,
    },
    /// From here on the connection listens to the room.
    Enter {
        /// The connection.
        conn: ConnId,
        /// The room.
        room: RoomId,
    },
    /// From here on it no longer does.
    Exit {
        /// The connection.
        conn: ConnId,
        /// The room.
        room: RoomId,
    },
    /// Closes a connection.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why.
        close: Close,
    },
    /// Reads from the log and comes back with [`super::Chat::page`].
    Read {
        /// Who waits for it.
        want: Want,
        /// What to read.
        query: Query,
    },
    /// Answers an HTTP request.
    Http(Http),
    /// Removes the files of these pictures and comes back with
    /// [`super::Chat::files_removed`] or [`super::Chat::files_stuck`].
    RemoveFiles(Vec<ImageId>),
}

/// An answer to HTTP and the channel to give it through.
#[derive(Debug)]
pub struct Http {
    /// Where the request waits.
    pub channel: Channel,
    /// The answer.
    pub answer: Result<Shown, Refusal>,
}

/// Where an HTTP request waits for its answer: the first one that is given counts.
#[derive(Clone, Debug)]
pub struct Channel(Arc<Mutex<Option<Sender>>>);

type Sender = oneshot::Sender<Result<Shown, Refusal>>;

impl Channel {
    /// A channel, and where its answer arrives; nothing does if all copies are gone before.
    pub fn new() -> (Self, oneshot::Receiver<Result<Shown, Refusal>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    /// Gives the answer. Whoever asked may have gone; then nobody is there to hear it.
    pub fn send(&self, answer: Result<Shown, Refusal>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            let _ = sender.send(answer);
        }
    }
}

/// What HTTP is shown: JSON, and whether it was there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The JSON of the answer, as the frame would have carried it.
    pub json: Bytes,
    /// A `sent` that had been sent before.
    pub duplicate: bool,
}

/// Where an answer goes.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To a connection, with the request's id.
    Conn(ConnId, Option<ReplyId>),
    /// To an HTTP request.
    Http(Channel),
    /// To nobody: something that the server does for somebody by itself.
    Nobody,
}

impl Reply {
    /// The id of the request that it answers.
    pub fn id(&self) -> Option<&ReplyId> {
        match self {
            Self::Conn(_, id) => id.as_ref(),
            Self::Http(_) | Self::Nobody => None,
        }
    }
}

/// Why the log is being read, and who waits for it.
#[derive(Debug)]
pub enum Want {
    /// A `join`: its answer is put together with what came since.
    Join(super::catching_up::Joining),
    /// A `history`.
    History {
        /// Where the answer goes.
        reply: Reply,
        /// The room.
        room: RoomId,
    },
    /// A moderator removes what somebody said.
    Removal(Box<super::removing::Removing>),
}
