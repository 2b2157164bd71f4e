//! The README: its commands exist, and what it lets people type works.

use parlor::protocol::Command;
use serde_json::Value;

use crate::heard::Heard;
use crate::markdown::Page;
use crate::parlor::Parlor;
use crate::person::Person;
use crate::request::{ask, upload};
use crate::text_of;

#[test]
fn the_two_commands_of_the_readme_are_those_of_the_makefile() {
    let readme = Page::read("README.md");
    let shell = readme.blocks().into_iter().filter(|block| block.info == ["sh"]);
    let lines: Vec<String> =
        shell.flat_map(|b| b.text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let says = |command: &str| {
        lines.iter().any(|line| line.split('#').next().unwrap_or_default().trim() == command)
    };
    assert!(says("cargo run --release") && says("make test"), "{lines:?}");
    let makefile = text_of("Makefile");
    assert!(makefile.contains("\ntest:"), "make test is a rule");
    let run = makefile.split("\nrun:").nth(1).and_then(|rule| rule.lines().nth(1));
    assert_eq!(run.map(str::trim), Some("cargo run --release"));
}

#[test]
fn what_the_readme_lets_people_type_works_as_pasted() {
    let parlor = Parlor::start(&[]);
    let mut heard = Heard::default();
    let mut ada = Person::connect(&parlor.address, "/ws?nick=ada&room=lobby");
    ada.await_reply("joined", None, &mut heard);
    let blocks = Page::read("README.md").blocks();
    let typed = blocks.iter().filter(|block| block.info == ["json", "client"]);
    let mut count = 0;
    for line in typed.flat_map(|block| block.text.lines()) {
        let frame: Value = serde_json::from_str(line).expect("it is JSON");
        let command = frame["type"].as_str().and_then(Command::named).expect("a known request");
        let answer = ada.ask(&frame, command.reply, &mut heard);
        assert_eq!(answer["type"], command.reply, "{line}: {answer}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn the_addresses_of_the_readme_answer() {
    let parlor = Parlor::start(&[]);
    let mut ada = Person::connect(&parlor.address, "/ws?nick=ada&room=lobby");
    let welcome = ada.await_reply("welcome", None, &mut Heard::default());
    let token = welcome["resume"]["token"].as_str().expect("tokens are strings");
    ada.await_reply("joined", None, &mut Heard::default());
    let readme = text_of("README.md");
    for line in readme.lines().filter(|line| line.starts_with("curl ") && !line.contains(" -N ")) {
        let (_, rest) = line.split_once("http://127.0.0.1:8080").expect("the address of a start");
        let path = rest.split(['\'', '"', ' ']).next().unwrap_or_default();
        let posted = line.split("--json ").nth(1).map(|data| data.trim().trim_matches('\''));
        if line.contains(" -F ") {
            assert_eq!(upload(&parlor.address, token, line).status, 201, "{line}");
            continue;
        }
        let request = match posted {
            Some(data) => format!("POST {path}\nContent-Type: application/json\n\n{data}"),
            None => format!("GET {path}"),
        };
        let status = ask(&parlor.address, &request).status;
        assert!((200..300).contains(&status), "{line}: {status}");
    }
}
