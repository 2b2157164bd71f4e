//! How often one may guess a password: plain rules over time as a number.
//!
//! Three ledgers. A stranger's try counts for the name that it is about, wherever it comes from, and
//! for the address that it comes from, whatever name it is about. A try from a *known device* (one
//! that shows the secret of a device which this account has been logged in with before) counts for
//! that device at that name and for nothing else. Who knows which devices is above; secrets are in
//! `secrets`.
//!
//! Invariants: what strangers do changes nothing for a known device; a try is counted when it begins,
//! so that parallel ones count; memory is bounded, and crowding it neither resets a count nor keeps
//! the others out (see [`ledger`]).

mod ledger;
mod rule;
#[cfg(test)]
mod tests;

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::TokenHash;
use crate::protocol::{Code, Refusal};
use ledger::{Key, Ledger};

pub use rule::Rule;

/// So many names, so many addresses and so many known devices are counted apart.
const PLACES: usize = 100_000;
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// How often one may guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Strangers at one name.
    pub name: Rule,
    /// Strangers from one address.
    pub address: Rule,
    /// A known device at its name.
    pub device: Rule,
    /// So many of each are counted apart.
    pub places: usize,
}

impl Default for Settings {
    /// Strangers have at most 21 tries at a name in any hour and 113 in any day; an address has 30 and
    /// then one in 10 s.
    fn default() -> Self {
        let patient = Rule {
            free: 10,
            decay_ms: 15 * MINUTE,
            first_wait_ms: 5 * SECOND,
            longest_wait_ms: 15 * MINUTE,
        };
        let address = Rule {
            free: 30,
            decay_ms: 10 * SECOND,
            first_wait_ms: 10 * SECOND,
            longest_wait_ms: 10 * SECOND,
        };
        Self { name: patient, address, device: patient, places: PLACES }
    }
}

/// Somebody tries a password.
#[derive(Clone, Copy)]
pub struct Try<'a> {
    /// The folded key of the account's name; where there is no such account, of the name as it was
    /// said. Two spellings of one account have to be one here.
    pub name: &'a str,
    /// The fingerprint of the address.
    pub address: [u8; 32],
    /// The device, if it showed the secret of one that this account knows.
    pub device: Option<TokenHash>,
}

/// A try that was let in and counted. Dropped, it stays counted: a wrong password, or somebody who hung
/// up.
#[derive(Debug)]
#[must_use = "a try that succeeds is given back"]
pub struct Ticket(Counted);

#[derive(Debug)]
enum Counted {
    Stranger { name: Key, address: Key },
    Device(Key),
}

/// Counts tries at passwords.
#[derive(Debug)]
pub struct Throttle {
    names: Ledger,
    addresses: Ledger,
    devices: Ledger,
}

impl Throttle {
    /// Nobody has tried anything.
    pub fn new(settings: Settings) -> Self {
        let Settings { name, address, device, places } = settings;
        Self {
            names: Ledger::new(name, places),
            addresses: Ledger::new(address, places),
            devices: Ledger::new(device, places),
        }
    }

    /// Lets a try in at `now` (in milliseconds, on a clock that never goes back) and counts it.
    ///
    /// # Errors
    /// `rate_limited`, with the wait. What is refused is not counted. The sentence is the same for
    /// every reason.
    pub fn begin(&mut self, now: u64, who: &Try<'_>) -> Result<Ticket, Refusal> {
        let name: Key = Sha256::digest(who.name).into();
        let Some(device) = who.device else { return self.stranger(now, name, who.address) };
        let device: Key = Sha256::new().chain_update(name).chain_update(device.0).finalize().into();
        let wait = self.devices.wait(now, &device);
        if wait > 0 {
            return Err(refused(wait));
        }
        self.devices.count(now, device);
        Ok(Ticket(Counted::Device(device)))
    }

    fn stranger(&mut self, now: u64, name: Key, address: Key) -> Result<Ticket, Refusal> {
        let wait = self.names.wait(now, &name).max(self.addresses.wait(now, &address));
        if wait > 0 {
            return Err(refused(wait));
        }
        self.names.count(now, name);
        self.addresses.count(now, address);
        Ok(Ticket(Counted::Stranger { name, address }))
    }

    /// The password was right. A known device has all its tries again. A stranger gets this one back
    /// and no other: a login of one's own is no way to guess more at others.
    pub fn succeeded(&mut self, now: u64, ticket: Ticket) {
        match ticket.0 {
            Counted::Device(key) => self.devices.forgive(key),
            Counted::Stranger { .. } => self.undone(now, ticket),
        }
    }

    /// The password was not looked at (the server was busy): the try does not count.
    pub fn undone(&mut self, now: u64, ticket: Ticket) {
        match ticket.0 {
            Counted::Device(key) => self.devices.give_back(now, key),
            Counted::Stranger { name, address } => {
                self.names.give_back(now, name);
                self.addresses.give_back(now, address);
            }
        }
    }
}

impl fmt::Debug for Try<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Try(at {:?}, known: {})", self.name, self.device.is_some())
    }
}

fn refused(wait: u64) -> Refusal {
    Refusal::because(Code::RateLimited, "Too many passwords were tried; wait a while.")
        .retry_after(wait)
}
