//! What became of an operation, as the server and whoever asked it agree upon.

use actix::Addr;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chat::{Channel, ChatServer, Operate, Operation};
use crate::protocol::{Code, Refusal};

/// The line that answers an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// It is done, and kept.
    Done(Value),
    /// It is not, for a reason that has a name.
    Refused { code: String, message: String },
}

impl Answer {
    /// Has the chat do it, and waits until it is kept.
    pub async fn of(chat: &Addr<ChatServer>, operation: Operation) -> Self {
        let (channel, answer) = Channel::new();
        chat.do_send(Operate { operation, channel });
        match answer.await {
            Ok(Ok(shown)) => Self::Done(serde_json::from_slice(&shown.json).unwrap_or_default()),
            Ok(Err(refusal)) => refusal.into(),
            // The chat is gone with the channel.
            Err(_) => Refusal::new(Code::ShuttingDown).into(),
        }
    }

    /// Whether the server stops just now: soon there is another one, or none.
    pub fn is_goodbye(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == Code::ShuttingDown.name())
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { code: refusal.code.name().to_owned(), message: refusal.message.into() }
    }
}
