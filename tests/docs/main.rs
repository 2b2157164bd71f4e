//! The documentation held to the program: what it says is said by the code, or the build is red.
//!
//! `markdown` reads a page, `parlor`, `person` and `request` are a server and whoever talks to it,
//! `tour` tells the story of `docs/protocol.md` to a real server and `heard` remembers what the
//! server said. The tests are in the other files, one for each thing that a page can get wrong.

mod bounds;
mod code_tables;
mod examples;
mod frame_tables;
mod heard;
mod house;
mod links;
mod markdown;
mod metrics;
mod page_promises;
mod parlor;
mod person;
mod readme;
mod request;
mod security;
mod tour;

use std::path::{Path, PathBuf};

/// The project's own directory.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project as text.
fn text_of(path: &str) -> String {
    let path = home().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every page of the documentation, as paths from the project's directory.
fn pages() -> Vec<PathBuf> {
    let mut pages = ["README.md", "CHANGELOG.md", "SECURITY.md"].map(PathBuf::from).to_vec();
    let mut directories = vec![PathBuf::from("docs")];
    while let Some(directory) = directories.pop() {
        let entries = std::fs::read_dir(home().join(&directory)).expect("docs can be listed");
        for entry in entries.map(|entry| entry.expect("docs can be listed")) {
            let path = directory.join(entry.file_name());
            if entry.path().is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}
