//! What one person may do in how short a time: a bucket for each kind of request. An account has
//! one allowance however many devices it is on.

use super::bucket::{Bucket, Moment, Pace};
use super::people::Person;
use super::rules::Rules;
use super::state::{Chat, Outcome};
use crate::model::SessionId;
use crate::protocol::{Code, Rate, Refusal};

/// The kinds that have a bucket, in the order of the buckets.
const RATES: [Rate; 6] =
    [Rate::Message, Rate::Read, Rate::Upload, Rate::Join, Rate::Rename, Rate::Typing];

/// The buckets of one person.
#[derive(Clone, Copy, Debug)]
pub struct Allowance([Bucket; RATES.len()]);

impl Allowance {
    /// Full buckets for somebody who just came.
    pub fn full(rules: &Rules, now: Moment) -> Self {
        Self(RATES.map(|rate| Bucket::full(rules.pace(rate), now)))
    }

    /// Takes what one request of this kind costs.
    ///
    /// # Errors
    /// `rate_limited` with the time until there is enough.
    pub fn charge(&mut self, rules: &Rules, rate: Rate, now: Moment) -> Result<(), Refusal> {
        let Some(at) = RATES.iter().position(|known| *known == rate) else { return Ok(()) };
        self.0[at].take(rules.pace(rate), now).map_err(too_fast)
    }
}

/// The refusal of what came too fast, worth another try after `millis`.
pub fn too_fast(millis: u64) -> Refusal {
    Refusal::new(Code::RateLimited).retry_after(millis)
}

impl Chat {
    pub(super) fn charge(&mut self, now: Moment, who: SessionId, rate: Rate) -> Outcome {
        let Self { sessions, accounts, rules, .. } = self;
        let Some(session) = sessions.get_mut(&who) else {
            return Err(Code::BadCredentials.into());
        };
        let allowance = if session.is_guest() {
            &mut session.allowance
        } else {
            let account = accounts.get_mut(session.user).ok_or(Code::BadCredentials)?;
            &mut account.allowance
        };
        allowance.charge(rules, rate, now)
    }

    /// The same for somebody who need not have a session.
    pub(super) fn charge_person(&mut self, now: Moment, person: &Person, rate: Rate) -> Outcome {
        match person.session {
            Some(session) => self.charge(now, session, rate),
            None => {
                let account = self.accounts.get_mut(person.user).ok_or(Code::BadCredentials)?;
                account.allowance.charge(&self.rules, rate, now)
            }
        }
    }
}

impl Rules {
    /// The pace of a kind of request.
    pub fn pace(&self, rate: Rate) -> Pace {
        match rate {
            Rate::Free => Pace::OFF,
            Rate::Message => self.paces.messages,
            // Twice that.
            Rate::Read => Pace {
                per_hour: self.paces.messages.per_hour * 2,
                burst: self.paces.messages.burst * 2,
            },
            Rate::Upload => self.paces.uploads,
            Rate::Join => self.paces.joins,
            Rate::Rename => self.paces.renames,
            Rate::Typing => self.paces.typing,
        }
    }
}
