//! The configuration: whatever stands in a file, a variable or a `--set`, the program begins with
//! values that keep their rules, or says in one short paragraph why it does not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::model::config::{FileText, Inputs, Resolved, assignments, listing};

/// The longest paragraph that a refusal may be, in characters.
const PARAGRAPH: usize = 500;

/// Any file, variables and `--set`s are refused briefly or give a configuration that says itself
/// again: each of its values, as it is shown, is taken for the same value.
pub fn configuration(data: &[u8]) {
    match Resolved::new(&inputs(data)) {
        Ok(resolved) => {
            let set = assignments(&resolved.config);
            let again = Resolved::new(&Inputs { set: set.clone(), ..Inputs::default() });
            let again = again.unwrap_or_else(|refusal| panic!("{refusal} {set:?}"));
            assert_eq!(again.config, resolved.config);
            assert_eq!(listing(&resolved).lines().count(), set.len() + 1);
            let text = set.join("\n");
            let file = Some(FileText { path: "shown.toml".into(), text: text.clone() });
            let again = Resolved::new(&Inputs { file, ..Inputs::default() });
            let again = again.unwrap_or_else(|refusal| panic!("{refusal} {text}"));
            assert_eq!(again.config, resolved.config);
        }
        Err(refusal) => {
            let words = refusal.to_string();
            assert!(words.chars().count() < PARAGRAPH, "{words}");
            assert!(!words.contains(char::is_control), "{words:?}");
        }
    }
}

/// A file up to the first zero; behind it variables (`PARLOR_…=…`) and `--set`s, a zero after each.
fn inputs(data: &[u8]) -> Inputs {
    let mut parts = data.split(|byte| *byte == 0);
    let text = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let file = Some(FileText { path: "parlor.toml".into(), text });
    let mut inputs = Inputs { file, ..Inputs::default() };
    for part in parts {
        let equals = part.iter().position(|byte| *byte == b'=');
        match equals.filter(|_| part.starts_with(b"PARLOR_")) {
            Some(at) => {
                let word = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
                inputs.variables.push((word(&part[..at]), word(&part[at + 1..])));
            }
            None => inputs.set.push(String::from_utf8_lossy(part).into_owned()),
        }
    }
    inputs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::config::Config;

    /// How long the log of some rooms is kept.
    fn rooms() -> impl Strategy<Value = String> {
        let name = "\"[a-zA-Z0-9._-]{1,4}\"|\"\\PC{1,3}\"|[a-z]";
        let room = (name, "[0-9]{1,3}|\"[0-9]{1,3}[smhdw]?\"");
        let room = room.prop_map(|(name, keep)| format!("{name}={keep}"));
        prop::collection::vec(room, 0..3)
            .prop_map(|rooms| format!("history.rooms={{{}}}", rooms.join(",")))
    }

    /// Keys as they are, so that values are tried and not only names.
    fn assignment() -> impl Strategy<Value = String> {
        prop_oneof![3 => of_any_key(), 1 => rooms()]
    }

    fn of_any_key() -> impl Strategy<Value = String> {
        let known = assignments(&Config::default());
        let value = prop_oneof![
            any::<String>(),
            "[-+0-9a-z_.:,=\\[\\]{}\"' ]{0,40}",
            any::<u64>().prop_map(|number| number.to_string()),
        ];
        (prop::sample::select(known), value).prop_map(|(known, value)| {
            let key = known.split('=').next().unwrap_or_default();
            format!("{key}={value}")
        })
    }

    fn variable(assignment: &str) -> String {
        let (key, value) = assignment.split_once('=').unwrap_or_default();
        format!("PARLOR_{}={value}", key.to_uppercase().replace('.', "_"))
    }

    proptest! {
        #[test]
        fn any_set_gives_values_that_read_back_or_a_short_refusal(
            text in prop_oneof![any::<String>(), assignment()],
        ) {
            configuration(format!("\0{text}").as_bytes());
        }

        #[test]
        fn any_variable_gives_values_that_read_back_or_a_short_refusal(
            text in prop_oneof!["PARLOR_[A-Z_]{0,20}=\\PC{0,20}", assignment().prop_map(|text| variable(&text))],
        ) {
            configuration(format!("\0{text}").as_bytes());
        }

        #[test]
        fn any_file_gives_values_that_read_back_or_a_short_refusal(
            text in prop_oneof![
                any::<String>(),
                assignment(),
                "([a-z.\\[\\]]{0,12} ?=? ?[0-9a-z\"'{}\\[\\]]{0,8}\n){0,6}",
            ],
        ) {
            configuration(text.as_bytes());
        }
    }
}
