//! A moment in time: milliseconds since 1970, written as RFC 3339 in UTC with milliseconds.

use std::sync::OnceLock;
use std::time::Instant;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const RFC3339_MILLIS: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Milliseconds since 1970-01-01T00:00:00Z. The wall clock is read only by [`Timestamp::now`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The wall clock now. Actors call it once per message and hand the value down.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and `millis` later.
    pub fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add_unsigned(millis))
    }

    /// Milliseconds from `earlier` to here; 0 if `earlier` is later.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        let when =
            OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        f.write_str(&when.format(RFC3339_MILLIS).map_err(|_| std::fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let moment = PrimitiveDateTime::parse(&text, RFC3339_MILLIS).map_err(D::Error::custom)?;
        let nanos = moment.assume_utc().unix_timestamp_nanos();
        Ok(Self(i64::try_from(nanos / 1_000_000).map_err(D::Error::custom)?))
    }
}

/// Milliseconds since the program began, on a clock that never goes back. One zero for all
/// threads, so that actors and connections speak of the same moments.
pub fn uptime_ms() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let age = BEGAN.get_or_init(Instant::now).elapsed();
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339_with_milliseconds() {
        assert_eq!(Timestamp(1_795_370_400_000).to_string(), "2026-11-22T18:00:00.000Z");
        assert_eq!(Timestamp(1).to_string(), "1970-01-01T00:00:00.001Z");
        let text = r#""2026-11-22T18:00:00.000Z""#;
        assert_eq!(serde_json::from_str::<Timestamp>(text).unwrap(), Timestamp(1_795_370_400_000));
        assert!(serde_json::from_str::<Timestamp>(r#""2026-11-22""#).is_err());
    }

    #[test]
    fn differences_never_go_below_zero() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), 0);
        assert_eq!(Timestamp(9).since(Timestamp(5)), 4);
    }
}
