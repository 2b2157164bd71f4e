//! A value as somebody wrote it, before the table has judged it.
//!
//! A file says by its quotes what is text and what is a number; a command line and a variable do
//! not. So their text stays [`Raw::Bare`] until a setting asks for the kind that it needs:
//! `--data 2024` is a directory and `--set limits.burst=2_024` a number.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::de::DeValue;

/// What was written, as far as its source tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// Text of which nobody said what it is.
    Bare(String),
    Flag(bool),
    Whole(u64),
    Text(String),
    List(Vec<Raw>),
    Table(BTreeMap<String, Raw>),
    /// A TOML value that no key takes: a negative number, a fraction, a date.
    Strange,
}

impl Raw {
    /// A yes or no.
    pub fn flag(&self) -> Option<bool> {
        match *self.typed() {
            Self::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// A number without sign and fraction.
    pub fn whole(&self) -> Option<u64> {
        match *self.typed() {
            Self::Whole(number) => Some(number),
            _ => None,
        }
    }

    /// Text, with or without TOML's quotes when the source did not ask for them.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match (self, self.typed()) {
            (_, Cow::Borrowed(Self::Text(text))) => Some(Cow::Borrowed(text)),
            (_, Cow::Owned(Self::Text(text))) => Some(Cow::Owned(text)),
            (Self::Bare(text), _) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    /// The values in a list.
    pub fn list(&self) -> Option<Vec<Self>> {
        match self.typed().into_owned() {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The names in a table and what they stand for.
    pub fn table(&self) -> Option<BTreeMap<String, Self>> {
        match self.typed().into_owned() {
            Self::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// A value in TOML as a person would type it: no underscores in numbers, and no quotes around
    /// text that is one word.
    pub fn typed_by_hand(toml: &str) -> String {
        let raw = Self::Bare(toml.to_owned());
        let digits = raw.whole().map(|number| number.to_string());
        let word = || {
            let text = raw.text()?.into_owned();
            let odd = |c: char| c.is_whitespace() || c.is_control();
            (!text.is_empty() && !text.contains(odd)).then_some(text)
        };
        digits.or_else(word).unwrap_or_else(|| toml.to_owned())
    }

    /// Bare text read as TOML where it is TOML; everything else as it is.
    fn typed(&self) -> Cow<'_, Self> {
        match self {
            Self::Bare(text) => DeValue::parse(text)
                .map_or(Cow::Borrowed(self), |value| Cow::Owned(Self::from(value.get_ref()))),
            _ => Cow::Borrowed(self),
        }
    }
}

/// The parser bounds how deep values nest, so this may recurse.
impl From<&DeValue<'_>> for Raw {
    fn from(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Strange, Self::Whole),
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::from(item.get_ref())).collect())
            }
            DeValue::Table(entries) => Self::Table(
                entries
                    .iter()
                    .map(|(name, value)| (name.get_ref().to_string(), Self::from(value.get_ref())))
                    .collect(),
            ),
            DeValue::Float(_) | DeValue::Datetime(_) => Self::Strange,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(text: &str) -> Raw {
        Raw::Bare(text.into())
    }

    #[test]
    fn bare_text_is_what_is_asked_for() {
        assert_eq!(bare("2024").text().as_deref(), Some("2024"));
        assert_eq!(bare("2_024").whole(), Some(2024));
        assert_eq!(bare("0x10").whole(), Some(16));
        assert_eq!(bare("'in quotes'").text().as_deref(), Some("in quotes"));
        assert_eq!(bare("[\"a\"]").list(), Some(vec![Raw::Text("a".into())]));
        assert!(bare("{lobby = 5}").table().is_some());
    }

    #[test]
    fn people_type_neither_underscores_nor_quotes_that_they_do_not_need() {
        for (toml, typed) in [
            ("20_000", "20000"),
            ("\"365d\"", "365d"),
            ("'C:\\data'", "C:\\data"),
            ("\"two words\"", "\"two words\""),
            ("\"\"", "\"\""),
            ("[\"a\", \"b\"]", "[\"a\", \"b\"]"),
            ("true", "true"),
        ] {
            assert_eq!(Raw::typed_by_hand(toml), typed);
        }
    }

    #[test]
    fn a_file_says_itself_what_a_value_is() {
        assert_eq!(Raw::Text("5".into()).whole(), None);
        assert_eq!(Raw::Whole(5).text(), None);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["-1", "1.5", "1e3", "", "ten", "18446744073709551616", "007", "1 2"] {
            assert_eq!(bare(text).whole(), None, "{text}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_does_not_exhaust_the_stack() {
        assert_eq!(bare(&"[".repeat(100_000)).list(), None);
        assert_eq!(bare(&format!("{{{} = 1}}", vec!["a"; 100_000].join("."))).table(), None);
    }
}
