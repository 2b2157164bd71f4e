//! A server as a child process, pinned to the server's core.
//!
//! Invariant: the child does not outlive this value, nor this program.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{self, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use crate::Outcome;
use crate::options::Options;
use crate::process::SERVER_CORE;
use crate::target::Target;

const FIRST_LINE: &str = "Parlor is open: http://";

pub struct Child {
    process: process::Child,
    pub address: SocketAddr,
    /// Held open, so that a later line does not fail.
    _stdout: BufReader<ChildStdout>,
    /// The server's data, deleted after the server has ended.
    _data: TempDir,
}

impl Child {
    /// Starts `target` and waits for its first line.
    pub fn start(target: Target, options: &Options, delivery_bytes: usize) -> Outcome<Self> {
        let data = TempDir::with_prefix("parlor-bench-")?;
        // Both tools replace themselves with what they start, so the child's id
        // is the server's.
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "taskset", "-c", SERVER_CORE])
            .args(target.command(options, data.path(), delivery_bytes)?)
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("setpriv (util-linux) does not start: {error}"))?;
        let stdout = process.stdout.take().ok_or("the child has no output")?;
        let mut child = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            _stdout: BufReader::new(stdout),
            _data: data,
        };
        child.address = child.read_address(target)?;
        Ok(child)
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    fn read_address(&mut self, target: Target) -> Outcome<SocketAddr> {
        let mut line = String::new();
        self._stdout.read_line(&mut line)?;
        let address =
            line.trim_end().strip_prefix(FIRST_LINE).map(|rest| rest.trim_end_matches('/'));
        let Some(address) = address else {
            return Err(format!("{} did not open, it said {line:?}", target.name()).into());
        };
        Ok(address.parse()?)
    }
}

impl Drop for Child {
    /// The measurement is over and nothing of the server's data is kept, so it
    /// is not asked politely. Both calls fail only if it has ended already.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
