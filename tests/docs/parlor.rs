//! A real server for the tests: the program itself, on a free port, in a directory of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server that runs until it is dropped.
pub struct Parlor {
    /// `127.0.0.1:PORT`.
    pub address: String,
    child: Child,
    _directory: TempDir,
}

impl Parlor {
    /// Starts the program with `--set` for each of the `settings`.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_in(empty_directory(), settings)
    }

    /// Starts the program where `nick` is an owner already.
    pub fn start_owned_by(nick: &str, password: &str, settings: &[&str]) -> Self {
        let directory = empty_directory();
        let mut command = program(&directory);
        command.args(["user", "add", nick, "--role", "owner"]).stdin(Stdio::piped());
        let mut adding = command.stdout(Stdio::null()).spawn().expect("the program starts");
        let mut line = adding.stdin.take().expect("standard input is piped");
        writeln!(line, "{password}").expect("it reads the password");
        drop(line);
        assert!(adding.wait().is_ok_and(|status| status.success()), "{nick} is added");
        Self::start_in(directory, settings)
    }

    fn start_in(directory: TempDir, settings: &[&str]) -> Self {
        let mut command = program(&directory);
        command.args(["--listen", "127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("standard output is piped");
        BufReader::new(out).read_line(&mut line).expect("the program speaks UTF-8");
        let address = line.trim_end().strip_prefix("Parlor is open: http://");
        let address = address.and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("its first line is {line:?}")).to_owned();
        Self { address, child, _directory: directory }
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

/// The program, as nothing in this environment changes it.
fn program(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PARLOR_") {
            command.env_remove(name);
        }
    }
    command.current_dir(directory.path()).env("RUST_LOG", "error");
    command
}
