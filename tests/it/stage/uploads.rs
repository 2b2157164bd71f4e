//! The directory of pictures as it lies there, and what `parlor images` says of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use super::{TestApp, eventually, log};

/// A picture of the table.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    pub id: String,
    pub room: Option<String>,
    pub seq: Option<u64>,
    pub whole: bool,
}

/// The answer of `parlor images --json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Inventory {
    pub pictures: Vec<Entry>,
    pub bytes_in_table: u64,
    pub bytes_on_disk: u64,
    pub orphans: usize,
    pub drafts: usize,
}

impl TestApp {
    /// The names in the directory of pictures, in order.
    pub fn uploads(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.data().join("uploads")).expect("the directory is there");
        let name = |entry: std::io::Result<fs::DirEntry>| Some(entry.ok()?.file_name());
        entries.filter_map(name).map(|name| name.into_string().expect("names are ASCII")).collect()
    }

    /// Bytes of all files in it.
    pub fn uploads_bytes(&self) -> u64 {
        let entries = fs::read_dir(self.data().join("uploads")).expect("the directory is there");
        entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
    }

    /// Whether a picture has a file there.
    pub fn has_files_of(&self, id: &str) -> bool {
        self.uploads().iter().any(|name| name.starts_with(id))
    }

    /// Waits until nothing is in it.
    pub async fn uploads_are_empty(&self) {
        eventually("the directory of pictures is empty", async || {
            self.uploads().is_empty().then_some(())
        })
        .await;
    }

    /// The files under the data directory that hold some bytes out of the middle of `whole`.
    pub fn files_with_part_of(&self, whole: &[u8]) -> Vec<PathBuf> {
        let middle = whole.len() / 2;
        self.files_holding(&whole[middle.saturating_sub(24)..whole.len().min(middle + 24)])
    }

    /// What `parlor images` says; fails where table and disk do not agree.
    pub fn inventory(&self) -> Inventory {
        let (agrees, inventory) = self.take_stock();
        assert!(agrees, "table and disk differ: {inventory:?}");
        assert_eq!((inventory.orphans, inventory.bytes_in_table), (0, inventory.bytes_on_disk));
        assert!(inventory.pictures.iter().all(|entry| entry.whole));
        inventory
    }

    /// Whether `parlor images` says that table and disk agree, and what it found.
    pub fn take_stock(&self) -> (bool, Inventory) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
        command.args(["images", "--json", "--data"]).arg(self.data());
        let output = command.output().expect("cargo built the program");
        let inventory = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        (output.status.code() == Some(0), inventory)
    }

    /// Fails unless the log of a room and the disk say the same of every picture.
    pub fn log_and_disk_agree(&self, room: &str) {
        // A picture may end meanwhile: its files go before the log says so.
        let before = self.uploads();
        let events = log(self, room);
        let files = self.uploads();
        for event in events {
            for picture in event.images.unwrap_or_default() {
                let (id, thumb) = (picture.id(), format!("{}.thumb", picture.id()));
                let files = if picture.lives() { &before } else { &files };
                let both = [files.contains(id), files.contains(&thumb)];
                assert_eq!(both, [picture.lives(); 2], "{picture:?}");
            }
        }
        assert!(!files.iter().any(|name| name.ends_with(".tmp")), "{files:?}");
    }
}
