//! What holds for any input, written down once and asked twice: by the ordinary tests, which make
//! inputs up (each file's `mod tests`), and by the fuzz targets in `fuzz/`, which go on for hours.
//!
//! A property takes bytes as a stranger would send them, and panics where the rule that it states is
//! broken. It is here, above every other room, because it looks through doors that are closed to the
//! outside; neither a release nor whoever depends on the library has it (feature `fuzzing`).
//! `docs/decisions/0013-fuzzing.md` says more.

mod addresses;
mod configuration;
mod forms;
mod frames;
mod names;
mod pieces;
mod requests;

pub use addresses::addresses;
pub use configuration::configuration;
pub use forms::forms;
pub use frames::frames;
pub use names::names;
pub use requests::requests;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    type Property = fn(&[u8]);

    const PROPERTIES: &[(&str, Property)] = &[
        ("addresses", addresses),
        ("configuration", configuration),
        ("forms", forms),
        ("frames", frames),
        ("names", names),
        ("requests", requests),
    ];

    fn listed(path: &Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(path).expect("it is part of the repository");
        entries.map(|entry| entry.expect("it can be listed").path()).collect()
    }

    #[test]
    fn every_property_is_fuzzed_and_nothing_else_is() {
        let targets = listed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets"));
        let stem = |path: &std::path::PathBuf| path.file_stem().map(|s| s.display().to_string());
        let targets: BTreeSet<String> = targets.iter().filter_map(stem).collect();
        let known = PROPERTIES.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(targets, known.collect());
    }

    #[test]
    fn what_was_found_once_is_asked_again_every_time() {
        for (name, property) in PROPERTIES {
            let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
            let seeds = listed(&seeds);
            assert!(!seeds.is_empty(), "{name} begins with nothing");
            for seed in seeds {
                property(&std::fs::read(&seed).expect("a seed can be read"));
            }
        }
    }
}
