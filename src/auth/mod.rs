//! Passwords and secrets: what may be a password, how it is kept, and how often one may guess.
//!
//! Here are the parts: [`Password`] at the door, [`Hashing`] on threads of its own, [`Throttle`] as
//! plain rules over time as a number, [`Secret`]s for logins, devices and invitations. Who has an
//! account and what one may do is in `chat`, what is kept in `store`, handlers are in `web`.
//!
//! Invariants: a password or a secret is never printed, and wiped when it is dropped; an unknown name
//! costs the same work as a wrong password; whatever strangers try, a device that the owner has
//! logged in with before has its own tries.

mod common;
mod hashing;
mod password;
pub mod prompt;
mod secrets;
mod throttle;
mod unfit;

pub use hashing::{Hashing, Lane, Verdict};
pub use password::{LoginPassword, Password};
pub use secrets::{Kind, Secret};
pub use throttle::{Rule, Settings, Throttle, Ticket, Try};
pub use unfit::Unfit;
