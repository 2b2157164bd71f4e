//! Numbers that a page states and the code fixes: wherever a table names a constant and the file it
//! stands in, the number beside it is that constant's.

use std::collections::BTreeMap;

use crate::markdown::{Page, Row, number, plain};
use crate::text_of;

/// The cell that names a constant, as ``[`NAME`](../src/file.rs)``.
fn constant(row: &Row) -> Option<(String, String)> {
    row.iter().find_map(|cell| {
        let (name, rest) = cell.strip_prefix("[`")?.split_once("`](")?;
        let (path, _) = rest.strip_prefix("../")?.split_once(')')?;
        let is_constant =
            name.rsplit("::").next()?.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        is_constant.then(|| (name.to_owned(), path.to_owned()))
    })
}

/// The value of a constant, in its unit: bytes, events, seconds of a `Duration` or milliseconds.
fn value_of(name: &str, path: &str) -> u64 {
    let source = text_of(path);
    let (owner, name) = name.rsplit_once("::").unwrap_or(("", name));
    let source = match owner {
        "" => source.as_str(),
        owner => {
            let place = source.split_once(&format!("impl {owner} {{"));
            place.unwrap_or_else(|| panic!("{path} has no impl {owner}")).1
        }
    };
    let line = source.lines().find(|line| line.contains(&format!("const {name}: ")));
    let line = line.unwrap_or_else(|| panic!("{path} has no const {name}"));
    let (_, value) = line.split_once(" = ").expect("a constant has a value");
    evaluate(value).unwrap_or_else(|| panic!("{path}: {name} = {value}"))
}

fn evaluate(value: &str) -> Option<u64> {
    let value = value.split(';').next()?.trim();
    let value = value.strip_prefix("Duration::from_").unwrap_or(value);
    let value =
        value.trim_start_matches("secs(").trim_start_matches("millis(").trim_end_matches(')');
    let factor = |word: &str| word.trim().replace('_', "").parse::<u64>().ok();
    value.split('*').map(factor).product()
}

#[test]
fn a_number_in_a_table_is_the_one_of_the_constant_beside_it() {
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    for path in ["docs/protocol.md", "docs/architecture.md"] {
        let page = Page::read(path);
        for (_, heading) in page.headings() {
            for row in page.tables(heading).iter().flatten() {
                let Some((name, file)) = constant(row) else { continue };
                let stated = number(&plain(&row[1]));
                assert_eq!(stated, Some(value_of(&name, &file)), "{path}: {}", row[0]);
                *compared.entry(path.to_owned()).or_default() += 1;
            }
        }
    }
    assert!(compared.values().all(|count| *count > 10) && compared.len() == 2, "{compared:?}");
}
