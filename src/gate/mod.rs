//! Between the socket and the routes: TLS and its certificate, the line of an HTTP connection, and
//! what every response wears.
//!
//! A connection comes in through [`Entrance`], which finds it a seat and, with TLS, shakes hands. It
//! lives as a [`Line`]: a stream that knows how long its client may take, and that has words where
//! actix-http answers with none. [`Front`] stands before the routes: bounds that hold for every
//! request, headers that every response has. A socket of the chat leaves the line at its upgrade
//! (`session::handshake`): what is here concerns HTTP only.
//!
//! Invariants: who is slow costs one connection for a stated time and nobody else's; no response
//! leaves without the security headers; a certificate that cannot be used never replaces one that can.

mod blocks;
mod body;
mod boundary;
mod certificate;
mod counts;
mod entrance;
mod feed;
mod front;
mod head;
mod keyring;
mod line;
mod pacing;
mod parting;
mod patience;
mod visit;

pub use certificate::Flaw;
pub use counts::Counts;
pub use entrance::Entrance;
pub use front::{Answer, Front};
pub use keyring::Keyring;
pub use line::{Line, Times};
pub use visit::Visit;
