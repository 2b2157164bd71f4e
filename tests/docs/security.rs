//! `docs/security.md`: every requirement has its line, and every line a test that exists or a reason.

use std::collections::BTreeMap;

use crate::markdown::{Page, Row, code_words};
use crate::{home, text_of};

/// The requirements of levels 1 and 2 of ASVS 5.0.0, by section: how many there are, one after the other.
const SECTIONS: &[(&str, u8)] = &[
    ("3.2", 2),
    ("3.3", 4),
    ("3.4", 6),
    ("3.5", 5),
    ("3.7", 2),
    ("4.4", 4),
    ("5.1", 1),
    ("5.2", 3),
    ("5.3", 2),
    ("5.4", 3),
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
];

fn rows() -> Vec<Row> {
    let page = Page::read("docs/security.md");
    let headings = page.headings().into_iter();
    headings.flat_map(|(_, heading)| page.tables(heading)).flatten().collect()
}

#[test]
fn no_requirement_is_left_out() {
    let numbers = |(section, last): &(&str, u8)| {
        let section = (*section).to_owned();
        (1..=*last).map(move |number| format!("{section}.{number}"))
    };
    let all: Vec<String> = SECTIONS.iter().flat_map(numbers).collect();
    let told: Vec<String> = rows().iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, all);
}

#[test]
fn every_line_names_a_test_that_exists_or_gives_a_reason() {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for row in rows() {
        let [number, _, _, how, tests] = &row[..] else { panic!("{row:?} has other cells") };
        if matches!(tests.as_str(), "not applicable" | "not met") {
            assert!(how.len() > 20, "{number}: why?");
            continue;
        }
        let named: Vec<&str> = code_words(tests).collect();
        assert!(!named.is_empty(), "{number} names no test");
        for test in named {
            let (path, name) = test.split_once("::").expect("a test is `path::name`");
            assert!(home().join(path).is_file(), "{number}: there is no {path}");
            let source = sources.entry(path.to_owned()).or_insert_with(|| text_of(path));
            assert!(stands_in(source, path, name), "{number}: {path} has no test {name}");
        }
    }
}

/// Whether a file has a test of that name: a function behind `#[…test…]`, or in a file of the page's
/// tests a sentence behind `test(`.
fn stands_in(source: &str, path: &str, name: &str) -> bool {
    if path.ends_with(".mjs") {
        return source.contains(&format!("test(\"{name}\""));
    }
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else { return false };
    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
    attributes.contains("test]") || attributes.contains("test(")
}
