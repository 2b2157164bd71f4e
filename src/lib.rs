//! Parlor: a real-time chat server that one program serves.
//!
//! The rooms of the house, and which way imports point (downwards only):
//! `app` → `web`, `janitor` → `session` → `chat` → `store`, `uploads` → `protocol` → `model`.
//! `docs/architecture.md` walks through them.
#![forbid(unsafe_code)]

pub mod app;
pub mod chat;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod inventory;
pub mod janitor;
pub mod model;
pub mod protocol;
pub mod session;
pub mod store;
pub mod uploads;
pub mod web;
