//! The examples of `docs/protocol.md`: what is said gets the answer that stands there, and what the
//! server is shown to say, it says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::heard::shapes;
use crate::markdown::{Block, Page};
use crate::tour::tour;

fn blocks_of(kind: &[&str]) -> Vec<Block> {
    let blocks = Page::read("docs/protocol.md").blocks();
    let is_kind =
        |block: &Block| block.info.len() >= kind.len() && block.info[..kind.len()] == *kind;
    blocks.into_iter().filter(is_kind).collect()
}

#[test]
fn every_example_is_json_and_says_what_it_is() {
    for block in blocks_of(&["json"]) {
        let parsed: Result<Value, _> = serde_json::from_str(&block.text);
        assert!(parsed.is_ok(), "line {}: {parsed:?}", block.line);
        let known = ["client", "server", "http"];
        let kind = block.info.get(1).map(String::as_str).unwrap_or_default();
        assert!(known.contains(&kind), "line {}: `json {kind}`", block.line);
    }
}

#[test]
fn every_example_gets_the_answer_that_stands_there() {
    let tour = tour();
    assert!(tour.complaints.is_empty(), "{}", tour.complaints.join("\n"));
    assert!(tour.replayed > 40, "{} examples were replayed", tour.replayed);
}

#[test]
fn every_frame_that_the_server_is_shown_to_say_it_says() {
    let answers = blocks_of(&["json", "http"]);
    for block in blocks_of(&["json", "server"]).iter().chain(&answers) {
        let frame: Value = serde_json::from_str(&block.text).expect("tested above");
        let untyped = untyped_class(&frame);
        for (class, shape) in shapes(&frame, &untyped) {
            let heard: BTreeSet<_> = tour().heard.shapes(&class).collect();
            let line = block.line;
            assert!(heard.contains(&shape), "line {line}: {class} {shape:?} is one of {heard:#?}");
        }
        let is_error = frame["type"] == "error";
        assert!(!is_error || tour().heard.errors.contains(&frame), "line {}: {frame}", block.line);
    }
}

/// The class of an answer without a `type`: the request line that had the same fields.
fn untyped_class(frame: &Value) -> String {
    let fields = shapes(frame, "").swap_remove(0).1;
    let is_it = |class: &&str| tour().heard.shapes(class).any(|shape| *shape == fields);
    tour().heard.classes().find(is_it).unwrap_or("an answer").to_owned()
}

#[test]
fn every_kind_of_frame_has_an_example() {
    let shown: BTreeSet<String> = blocks_of(&["json", "server"])
        .iter()
        .filter_map(|block| {
            let frame: Value = serde_json::from_str(&block.text).ok()?;
            Some(frame["type"].as_str()?.to_owned())
        })
        .collect();
    let said: BTreeSet<String> =
        crate::frame_tables::types_of_frames().into_iter().map(str::to_owned).collect();
    assert_eq!(shown, said);
}
