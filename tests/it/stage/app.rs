//! The server under test: the real program, in a directory of its own, on a port of its own.
//!
//! It is killed when the test ends, however the test ends. A panic anywhere in the server fails
//! the test, also one that the server survived.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use parlor::model::Role;
use tempfile::TempDir;

use super::{Certificate, PATIENCE};

/// A running server.
pub struct TestApp {
    settings: Vec<String>,
    files: Option<u32>,
    data: PathBuf,
    pub(super) home: TempDir,
    child: Child,
    address: SocketAddr,
    pub(super) certificate: Option<Certificate>,
    pub(super) agent: ureq::Agent,
    _stdout: BufReader<ChildStdout>,
}

impl TestApp {
    /// With the default settings.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Without a limit on the rate of messages, for those who talk a lot.
    pub fn unhurried() -> Self {
        Self::with(&["limits.messages_per_second=0"])
    }

    /// With `KEY=VALUE` settings; `RUST_LOG=…` is one of the environment.
    pub fn with(settings: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the test");
        let data = home.path().join("data");
        Self::begin(home, data, settings.iter().map(ToString::to_string).collect(), None)
    }

    /// With these accounts in it from the beginning.
    pub fn with_accounts(settings: &[&str], accounts: &[(&str, Role)]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the test");
        let data = home.path().join("data");
        for (nick, role) in accounts {
            super::accounts::add_account(&data, nick, *role);
        }
        Self::begin(home, data, settings.iter().map(ToString::to_string).collect(), None)
    }

    /// With its data in `data`.
    pub fn with_data_in(data: &Path, settings: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the test");
        Self::begin(home, data.into(), settings.iter().map(ToString::to_string).collect(), None)
    }

    /// Where it may open only so many files.
    pub fn with_files(files: u32, settings: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the test");
        let data = home.path().join("data");
        let settings = settings.iter().map(ToString::to_string).collect();
        Self::limited(home, data, settings, None, Some(files))
    }

    pub(super) fn begin(
        home: TempDir,
        data: PathBuf,
        settings: Vec<String>,
        certificate: Option<Certificate>,
    ) -> Self {
        Self::limited(home, data, settings, certificate, None)
    }

    fn limited(
        home: TempDir,
        data: PathBuf,
        settings: Vec<String>,
        certificate: Option<Certificate>,
        files: Option<u32>,
    ) -> Self {
        let (child, stdout, address) = launch(home.path(), &data, &settings, files);
        let agent = super::http::agent();
        Self { settings, files, data, home, child, address, certificate, agent, _stdout: stdout }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The absolute URL of `path`.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    /// Starts it again on the same data, after it has ended; the port is another one.
    pub fn start_again(&mut self) {
        let (child, stdout, address) =
            launch(self.home.path(), &self.data, &self.settings, self.files);
        (self.child, self._stdout, self.address) = (child, stdout, address);
    }

    /// `kill -9`, without a start.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server runs until now");
        self.child.wait().expect("a child of ours");
    }

    /// `kill -9` and a new start.
    pub fn crash(&mut self) {
        self.kill();
        self.start_again();
    }

    /// SIGTERM; does not wait.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(Instant::now() < give_up, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM and a good end.
    pub fn stop(&mut self) {
        self.terminate();
        assert_eq!(self.wait().code(), Some(0), "{}", self.log());
    }

    /// Stops it and starts it again with other settings.
    pub fn restart_with(&mut self, settings: &[&str]) {
        self.stop();
        self.settings = settings.iter().map(ToString::to_string).collect();
        self.start_again();
    }

    /// Stops it and starts it again.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub fn rss(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most of it since [`forget_peak`](Self::forget_peak).
    pub fn peak_rss(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// Measures the peak from now on.
    pub fn forget_peak(&self) {
        let path = format!("/proc/{}/clear_refs", self.child.id());
        fs::write(path, "5").expect("the process is ours");
    }

    fn memory(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.expect("Linux tells a process's resident memory in KiB") * 1024
    }

    /// What it said on standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// Where its data lies.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The files under its data directory that hold `needle` somewhere.
    pub fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        self.files_holding(needle.as_bytes())
    }

    /// The same for bytes.
    pub fn files_holding(&self, needle: &[u8]) -> Vec<PathBuf> {
        let holds = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap_or_default();
            memchr::memmem::find(&bytes, needle).is_some()
        };
        files(&self.data).into_iter().filter(holds).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let log = self.log();
        if std::thread::panicking() {
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the server's last words, latest first:\n{}", tail.join("\n"));
        } else {
            assert!(!log.contains("panicked at"), "the server panicked:\n{log}");
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Starts the program and reads where it listens from its first line.
fn launch(
    home: &Path,
    data: &Path,
    settings: &[String],
    files: Option<u32>,
) -> (Child, BufReader<ChildStdout>, SocketAddr) {
    let log = File::options().create(true).append(true).open(home.join("log"));
    let program = env!("CARGO_BIN_EXE_parlor");
    let mut command = Command::new(if files.is_some() { "sh" } else { program });
    if let Some(files) = files {
        let line = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        command.args(["-c", &line, program]);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PARLOR_") {
            command.env_remove(name);
        }
    }
    command.current_dir(home).args(["--listen", "127.0.0.1:0"]).arg("--data").arg(data);
    // What its log says is no key of the configuration.
    let logs = settings.iter().find_map(|setting| setting.strip_prefix("RUST_LOG="));
    let keys = settings.iter().filter(|setting| !setting.starts_with("RUST_LOG="));
    command.args(keys.flat_map(|setting| ["--set", setting]));
    command.env("RUST_LOG", logs.unwrap_or("warn")).stdout(Stdio::piped());
    command.stderr(log.expect("a log for the test"));
    let mut child = command.spawn().expect("cargo built the program");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the program speaks UTF-8");
    let address = line.trim().strip_prefix("Parlor is open: ");
    let scheme =
        if settings.iter().any(|pair| pair.starts_with("tls.")) { "https" } else { "http" };
    let address = address.and_then(|rest| rest.strip_prefix(scheme)?.strip_prefix("://"));
    let address = address.and_then(|rest| rest.strip_suffix('/')?.parse().ok());
    let Some(address) = address else {
        let log = fs::read_to_string(home.join("log")).unwrap_or_default();
        panic!("the first line was {line:?}, the log {log}");
    };
    (child, stdout, address)
}
