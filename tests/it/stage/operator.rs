//! The operator at the command line of the real program, beside a server that runs or without one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::TestApp;

/// Who types `parlor …` and says where the data is.
pub struct Operator {
    data: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl TestApp {
    /// The operator of this server.
    pub fn operator(&self) -> Operator {
        Operator::of(self.data())
    }
}

impl Operator {
    /// The operator of whatever has its data there.
    pub fn of(data: &Path) -> Self {
        Self { data: data.into() }
    }

    /// Types a command; does not wait for its end.
    pub fn begins(&self, arguments: &[&str], input: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PARLOR_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--data").arg(&self.data).env("RUST_LOG", "warn");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cargo built the program");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A program that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        child
    }

    /// Types a command, with this on standard input, and waits for its end.
    pub fn types(&self, arguments: &[&str], input: &str) -> Done {
        Done::of(self.begins(arguments, input))
    }

    /// Types what is done; returns what was printed.
    pub fn does(&self, arguments: &[&str], input: &str) -> String {
        let done = self.types(arguments, input);
        assert_eq!((done.code, &*done.err), (Some(0), ""), "{arguments:?}: {done:?}");
        done.out
    }

    /// Types what is not done; returns what was said about it.
    pub fn fails(&self, code: i32, arguments: &[&str], input: &str) -> String {
        let done = self.types(arguments, input);
        assert_eq!((done.code, &*done.out), (Some(code), ""), "{arguments:?}: {done:?}");
        assert!(!done.err.contains("panicked") && !done.err.is_empty(), "{done:?}");
        done.err
    }

    /// Types what prints JSON.
    pub fn reads(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.does(arguments, "")).expect("it is JSON")
    }

    /// Adds an account.
    pub fn adds(&self, nick: &str, role: &str, password: &str) {
        self.does(&["user", "add", nick, "--role", role], password);
    }
}

impl Done {
    pub fn of(child: Child) -> Self {
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}
