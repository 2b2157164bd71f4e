//! How many connections there may be: in all, from one address, and without a place.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use sha2::{Digest, Sha256};

use crate::protocol::{Code, Refusal};

/// Counts connections. Shared by all workers; touched when one comes or goes.
#[derive(Debug)]
pub struct Admission {
    most: usize,
    most_per_address: usize,
    most_standing: usize,
    counts: Mutex<Counts>,
    emptied: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    sessions: usize,
    standing: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The server has as many connections as it may have.
    Server,
    /// This address has.
    Address,
}

/// A place; dropping it frees it.
#[derive(Debug)]
pub struct Admitted {
    admission: Arc<Admission>,
    address: IpAddr,
    /// Whether it counts for the address: a trusted proxy's connection counts for none until it is
    /// known whose it is.
    counted: bool,
    session: bool,
}

/// What a connection got when it was accepted; its first upgrade takes the place along.
pub struct Seat(RefCell<Option<Result<Admitted, Standing>>>);

/// A connection that found no place, and stays to be told so.
struct Standing {
    admission: Arc<Admission>,
    full: Full,
}

impl Seat {
    /// A seat for a connection from `address`; who it comes from is `known` unless that is a trusted
    /// proxy. None if there is no room to stand either.
    pub fn find(admission: &Arc<Admission>, address: IpAddr, known: bool) -> Option<Self> {
        let seat = match admission.admit(address, known) {
            Ok(place) => Ok(place),
            Err(full) => Err(admission.stand(full)?),
        };
        Some(Self(RefCell::new(Some(seat))))
    }

    /// Why the connection has no place, if it has none.
    pub fn full(&self) -> Option<Full> {
        self.0.borrow().as_ref().and_then(|seat| seat.as_ref().err()).map(|standing| standing.full)
    }

    /// Counts the place for `client`, for as long as the connection is busy with what it asked for.
    ///
    /// # Errors
    /// Why there is none.
    pub fn count_for(&self, client: IpAddr) -> Result<(), Full> {
        match &mut *self.0.borrow_mut() {
            Some(Ok(place)) => place.count_for(client),
            Some(Err(standing)) => Err(standing.full),
            None => Err(Full::Server),
        }
    }

    /// Takes the place for a session of `client`, which outlives the HTTP connection that it began
    /// as.
    ///
    /// # Errors
    /// Why there is none.
    pub fn take(&self, client: IpAddr) -> Result<Admitted, Full> {
        let mut place = match self.0.borrow_mut().take() {
            Some(seat) => seat.map_err(|standing| standing.full)?,
            None => return Err(Full::Server),
        };
        place.count_for(client)?;
        place.session = true;
        place.admission.counts().sessions += 1;
        Ok(place)
    }
}

impl From<Full> for Refusal {
    fn from(full: Full) -> Self {
        let (code, message) = match full {
            Full::Server => (Code::Busy, "The server has as many connections as it may have."),
            Full::Address => {
                (Code::RateLimited, "Your address has as many connections as one may have.")
            }
        };
        Self::because(code, message).retry_after(5000)
    }
}

impl Admission {
    /// At most `most` in all and `most_per_address` from one address (0: no such limit), and
    /// `most_standing` that found no place.
    pub fn new(most: usize, most_per_address: usize, most_standing: usize) -> Arc<Self> {
        let (counts, emptied) = (Mutex::default(), tokio::sync::Notify::new());
        Arc::new(Self { most, most_per_address, most_standing, counts, emptied })
    }

    fn stand(self: &Arc<Self>, full: Full) -> Option<Standing> {
        let mut counts = self.counts();
        if counts.standing >= self.most_standing {
            return None;
        }
        counts.standing += 1;
        Some(Standing { admission: Arc::clone(self), full })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Counting cannot panic half-way: a poisoned lock still holds true counts.
        self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until there are no sessions.
    pub async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.counts().sessions == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Takes a place for `address`, and counts it for it if that is `known` to be who it is for.
    /// IPv6 addresses count by their /64 network.
    ///
    /// # Errors
    /// Which limit is reached.
    pub fn admit(self: &Arc<Self>, address: IpAddr, known: bool) -> Result<Admitted, Full> {
        let address = network(address);
        let mut counts = self.counts();
        if self.most > 0 && counts.all >= self.most {
            return Err(Full::Server);
        }
        if known {
            counts.enter(address, self.most_per_address)?;
        }
        counts.all += 1;
        drop(counts);
        Ok(Admitted { admission: Arc::clone(self), address, counted: known, session: false })
    }
}

impl Counts {
    fn enter(&mut self, address: IpAddr, most: usize) -> Result<(), Full> {
        let here = self.by_address.entry(address).or_default();
        if most > 0 && *here >= most {
            return Err(Full::Address);
        }
        *here += 1;
        Ok(())
    }

    fn leave(&mut self, address: IpAddr) {
        let Some(here) = self.by_address.get_mut(&address) else { return };
        *here -= 1;
        if *here == 0 {
            self.by_address.remove(&address);
        }
    }
}

impl Admitted {
    fn count_for(&mut self, client: IpAddr) -> Result<(), Full> {
        let client = network(client);
        if self.counted && self.address == client {
            return Ok(());
        }
        let mut counts = self.admission.counts();
        counts.enter(client, self.admission.most_per_address)?;
        if self.counted {
            counts.leave(self.address);
        }
        drop(counts);
        (self.address, self.counted) = (client, true);
        Ok(())
    }

    /// A fingerprint of the address (for IPv6 of its network): to compare, not to show.
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(self.address)
    }
}

/// The fingerprint of an address, as a session keeps it.
pub fn fingerprint(address: IpAddr) -> [u8; 32] {
    Sha256::digest(format!("parlor {}", network(address))).into()
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.admission.counts().standing -= 1;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        counts.all -= 1;
        counts.sessions -= usize::from(self.session);
        if counts.sessions == 0 {
            self.admission.emptied.notify_waiters();
        }
        if self.counted {
            counts.leave(self.address);
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_holder_goes() {
        let admission = Admission::new(3, 2, 0);
        let one: IpAddr = "127.0.0.1".parse().unwrap();
        let first = admission.admit(one, true).unwrap();
        let _second = admission.admit(one, true).unwrap();
        assert_eq!(admission.admit(one, true).unwrap_err(), Full::Address);
        let _other = admission.admit("127.0.0.2".parse().unwrap(), true).unwrap();
        assert_eq!(admission.admit("127.0.0.3".parse().unwrap(), true).unwrap_err(), Full::Server);
        drop(first);
        assert!(admission.admit(one, true).is_ok());
    }

    #[test]
    fn a_proxys_connection_counts_for_whom_it_carries() {
        let admission = Admission::new(0, 1, 9);
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let (ada, bob) = ("198.51.100.1".parse().unwrap(), "198.51.100.2".parse().unwrap());
        let seats = [0; 4].map(|_| Seat::find(&admission, proxy, false).unwrap());
        let first = seats[0].take(ada).unwrap();
        assert_eq!(seats[1].take(ada).unwrap_err(), Full::Address);
        seats[2].count_for(bob).unwrap();
        assert_eq!(seats[3].count_for(bob).unwrap_err(), Full::Address);
        drop(first);
        seats[2].count_for(ada).unwrap();
        seats[3].count_for(bob).unwrap();
        drop(seats);
        assert!(admission.counts().by_address.is_empty() && admission.counts().all == 0);
    }

    #[test]
    fn who_finds_no_place_may_stand_as_long_as_there_is_room() {
        let admission = Admission::new(0, 1, 2);
        let find = || Seat::find(&admission, "127.0.0.1".parse().unwrap(), true);
        let seated = find().unwrap();
        assert_eq!(seated.full(), None);
        let standing = [find().unwrap(), find().unwrap()];
        assert!(standing.iter().all(|seat| seat.full() == Some(Full::Address)));
        assert!(find().is_none());
        drop(standing);
        assert_eq!(find().unwrap().full(), Some(Full::Address));
        drop(seated);
        assert_eq!(find().unwrap().full(), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let admission = Admission::new(0, 1, 0);
        let _one = admission.admit("2001:db8::1".parse().unwrap(), true).unwrap();
        assert!(admission.admit("2001:db8::2".parse().unwrap(), true).is_err());
        assert!(admission.admit("2001:db8:0:1::2".parse().unwrap(), true).is_ok());
    }
}
