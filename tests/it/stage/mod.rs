//! The stage on which the behaviours play: the real program as [`TestApp`], people at sockets as
//! [`Person`], a hand on the bare wire as [`RawSocket`], HTTP, and [`pictures`] with the [`Form`]s
//! that bring them.
//!
//! Whoever waits, waits for a frame or an answer; [`PATIENCE`] only bounds how long a broken
//! promise takes to fail.

mod accounts;
mod app;
mod calm;
mod disk;
mod events;
pub mod form;
mod frames;
pub mod hostile;
mod http;
mod metrics;
mod operator;
mod peace;
mod person;
pub mod pictures;
mod raw;
mod stream;
pub mod tls;
mod uploads;
mod wire;

use std::time::Duration;

pub use accounts::{Account, OWNER, PASSWORD};
pub use app::TestApp;
pub use calm::Share;
pub use disk::SmallDisk;
pub use events::{assert_dense, log, seqs, texts};
pub use form::{BOUNDARY, Form, form_type, upload_head};
pub use frames::*;
pub use http::Answer;
pub use operator::{Done, Operator};
pub use peace::nobody_notices;
pub use person::{Ending, Person};
pub use pictures::{Picture, Uploaded};
pub use raw::{RawFrame, RawSocket, mask, request};
pub use stream::EventStream;
pub use tls::{Certificate, encrypt};
pub use wire::Wire;

/// How long anything may take before a test gives up on it: machines are shared and slow.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must come; `what` says what is missing when it does not.
pub async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, coming).await {
        Ok(it) => it,
        Err(_) => panic!("it did not come within {PATIENCE:?}: {what}"),
    }
}

/// Asks again until the answer is there, where no frame tells when it changes.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}
