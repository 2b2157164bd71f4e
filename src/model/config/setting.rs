//! How each kind of value is read and shown; the table says which key has which.
//!
//! What [`Setting::show`] prints is TOML, and [`Setting::read`] takes it back unchanged.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::origin::origin;
use super::raw::Raw;
use super::{Durability, GuestPictures, Registration, WhenFull};
use crate::model::{Keep, Networks, RoomName};

/// What a value must keep, and what a person is told about it.
pub(super) enum Rule {
    /// A number in a range, and what 0 means where it means something of its own.
    Whole { from: u64, to: u64, zero: &'static str },
    /// The kind of value says it all.
    Words(&'static str),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Whole { from, to, zero } => {
                write!(f, "a whole number from {} to {}", from.show(), to.show())?;
                if zero.is_empty() { Ok(()) } else { write!(f, " (0: {zero})") }
            }
        }
    }
}

/// A kind of value.
pub(super) trait Setting: Sized {
    /// `None` where the rule is broken.
    fn read(raw: &Raw, rule: &Rule) -> Option<Self>;
    /// The value as a TOML file would say it.
    fn show(&self) -> String;
}

impl Setting for u64 {
    fn read(raw: &Raw, rule: &Rule) -> Option<Self> {
        let number = raw.whole()?;
        match rule {
            Rule::Whole { from, to, .. } => (*from..=*to).contains(&number).then_some(number),
            Rule::Words(_) => Some(number),
        }
    }

    /// In groups of three once there are five digits.
    fn show(&self) -> String {
        let digits = self.to_string();
        let mut shown = String::new();
        for (at, digit) in digits.char_indices() {
            if digits.len() > 4 && at > 0 && (digits.len() - at).is_multiple_of(3) {
                shown.push('_');
            }
            shown.push(digit);
        }
        shown
    }
}

impl Setting for usize {
    fn read(raw: &Raw, rule: &Rule) -> Option<Self> {
        Self::try_from(u64::read(raw, rule)?).ok()
    }

    fn show(&self) -> String {
        (*self as u64).show()
    }
}

impl Setting for u32 {
    fn read(raw: &Raw, rule: &Rule) -> Option<Self> {
        Self::try_from(u64::read(raw, rule)?).ok()
    }

    fn show(&self) -> String {
        u64::from(*self).show()
    }
}

impl Setting for bool {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        raw.flag()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for SocketAddr {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        let text = raw.text()?;
        match text.strip_prefix("localhost:") {
            Some(port) => Some(Self::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
            None => text.parse().ok(),
        }
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for PathBuf {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        let text = raw.text()?;
        (!text.is_empty() && !text.contains('\0')).then(|| Self::from(&*text))
    }

    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

/// A file that need not be: empty is none.
impl Setting for Option<PathBuf> {
    fn read(raw: &Raw, rule: &Rule) -> Option<Self> {
        if raw.text()?.is_empty() { Some(None) } else { PathBuf::read(raw, rule).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), Setting::show)
    }
}

/// Origins: a list, or text with commas between them.
impl Setting for Vec<String> {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        if let Some(items) = raw.list() {
            return items.iter().map(|item| origin(&item.text()?)).collect();
        }
        raw.text()?.split(',').filter(|part| !part.trim().is_empty()).map(origin).collect()
    }

    fn show(&self) -> String {
        let items: Vec<_> = self.iter().map(|item| quoted(item)).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A list, or text with commas between them.
impl Setting for Networks {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        let texts: Vec<String> = match raw.list() {
            Some(items) => {
                items.iter().map(|item| Some(item.text()?.to_string())).collect::<Option<_>>()?
            }
            None => raw.text()?.split(',').map(str::to_owned).collect(),
        };
        Self::parse(texts.iter().map(String::as_str).filter(|text| !text.trim().is_empty()))
    }

    fn show(&self) -> String {
        let items: Vec<_> = self.iter().map(|item| quoted(&item)).collect();
        format!("[{}]", items.join(", "))
    }
}

/// One of a few words.
macro_rules! words {
    ($type:ty, $($word:literal => $value:path),+) => {
        impl Setting for $type {
            fn read(raw: &Raw, _: &Rule) -> Option<Self> {
                match &*raw.text()? {
                    $($word => Some($value),)+
                    _ => None,
                }
            }

            fn show(&self) -> String {
                quoted(match self {
                    $($value => $word,)+
                })
            }
        }
    };
}

words!(Durability, "normal" => Durability::Normal, "full" => Durability::Full);
words!(Registration, "open" => Registration::Open, "invite" => Registration::Invite,
    "off" => Registration::Off);
words!(GuestPictures, "open" => GuestPictures::Open, "review" => GuestPictures::Review,
    "off" => GuestPictures::Off);
words!(WhenFull, "refuse" => WhenFull::Refuse, "oldest" => WhenFull::OldestGo);

impl Setting for Keep {
    fn read(raw: &Raw, _: &Rule) -> Option<Self> {
        let counted = || raw.whole().map(|count| count.to_string());
        counted().or_else(|| raw.text().map(String::from))?.parse().ok()
    }

    fn show(&self) -> String {
        match self {
            Self::Nothing => "0".into(),
            Self::Last(count) => count.show(),
            Self::For(_) => quoted(&self.to_string()),
        }
    }
}

/// How long by room. Two spellings of one room are refused: nobody could say which one counts.
impl Setting for BTreeMap<String, Keep> {
    fn read(raw: &Raw, rule: &Rule) -> Option<Self> {
        let mut rooms = Self::new();
        for (name, keep) in raw.table()? {
            let key = RoomName::parse(&name)?.key().as_str().to_owned();
            if rooms.insert(key, Keep::read(&keep, rule)?).is_some() {
                return None;
            }
        }
        Some(rooms)
    }

    fn show(&self) -> String {
        let shown = |(room, keep): (&String, &Keep)| format!("{} = {}", name(room), keep.show());
        match self.iter().map(shown).collect::<Vec<_>>() {
            rooms if rooms.is_empty() => "{}".into(),
            rooms => format!("{{ {} }}", rooms.join(", ")),
        }
    }
}

/// Text in quotes, on one line whatever it holds: TOML by itself would take several.
fn quoted(text: &str) -> String {
    if !text.contains(char::is_control) {
        return toml::Value::from(text).to_string();
    }
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A TOML key, in quotes only where it needs them.
fn name(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if text.bytes().all(plain) { text.to_owned() } else { quoted(text) }
}
