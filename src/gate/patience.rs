//! A timer that is there only while somebody is waited for.

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use actix_rt::time::{Sleep, sleep};

/// Waits for one thing at a time.
#[derive(Debug, Default)]
pub(super) struct Patience(Option<Pin<Box<Sleep>>>);

impl Patience {
    /// Whether it has ended, `limit` after the first call since it was [`calm`](Self::calm).
    pub fn ends(&mut self, cx: &mut Context<'_>, limit: Duration) -> bool {
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).is_ready()
    }

    /// What was waited for is there.
    pub fn calm(&mut self) {
        self.0 = None;
    }
}
