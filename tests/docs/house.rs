//! The picture in `docs/architecture.md`: the rooms of the house are the directories of `src/`, and
//! imports point downwards only.

use std::collections::BTreeSet;
use std::path::Path;

use crate::markdown::Page;
use crate::{home, text_of};

/// The rooms from the roof down. Rooms of one storey do not know each other.
const STOREYS: [&[&str]; 8] = [
    &["app", "fuzzing"],
    &["operator"],
    &["web", "gate", "janitor", "inventory"],
    &["session"],
    &["chat"],
    &["store", "uploads", "auth"],
    &["protocol"],
    &["model"],
];

fn storey(room: &str) -> Option<usize> {
    STOREYS.iter().position(|rooms| rooms.contains(&room))
}

/// Every Rust file under `src/` that is not a test, with the room it belongs to.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut directories = vec![home().join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() && !path.ends_with("tests") {
                directories.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                let inside = path.strip_prefix(home()).expect("it was found there");
                files.push((inside.to_string_lossy().into_owned(), room_of(inside)));
            }
        }
    }
    files
}

fn room_of(path: &Path) -> String {
    let first = path.iter().nth(1).expect("a file in src").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a file names after `crate::`, its test module left out.
fn imports(source: &str) -> BTreeSet<String> {
    let code = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut found: BTreeSet<String> = code.split("crate::").skip(1).map(word).collect();
    // `use crate::{a, b}` names several at once.
    for group in code.split("crate::{").skip(1) {
        let group = group.split('}').next().unwrap_or_default();
        found.extend(group.split(',').map(|part| word(part.trim())));
    }
    found.retain(|room| !room.is_empty());
    found
}

#[test]
fn imports_point_downwards_only() {
    let mut seen = 0;
    for (path, room) in files() {
        let Some(here) = storey(&room) else {
            assert!(["main", "cli", "lib"].contains(&room.as_str()), "{path} is in no room");
            continue;
        };
        for other in imports(&text_of(&path)) {
            let there = storey(&other).unwrap_or_else(|| panic!("{path}: crate::{other}?"));
            assert!(there > here || other == room, "{path} reaches up to `{other}`");
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} imports were found");
}

#[test]
fn the_test_sees_an_import_however_it_is_written() {
    let source = "use crate::model::Nick;\nuse crate::{chat, store::Op};\n// crate::web\nlet x = crate::app::y();\n#[cfg(test)]\nmod tests {\nuse crate::session;\n}";
    let found: Vec<String> = imports(source).into_iter().collect();
    assert_eq!(found, ["app", "chat", "model", "store"]);
}

#[test]
fn the_drawing_shows_exactly_what_is_in_src() {
    let blocks = Page::read("docs/architecture.md").blocks();
    let drawing = blocks.iter().find(|block| block.info == ["text", "house"]);
    let drawing = drawing.expect("the drawing is a `text house` block");
    let words = drawing.text.split_whitespace();
    let drawn: BTreeSet<String> =
        words.filter(|w| w.ends_with('/') || w.ends_with(".rs")).map(str::to_owned).collect();
    let there = std::fs::read_dir(home().join("src")).expect("src can be listed");
    let there: BTreeSet<String> = there
        .map(|entry| {
            let entry = entry.expect("src can be listed");
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() { format!("{name}/") } else { name }
        })
        .collect();
    assert_eq!(drawn, there);
}

#[test]
fn a_reason_stands_above_every_dependency() {
    let mut inside = false;
    let mut above = String::new();
    for line in text_of("Cargo.toml").lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            assert!(above.starts_with("# "), "{line}");
        }
        line.clone_into(&mut above);
    }
}
