//! Tries at passwords: counted before the work of checking one is done. How often one may try is
//! `auth`'s rule; which devices an account knows is known here.

use super::accounts::Proof;
use super::bucket::Moment;
use super::state::Chat;
use crate::auth::{Ticket, Try};
use crate::model::{Nick, TokenHash};
use crate::protocol::Refusal;

/// A try that was let in: what the password is compared with, and the ticket to give back.
#[derive(Debug)]
pub struct Guess {
    /// The account that it may be; `None` for a name without one.
    pub proof: Option<Proof>,
    /// Whether it comes from a device that the account knows.
    pub known: bool,
    /// To be given back when the password was right.
    pub ticket: Ticket,
}

impl Chat {
    /// Lets a try at the password of `nick` in, and counts it.
    ///
    /// # Errors
    /// `rate_limited`, the same for names that there are and names that there are not.
    pub fn guess(
        &mut self,
        now: Moment,
        nick: &Nick,
        address: [u8; 32],
        device: Option<TokenHash>,
    ) -> Result<Guess, Refusal> {
        let proof = self.proof(nick);
        // Two spellings of an account are one name here.
        let keys = proof.as_ref().map_or_else(|| nick.keys(), |proof| proof.nick.keys());
        let device = device.filter(|device| {
            proof.as_ref().is_some_and(|proof| self.knows_device(proof.user, device))
        });
        let ticket = self.throttle.begin(now.mono, &Try { name: &keys.folded, address, device })?;
        Ok(Guess { proof, known: device.is_some(), ticket })
    }

    /// The same for who shows a login and proves that it is them.
    ///
    /// # Errors
    /// `bad_credentials`, `login_required`, `banned`, `rate_limited`.
    pub fn own_guess(
        &mut self,
        now: Moment,
        token: &TokenHash,
        address: [u8; 32],
    ) -> Result<Guess, Refusal> {
        let proof = self.own_proof(now, token)?;
        let keys = proof.nick.keys();
        // Their login is as good as a known device: strangers at their name do not lock them out.
        let device = Some(*token);
        let ticket = self.throttle.begin(now.mono, &Try { name: &keys.folded, address, device })?;
        Ok(Guess { proof: Some(proof), known: true, ticket })
    }

    /// The password was right.
    pub fn guessed_right(&mut self, now: Moment, ticket: Ticket) {
        self.throttle.succeeded(now.mono, ticket);
    }

    /// The password was not looked at after all.
    pub fn not_guessed(&mut self, now: Moment, ticket: Ticket) {
        self.throttle.undone(now.mono, ticket);
    }
}
