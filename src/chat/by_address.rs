//! What addresses did lately that no person's allowance holds: coming, sending in passing, opening
//! rooms, registering. Addresses are fingerprints; of IPv6 that of the /64.

use std::collections::HashMap;

use super::allowance::too_fast;
use super::bucket::{Bucket, Moment, Pace};
use crate::protocol::{Code, Refusal};

/// So many addresses are remembered between two sweeps.
const MAX_ADDRESSES: usize = 10_000;

/// A bucket for each address that did something lately.
#[derive(Debug)]
pub struct ByAddress {
    pace: Pace,
    buckets: HashMap<[u8; 32], Bucket>,
}

impl ByAddress {
    /// Nobody did anything yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, buckets: HashMap::new() }
    }

    /// Takes one token of `address`.
    ///
    /// # Errors
    /// `rate_limited` with the time until there is one; `busy` if too many addresses came.
    pub fn take(&mut self, address: [u8; 32], now: Moment) -> Result<(), Refusal> {
        if self.pace.per_hour == 0 {
            return Ok(());
        }
        if self.buckets.len() >= MAX_ADDRESSES && !self.buckets.contains_key(&address) {
            self.forget_calm(now);
            if self.buckets.len() >= MAX_ADDRESSES {
                return Err(Refusal::new(Code::Busy).retry_after(1000));
            }
        }
        let full = Bucket::full(self.pace, now);
        self.buckets.entry(address).or_insert(full).take(self.pace, now).map_err(too_fast)
    }

    /// Forgets the addresses whose bucket is full again.
    pub fn forget_calm(&mut self, now: Moment) {
        let pace = self.pace;
        self.buckets.retain(|_, bucket| !bucket.is_full(pace, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn each_address_has_its_own_bucket_and_calm_ones_are_forgotten() {
        let at = |mono| Moment { mono, wall: Timestamp(0) };
        let mut buckets = ByAddress::new(Pace::per_minute(1));
        assert!(buckets.take([1; 32], at(0)).is_ok());
        assert_eq!(buckets.take([1; 32], at(0)).unwrap_err().retry_after_ms, Some(60_000));
        assert!(buckets.take([2; 32], at(0)).is_ok());
        buckets.forget_calm(at(60_000));
        assert!(buckets.buckets.is_empty());
    }
}
