//! How long a room's log is kept: a duration, a count, or not at all.

use std::fmt;
use std::str::FromStr;

/// What `history.keep` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Nothing is written; the room lives in memory with a bounded recent log.
    Nothing,
    /// The newest so many events.
    Last(u64),
    /// Events younger than so many milliseconds.
    For(u64),
}

/// The rule that a refused value is told.
pub const KEEP_RULE: &str =
    "0 (memory only), a count of events such as 10000, or a duration such as 12h, 30d, 90m, 45s";

const UNITS: [(&str, u64); 4] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];

impl FromStr for Keep {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(count) = text.parse::<u64>() {
            return Ok(if count == 0 { Self::Nothing } else { Self::Last(count) });
        }
        UNITS
            .iter()
            .find_map(|(unit, millis)| {
                let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
                (number > 0).then(|| Self::For(number.saturating_mul(*millis)))
            })
            .ok_or(KEEP_RULE)
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("0"),
            Self::Last(count) => write!(f, "{count}"),
            Self::For(millis) => {
                let (unit, size) =
                    UNITS.iter().find(|(_, size)| millis % size == 0).unwrap_or(&UNITS[3]);
                write!(f, "{}{unit}", millis / size)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_read_and_print_alike() {
        for (text, keep) in [
            ("0", Keep::Nothing),
            ("500", Keep::Last(500)),
            ("30d", Keep::For(30 * 86_400_000)),
            ("90m", Keep::For(90 * 60_000)),
        ] {
            assert_eq!(text.parse(), Ok(keep));
            assert_eq!(keep.to_string(), text);
        }
        for bad in ["", "-1", "d", "0d", "1w", "1.5h", "ever"] {
            assert!(bad.parse::<Keep>().is_err(), "{bad}");
        }
    }
}
