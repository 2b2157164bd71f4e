//! Which key somebody probably meant who wrote one that does not exist.

use super::table::ROWS;

/// Nobody means a key by a name that is longer.
const LONGEST: usize = 64;

/// The key that comes closest, if one is close. The name of a variable may be given as well, without
/// its prefix.
pub(super) fn nearest(given: &str) -> Option<&'static str> {
    let given = Some(plain(given)).filter(|given| given.len() <= LONGEST)?;
    let (far, key) = ROWS.iter().map(|row| (distance(&given, row.key), row.key)).min()?;
    (far <= 1 + given.len() / 3).then_some(key)
}

/// Slips from here to there; a forgotten section counts as one.
fn distance(given: &str, key: &str) -> usize {
    let slips = |name: &str| strsim::damerau_levenshtein(given, &plain(name));
    let last = key.split('.').next_back().unwrap_or(key);
    slips(key).min(slips(last) + 1)
}

/// Keys, variables and the ways to spell them, made alike.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_the_key_that_was_meant() {
        for (given, meant) in [
            ("listne", Some("listen")),
            ("heartbeat.intervall_ms", Some("heartbeat.interval_ms")),
            ("heartbeat.timeout", Some("heartbeat.timeout_ms")),
            ("grace-ms", Some("resume.grace_ms")),
            ("brust", Some("limits.burst")),
            ("HISTORY_KEPT", Some("history.keep")),
            ("GUESTS", Some("guests")),
            ("limits.message_per_second", Some("limits.messages_per_second")),
            ("history.rooms.lobby", Some("history.rooms")),
            ("zebra", None),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(nearest(given), meant, "{given}");
        }
        assert_eq!(nearest(&"limits".repeat(100_000)), None);
    }
}
