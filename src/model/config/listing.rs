//! What `parlor config` prints: every key with its value, unit, default and source, in columns.

use super::Config;
use super::raw::Raw;
use super::sources::Resolved;
use super::table::ROWS;

const COLUMNS: usize = 5;

/// The configuration that counts, as a table for people; values are spelled as `--set` takes them.
pub fn listing(resolved: &Resolved) -> String {
    let default = Config::default();
    let head = ["KEY", "VALUE", "UNIT", "DEFAULT", "FROM"].map(String::from);
    let mut lines = vec![head];
    lines.extend(ROWS.iter().map(|row| {
        [
            row.key.to_owned(),
            Raw::typed_by_hand(&row.show(&resolved.config)),
            row.unit.to_owned(),
            Raw::typed_by_hand(&row.show(&default)),
            resolved.source(row.key).to_string(),
        ]
    }));
    aligned(&lines)
}

fn aligned(lines: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Inputs;

    #[test]
    fn the_listing_has_a_line_for_every_key_and_says_who_set_it() {
        let set = vec!["resume.grace_ms=300".to_owned()];
        let resolved = Resolved::new(&Inputs { set, ..Inputs::default() }).expect("300 fits");
        let listing = listing(&resolved);
        assert_eq!(listing.lines().count(), 1 + ROWS.len());
        let words = |key: &str| {
            let line = listing.lines().find(|line| line.starts_with(key)).expect("every key");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("resume.grace_ms"), "resume.grace_ms 300 ms 30000 --set");
        assert_eq!(words("heartbeat.interval_ms"), "heartbeat.interval_ms 20000 ms 20000 default");
    }
}
