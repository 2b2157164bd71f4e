//! A disk that is soon full, where this user may mount one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A file system of a few MiB in memory; unmounted when the test ends.
pub struct SmallDisk {
    place: PathBuf,
    _directory: TempDir,
}

impl SmallDisk {
    /// Mounts it; `None` where that is not allowed.
    pub fn mount(mib: u32) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let size = format!("size={mib}m");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path());
        let mounted = command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| Self { place: directory.path().into(), _directory: directory })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.place
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut bytes = vec![0; 64 * 1024];
        let mut file = fs::File::create(self.place.join("ballast")).expect("a file");
        while !bytes.is_empty() {
            if std::io::Write::write_all(&mut file, &bytes).is_err() {
                bytes.truncate(bytes.len() / 2);
            }
        }
    }

    /// Gives the space back.
    pub fn free(&self) {
        fs::remove_file(self.place.join("ballast")).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server under test may still hold files there.
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}
