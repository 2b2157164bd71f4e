//! What long answers may take in all: somebody who asks for a long catch-up and does not read it
//! keeps it in memory, and many of them would keep a lot.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// From this size on an answer counts: a fresh start and a page of history are always shorter.
const LONG: usize = 320 * 1024;

/// Counts the bytes of the long answers that somebody still holds.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicUsize>);

/// An answer that is counted until its last copy is gone.
struct Counted {
    frame: Bytes,
    held: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.frame.len(), Ordering::AcqRel);
    }
}

impl Budget {
    /// Long answers that may wait in all, in bytes.
    pub const MOST: usize = 64 * 1024 * 1024;

    /// Whether an answer of `bytes` still fits. One always does.
    pub fn allows(&self, bytes: usize) -> bool {
        let held = self.0.load(Ordering::Acquire);
        bytes < LONG || held == 0 || held.saturating_add(bytes) <= Self::MOST
    }

    /// The same bytes, counted while anybody holds them.
    pub fn count(&self, frame: Bytes) -> Bytes {
        if frame.len() < LONG {
            return frame;
        }
        self.0.fetch_add(frame.len(), Ordering::AcqRel);
        Bytes::from_owner(Counted { frame, held: Arc::clone(&self.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_counts_until_its_last_copy_is_gone() {
        let budget = Budget::default();
        let frame = budget.count(Bytes::from(vec![0; Budget::MOST]));
        let copy = frame.slice(5..);
        assert!(!budget.allows(LONG) && budget.allows(LONG - 1));
        drop(frame);
        assert!(!budget.allows(LONG));
        drop(copy);
        assert!(budget.allows(Budget::MOST));
    }
}
