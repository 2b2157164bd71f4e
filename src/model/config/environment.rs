//! Variables: how a key is called in the environment, and which names are none of our keys.

use super::nearest::nearest;
use super::row::Row;
use super::table::{self, ROWS};

/// What the name of every variable begins with that Parlor takes for its own.
pub(super) const PREFIX: &str = "PARLOR_";

/// Names the file of the configuration; read by the program, as it is no key.
pub const CONFIG_VARIABLE: &str = "PARLOR_CONFIG";

/// The variable of a key: `PARLOR_`, then the key in capitals with `_` for the dot.
pub(super) fn variable(row: &Row) -> String {
    format!("{PREFIX}{}", row.key.to_uppercase().replace('.', "_"))
}

/// The row of a variable.
pub(super) fn row_of(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| variable(row) == name)
}

/// The variable that somebody probably meant.
pub(super) fn meant(name: &str) -> Option<String> {
    let key = nearest(name.strip_prefix(PREFIX).unwrap_or(name))?;
    table::row(key).map(variable)
}

/// Whether a variable begins like ours and yet is no key.
///
/// Kubernetes sets some for every service, and one of that name may be called `parlor`.
pub(super) fn is_foreign(name: &str, value: &str) -> bool {
    let of_tests = name == "PARLOR_BIN" || name.starts_with("PARLOR_TEST_");
    let of_kubernetes = name.starts_with("PARLOR_SERVICE_")
        || name.starts_with("PARLOR_PORT_")
        || (name == "PARLOR_PORT" && value.contains("://"));
    name == CONFIG_VARIABLE || of_tests || of_kubernetes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_variable_of_its_own() {
        for row in ROWS {
            let name = variable(row);
            assert_eq!(row_of(&name).map(|found| found.key), Some(row.key), "{name}");
            assert!(!is_foreign(&name, "tcp://10.0.0.1:80"), "{name}");
        }
    }
}
