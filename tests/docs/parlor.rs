//! A real server for the tests: the program itself, on a free port, in a directory of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::request::ask;

/// A server that runs until it is dropped.
pub struct Parlor {
    /// `127.0.0.1:PORT`.
    pub address: String,
    child: Child,
    directory: TempDir,
}

impl Parlor {
    /// Starts the program with `--set` for each of the `settings`.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_in(empty_directory(), settings)
    }

    /// Starts the program where `nick` is an owner already.
    pub fn start_owned_by(nick: &str, password: &str, settings: &[&str]) -> Self {
        let mut first = Self::start(&[]);
        let registration = json!({ "nick": nick, "password": password });
        let path = "POST /api/v1/accounts\nContent-Type: application/json";
        let answer = ask(&first.address, &format!("{path}\n\n{registration}"));
        assert_eq!(answer.status, 201, "{}", answer.body);
        first.terminate();
        first.child.wait().expect("it stops");
        let directory = std::mem::replace(&mut first.directory, empty_directory());
        promote(&directory.path().join("parlor.db"), nick);
        Self::start_in(directory, settings)
    }

    fn start_in(directory: TempDir, settings: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PARLOR_") {
                command.env_remove(name);
            }
        }
        command.args(["--listen", "127.0.0.1:0"]).current_dir(directory.path());
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.env("RUST_LOG", "error").stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("standard output is piped");
        BufReader::new(out).read_line(&mut line).expect("the program speaks UTF-8");
        let address = line.trim_end().strip_prefix("Parlor is open: http://");
        let address = address.and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("its first line is {line:?}")).to_owned();
        Self { address, child, directory }
    }

    /// Asks the server to stop, as a supervisor does.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.is_ok_and(|status| status.success()), "the server runs");
    }
}

impl Drop for Parlor {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn empty_directory() -> TempDir {
    tempfile::tempdir().expect("a directory for the test")
}

/// Makes an owner of an account, of a server that does not run.
fn promote(database: &Path, nick: &str) {
    let database = Connection::open(database).expect("the database opens");
    let changed = database.execute("UPDATE accounts SET role = 'owner' WHERE nick = ?1", [nick]);
    assert_eq!(changed, Ok(1));
}
