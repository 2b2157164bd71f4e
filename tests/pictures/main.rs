//! Pictures as cameras and programs write them, through the door, and then looked at by readers that
//! are not ours: Pillow for the pixels, exiftool for what must not be there.

use std::path::Path;
use std::process::{Command, Output};

use parlor::uploads::Removed::{self, *};
use parlor::uploads::{Bounds, prepare, weight};

/// Debian's Python, which has Debian's Pillow, and whatever else is called so.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];

/// `None` if Pillow or exiftool is missing, which is a failure in CI.
fn script(what: &str, folder: &Path) -> Option<Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures/pictures.py");
    let run = |python: &&str| Command::new(python).arg(&script).arg(what).arg(folder).output();
    let outputs = PYTHONS.iter().filter_map(|python| run(python).ok());
    let found = outputs.into_iter().find(|output| output.status.code() != Some(3));
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "Pillow or exiftool is missing");
        eprintln!("skipped: Pillow or exiftool is missing (scripts/install.sh)");
    }
    found
}

fn fine(output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

#[test]
fn other_readers_see_the_same_pixels_and_no_metadata() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let Some(made) = script("make", folder.path()) else { return };
    fine(&made);
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .expect("it was made just now")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).expect("a directory can be made");
    for path in files {
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let file = std::fs::read(&path).expect("it can be read");
        let prepared = prepare(&file, &Bounds::default());
        let prepared = prepared.unwrap_or_else(|unfit| panic!("{name}: {unfit}"));
        if name.starts_with("phone") {
            let all: [Removed; 7] = [Appended, Author, Camera, Comment, Location, Software, Time];
            assert_eq!(prepared.removed, all, "{name}");
        }
        assert!(prepared.removed.contains(&Appended), "{name}");
        std::fs::write(out.join(&name), prepared.picture).expect("it can be written");
        let thumb = out.join(format!("{name}.thumb"));
        std::fs::write(thumb, prepared.thumb.bytes).expect("it can be written");
        damaged_in_many_places(&name, &file);
    }
    fine(&script("check", folder.path()).expect("it ran before"));
}

/// Files by other encoders use more of the formats than ours do: they are damaged too.
fn damaged_in_many_places(name: &str, file: &[u8]) {
    let bounds = Bounds { memory: 64 << 20, ..Bounds::default() };
    // Large ones say nothing new.
    if file.len() > 30_000 {
        return;
    }
    let mut seed = file.len() as u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize
    };
    for _ in 0..10 {
        let mut damaged = file.to_vec();
        for _ in 0..1 + next() % 3 {
            let at = next() % damaged.len();
            damaged[at] = next() as u8;
        }
        if next() % 4 == 0 {
            damaged.truncate(next() % damaged.len());
        }
        if let Ok(prepared) = prepare(&damaged, &bounds) {
            assert!(weight(&damaged, &bounds).is_ok(), "{name}");
            assert!(
                prepare(&prepared.picture, &bounds).is_ok(),
                "{name}: what is kept is no picture"
            );
        }
    }
}
