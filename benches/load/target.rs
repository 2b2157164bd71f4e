//! The servers that can be measured, and how each is started.
//!
//! Invariant: every target is started the same way, says the same first line,
//! and is spoken to in the same words.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::Outcome;
use crate::options::Options;

/// What Parlor is told for every run: the limits that one address with one
/// connection per member would run into are off, and all work is on one worker.
const SETTINGS: [&str; 3] =
    ["limits.messages_per_second=0", "limits.connections_per_address=0", "workers=1"];

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The real program, `PARLOR_BIN` or what cargo has built
    Parlor,
    /// A loop that writes every frame to every member at once
    Loop,
    /// A loop that joins the frames that wait and writes once a member
    LoopJoined,
}

impl Target {
    pub fn name(self) -> &'static str {
        match self {
            Self::Parlor => "parlor",
            Self::Loop => "loop",
            Self::LoopJoined => "loop-joined",
        }
    }

    /// Program and arguments; `data` is the directory that the server may fill,
    /// `delivery_bytes` what one delivery of the peer takes on the wire.
    pub fn command(
        self,
        options: &Options,
        data: &Path,
        delivery_bytes: usize,
    ) -> Outcome<Vec<OsString>> {
        let mut words: Vec<OsString> = Vec::new();
        if self == Self::Parlor {
            words.push(parlor_binary()?.into());
            words.extend(["--listen", "127.0.0.1:0", "--data"].map(OsString::from));
            words.push(data.into());
            let settings = SETTINGS.iter().copied();
            for setting in settings.chain(options.settings.iter().map(String::as_str)) {
                words.extend(["--set", setting].map(OsString::from));
            }
        } else {
            let size = delivery_bytes.to_string();
            words.push(std::env::current_exe()?.into());
            words.extend(["--peer", self.name(), "--frame-bytes", &size].map(OsString::from));
        }
        Ok(words)
    }
}

/// `PARLOR_BIN`, else the binary that cargo built along with this bench, else
/// the usual place.
fn parlor_binary() -> Outcome<PathBuf> {
    let built = option_env!("CARGO_BIN_EXE_parlor").unwrap_or("target/release/parlor");
    let path = std::env::var_os("PARLOR_BIN").map_or_else(|| built.into(), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("there is no {}; run: cargo build --release", path.display()).into())
}
