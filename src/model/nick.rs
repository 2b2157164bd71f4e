//! Nicknames: what one may be called, and when two names are one.
//!
//! A name is prepared and compared by the PRECIS nickname profile (RFC 8266) and by the
//! confusable skeleton of Unicode Technical Standard 39, so that `Ada`, `ada` and `аdа` (with
//! Cyrillic letters) are one name and only one person holds it.

use std::fmt;
use std::sync::Arc;

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::Nickname;
use serde::{Serialize, Serializer};
use unicode_security::confusable_detection::skeleton;

use super::pictographs::with_pictographs;

/// A valid nickname as it is shown: trimmed, inner spaces single, NFKC.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nick(Box<str>);

/// By what a name is found again. Two names clash when they share any of the two keys.
///
/// `folded` takes the skeleton of the lower-case name, `exact` that of the name as written:
/// `AI` and `Al` look alike only as written, `PAYPAL` and `раураl` only when folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NickKeys {
    /// Lower case first, then skeleton.
    pub folded: Arc<str>,
    /// Skeleton first, then lower case.
    pub exact: Arc<str>,
}

impl Nick {
    /// The longest nickname, in characters after preparation.
    pub const MAX_CHARS: usize = 32;

    /// The rule that a refused name is told.
    pub const RULE: &str = "1 to 32 letters, digits, symbols or single inner spaces";

    /// What stands in place of a name that was taken out. Nobody else should be called so.
    pub const DELETED: &str = "deleted account";

    /// Prepares `raw` by RFC 8266; `None` where no valid nickname comes out.
    pub fn parse(raw: &str) -> Option<Self> {
        // NFKC can turn one character into 18: bound the work before it begins.
        if raw.len() > Self::MAX_CHARS * 16 {
            return None;
        }
        let name = prepare(raw).filter(|name| !name.chars().any(is_blank))?;
        let fits = name.chars().count() <= Self::MAX_CHARS;
        (fits && name.chars().any(|c| !is_mark(c))).then(|| Self(name.into()))
    }

    /// A name that was valid when it was stored: rules may change, a kept event does not.
    pub(crate) fn stored(name: String) -> Self {
        Self(name.into())
    }

    /// Whose deeds at the command line the audit log names so. Nobody else may be called that.
    pub const OPERATOR: &str = "operator";

    /// What stands in place of the name of somebody who deleted their account. Nobody may have it.
    pub fn deleted() -> Self {
        Self(Self::DELETED.into())
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody may be called so: the name stands for somebody in the log or the audit log.
    pub fn is_reserved(keys: &NickKeys) -> bool {
        [Self::DELETED, Self::OPERATOR].into_iter().any(|name| Self(name.into()).keys() == *keys)
    }

    /// The keys under which this name is unique.
    pub fn keys(&self) -> NickKeys {
        let folded: Arc<str> = folded(&self.0).into();
        let exact: String = skeleton(&self.0).collect();
        let exact = exact.to_lowercase();
        // Most names have one key.
        let exact = if *exact == *folded { Arc::clone(&folded) } else { exact.into() };
        NickKeys { folded, exact }
    }
}

/// RFC 8266 enforcement, with today's pictographs.
fn prepare(raw: &str) -> Option<String> {
    with_pictographs(raw, |shadow| Nickname::enforce(shadow).ok())
}

/// By what texts are found to look alike, whatever their case: two texts that share it are one.
pub fn folded(text: &str) -> String {
    skeleton(&text.to_lowercase()).collect::<String>().to_lowercase()
}

/// Symbols that show nothing: a name with one looks like the name without it.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{1d159}' | '\u{1d173}'..='\u{1d17a}')
}

/// Combining marks alone are no name: they would attach themselves to what stands before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

impl fmt::Display for Nick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Nick {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(one: &str, two: &str) -> bool {
        let (one, two) = (Nick::parse(one).unwrap().keys(), Nick::parse(two).unwrap().keys());
        one.folded == two.folded || one.exact == two.exact
    }

    #[test]
    fn spellings_of_one_name_clash() {
        for other in ["ada", "ADA", " Ada ", "аdа", "Аda", "Ａｄａ"] {
            assert!(clash("Ada", other), "{other}");
        }
        assert!(clash("AI", "Al"));
        assert!(clash("Guybrush   Threepwood", "guybrush threepwood"));
    }

    #[test]
    fn different_names_do_not() {
        for (one, two) in [("ada", "adah"), ("user1", "user2"), ("日本", "日木"), ("u10", "u11")]
        {
            assert!(!clash(one, two), "{one} {two}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "x".repeat(33);
        for bad in [
            "",
            " ",
            "\u{0}",
            "a\nb",
            "a\u{202e}b",
            "\u{301}\u{302}",
            "\u{200b}",
            "ada\u{2800}",
            &long,
        ] {
            assert_eq!(Nick::parse(bad), None, "{bad:?}");
        }
        assert!(Nick::parse(&"x".repeat(32)).is_some());
        assert!(Nick::parse("Zoë 🦊").is_some());
    }
}
