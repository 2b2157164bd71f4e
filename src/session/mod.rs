//! One connection: its socket, its reader, its outbox, its actor.
//!
//! After the handshake a session owns its socket. [`WsSession`] is the actor; [`Reader`] turns
//! bytes into messages, [`Link`] is the writing end that the worker's relay pushes to. Rooms,
//! names and order are in `chat`; what a frame means is in `protocol`.
//!
//! Invariants: a message never costs more memory than the limit; what waits for a client is
//! bounded; whoever goes, goes through [`Link::depart`], once.

mod actor;
mod admission;
mod browser;
pub mod cookies;
mod ending;
mod forwarded;
mod frames;
mod handshake;
mod heads;
mod link;
mod origins;
mod outbox;
mod parting;
mod pulse;
mod reader;
mod secure;
mod shown;
mod signals;
mod socket;
mod trouble;
mod turns;

pub use actor::{Greeting, Household, WsSession};
pub use admission::{Admission, Admitted, Full, Seat, fingerprint};
pub use browser::{browser, new_cookie};
pub use ending::Ending;
pub use forwarded::client_address;
pub use frames::{Frames, Incoming, Violation};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use handshake::scripted;
pub use handshake::{Doorman, handshake_refusal};
pub use heads::{METHODS, TARGET_BYTES, check_head, too_long};
pub use link::{Link, LinkLimits};
pub use origins::Origins;
pub use pulse::Pulse;
pub use reader::{Reader, TURNS_A_PASS};
pub use secure::is_secure;
pub use shown::{DEVICE, LOGIN, Shown, bearer, cookie};
pub use socket::{Socket, settle_in};
pub use turns::{Queued, Turn, Turns};
