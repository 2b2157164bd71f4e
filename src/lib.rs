//! Parlor: a real-time chat server that one program serves.
//!
//! The rooms of the house, and which way imports point (downwards only):
//! `app` → `operator` → `web`, `gate`, `janitor` → `session` → `chat` → `store`, `uploads`, `auth` → `protocol` →
//! `model`.
//! `docs/architecture.md` walks through them.
#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod chat;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod gate;
pub mod inventory;
pub mod janitor;
pub mod model;
pub mod operator;
pub mod protocol;
pub mod session;
pub mod store;
pub mod uploads;
pub mod web;
