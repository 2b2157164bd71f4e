//! What a row of the table is: a key, its rule, its words, and the way to its field in [`Config`].

use super::Config;
use super::raw::Raw;
use super::setting::Rule;

/// One key.
pub(super) struct Row {
    /// Its name, as in `heartbeat.interval_ms`.
    pub key: &'static str,
    /// What its number counts; empty where it is no number.
    pub unit: &'static str,
    /// What a value must keep.
    pub rule: Rule,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// A value that is accepted, in TOML; empty where the default teaches enough.
    pub example: &'static str,
    /// Reads a raw value into the field; see [`Row::set`].
    pub set: fn(&mut Config, &Raw, &Rule) -> bool,
    /// The field's value as TOML; see [`Row::show`].
    pub get: fn(&Config) -> String,
}

impl Row {
    /// Puts a value into its field; `false` where the rule is broken, and nothing has changed then.
    pub fn set(&self, config: &mut Config, raw: &Raw) -> bool {
        (self.set)(config, raw, &self.rule)
    }

    /// The value in a configuration, as TOML.
    pub fn show(&self, config: &Config) -> String {
        (self.get)(config)
    }

    /// A value that is accepted, as TOML.
    pub fn example(&self) -> String {
        match self.example {
            "" => self.show(&Config::default()),
            example => example.to_owned(),
        }
    }

    /// The section of a file that the key stands in, if any, and its name there.
    pub fn place(&self) -> (Option<&'static str>, &'static str) {
        match self.key.split_once('.') {
            Some((section, name)) => (Some(section), name),
            None => (None, self.key),
        }
    }
}

/// A row whose key is the path of its field: the field's type says how it is read and shown.
macro_rules! row {
    ($first:ident $(.$rest:ident)*, $unit:literal, $rule:expr, $about:literal $(, $example:literal)?) => {
        $crate::model::config::row::Row {
            key: concat!(stringify!($first) $(, ".", stringify!($rest))*),
            unit: $unit,
            rule: $rule,
            about: $about,
            example: concat!("" $(, $example)?),
            set: |config, raw, rule| match $crate::model::config::setting::Setting::read(raw, rule) {
                Some(value) => {
                    config.$first$(.$rest)* = value;
                    true
                }
                None => false,
            },
            get: |config| $crate::model::config::setting::Setting::show(&config.$first$(.$rest)*),
        }
    };
}

pub(super) use row;

/// A number in a range.
pub(super) const fn whole(from: u64, to: u64) -> Rule {
    Rule::Whole { from, to, zero: "" }
}

/// A number up to a limit, where 0 has a meaning of its own.
pub(super) const fn or_zero(zero: &'static str, to: u64) -> Rule {
    Rule::Whole { from: 0, to, zero }
}
