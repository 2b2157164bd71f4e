//! The tables of `docs/protocol.md` that the code has as tables: requests, their fields, error
//! codes, close codes, limits, routes. Both sides must be equal, row by row.

use std::collections::BTreeSet;

use parlor::protocol::{COMMANDS, Close, Code, Needs, Rate, Refusal};
use serde_json::Value;

use crate::heard::Heard;
use crate::markdown::{Page, Row, code_words, number, plain};
use crate::parlor::Parlor;
use crate::person::Person;
use crate::text_of;

fn page() -> Page {
    Page::read("docs/protocol.md")
}

fn plain_rows(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect()
}

#[test]
fn the_table_of_requests_is_the_codes() {
    let expected: Vec<Row> = COMMANDS
        .iter()
        .map(|row| {
            let link = format!("[{0}](#request-{0})", row.name);
            let reply = if row.reply.is_empty() { "none" } else { row.reply };
            let bucket = match row.rate {
                Rate::Free => "free",
                Rate::Message => "message",
                Rate::Read => "read",
                Rate::Upload => "upload",
                Rate::Join => "join",
                Rate::Rename => "rename",
                Rate::Typing => "typing",
            };
            let needs = match row.needs {
                Needs::Hello => "hello",
                Needs::Login => "login",
                Needs::Moderator => "moderator",
            };
            let cells = [link.as_str(), reply, bucket, needs, row.summary];
            cells.map(str::to_owned).to_vec()
        })
        .collect();
    assert_eq!(plain_rows(&page().table("Requests")), expected);
}

#[test]
fn every_request_has_its_section_with_its_fields() {
    let page = page();
    let headings = page.headings();
    let sections = headings.iter().filter_map(|(_, words)| words.strip_prefix("Request `"));
    let sections: Vec<&str> = sections.map(|name| name.trim_end_matches('`')).collect();
    assert_eq!(sections, COMMANDS.iter().map(|row| row.name).collect::<Vec<_>>());
    for command in COMMANDS {
        let heading = format!("Request `{}`", command.name);
        if command.fields.is_empty() {
            assert!(page.tables(&heading).is_empty(), "{heading}");
            continue;
        }
        let expected = command.fields.iter().map(|field| {
            let required = if field.required { "required" } else { "" };
            [field.name, field.kind, required, field.rule].map(str::to_owned).to_vec()
        });
        assert_eq!(plain_rows(&page.table(&heading)), expected.collect::<Vec<_>>(), "{heading}");
    }
}

#[test]
fn every_request_has_an_example_that_is_replayed() {
    let blocks = page().blocks();
    let replayed =
        blocks.iter().filter(|block| block.info.starts_with(&["json".into(), "client".into()]));
    let types: BTreeSet<String> = replayed
        .filter_map(|block| {
            let frame: Value = serde_json::from_str(&block.text).ok()?;
            Some(frame["type"].as_str()?.to_owned())
        })
        .collect();
    assert_eq!(types, COMMANDS.iter().map(|row| row.name.to_owned()).collect());
}

#[test]
fn the_table_of_errors_is_the_codes() {
    let row = |code: &Code| -> Row {
        let bad = if Refusal::new(*code).is_bad_frame() { "yes" } else { "" };
        [code.name(), &code.status().to_string(), bad, code.sentence()].map(str::to_owned).to_vec()
    };
    let expected: Vec<Row> = Code::ALL.iter().map(row).collect();
    assert_eq!(plain_rows(&page().table("Errors")), expected);
}

#[test]
fn the_errors_that_a_request_is_said_to_have_exist() {
    let page = page();
    let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let requests: BTreeSet<&str> = COMMANDS.iter().map(|row| row.name).collect();
    for command in COMMANDS {
        let prose = page.section(&format!("Request `{}`", command.name)).join("\n");
        let Some((_, list)) = prose.split_once("\nErrors: ") else { continue };
        let list = list.split("\n\n").next().unwrap_or_default();
        for word in code_words(list).filter(|word| !matches!(*word, "reply_to")) {
            assert!(names.contains(word) || requests.contains(word), "{}: {word}", command.name);
        }
    }
}

#[test]
fn the_table_of_close_codes_is_the_codes() {
    let row = |close: Close| -> Row {
        let code = close.code().to_string();
        let advice = match (close.come_back(), close.announced()) {
            (true, _) => "come back",
            (false, true) => "stay away",
            (false, false) => "",
        };
        let before = if close.announced() { "closing" } else { "" };
        [&code, close.reason(), advice, before].map(str::to_owned).to_vec()
    };
    let expected: Vec<Row> = Close::all().map(row).collect();
    assert_eq!(plain_rows(&page().table("Close codes")), expected);
}

#[test]
fn no_page_names_a_close_code_that_does_not_exist() {
    let known: BTreeSet<u16> = Close::all().map(Close::code).chain([4499, 4999]).collect();
    // Benchmarks are full of numbers of their own.
    for path in crate::pages().iter().filter(|path| !path.starts_with("docs/benchmarks")) {
        let page = Page::read(&path.to_string_lossy());
        let text = page.prose().join("\n");
        let words = text.split(|c: char| !c.is_ascii_digit() && c != '_' && c != ',');
        for code in words.filter_map(|word| word.parse::<u16>().ok()) {
            let is_ours = (4000..5000).contains(&code);
            assert!(!is_ours || known.contains(&code), "{}: {code}", page.path);
        }
    }
}

#[test]
fn the_limits_that_welcome_announces_are_those_of_the_table() {
    let parlor = Parlor::start(&[]);
    let mut ada = Person::connect(&parlor.address, "/ws?nick=ada");
    let welcome = ada.await_reply("welcome", None, &mut Heard::default());
    let announced = welcome["limits"].as_object().expect("limits are an object");
    let table = &page().tables("Limits")[0];
    let told: BTreeSet<(String, Option<u64>)> =
        table.iter().map(|row| (plain(&row[0]), number(&row[1]))).collect();
    let said = announced.iter().map(|(name, value)| (name.clone(), value.as_u64())).collect();
    assert_eq!(told, said);
}

#[test]
fn the_keys_and_defaults_are_those_of_the_configuration() {
    let manual = text_of("docs/configuration.md");
    for row in &page().tables("Limits")[1] {
        let (key, default) = (plain(&row[0]), row[1].replace(',', ""));
        let line = manual.lines().find(|line| line.starts_with(&format!("| `{key}`")));
        let line = line.unwrap_or_else(|| panic!("there is no key {key}")).replace('_', "");
        assert!(line.contains(&format!("| `{default}` |")), "{key}: {line}");
    }
}

/// The methods and the path of what `web::routes` says behind one `.service(`.
fn calls(service: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = service.split('"').collect();
    let kind = service.split('(').next().unwrap_or_default();
    let methods: &[&str] = match (kind, &words[..]) {
        ("readable", [_, path, ..]) => return vec![("GET".into(), (*path).into())],
        ("only", [_, method, ..]) => &[method],
        ("both", [_, method, ..]) => &["GET", method],
        other => panic!("{other:?} is no way to say a route"),
    };
    methods.iter().map(|method| ((*method).to_owned(), words[3].to_owned())).collect()
}

#[test]
fn the_table_of_routes_is_the_codes() {
    let source = text_of("src/web/mod.rs");
    let routes: Vec<(String, String)> = source.split(".service(").skip(1).flat_map(calls).collect();
    let table = page().tables("HTTP").swap_remove(0);
    let told: Vec<(String, String)> =
        table.iter().map(|row| (plain(&row[0]), plain(&row[1]))).collect();
    assert_eq!(told, routes);
}
