//! A picture as a message shows it: alive with its address and its end, or the place where it was.
//!
//! Invariant: the form of a picture that is gone is never longer than the form it had alive, so
//! that the store can overwrite the one by the other where it stands.

use std::fmt;
use std::str::FromStr;

use rand::Rng;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Timestamp;
use super::text::{Unfit, within};

/// A picture's id: 128 random bits, written as 32 hexadecimal digits. Cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageId(pub u128);

impl ImageId {
    /// A new random id.
    pub fn random(rng: &mut impl Rng) -> Self {
        Self(u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()))
    }

    /// Reads an id as it is written; `None` for any other spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (text.len() == 32 && plain).then(|| u128::from_str_radix(text, 16).ok().map(Self))?
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImageId({self})")
    }
}

/// The formats that are accepted, and so the only ones that are ever served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImageKind {
    /// JPEG (ITU-T T.81).
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG and APNG (W3C PNG, third edition).
    #[serde(rename = "image/png")]
    Png,
    /// GIF 87a and 89a.
    #[serde(rename = "image/gif")]
    Gif,
    /// WebP (RFC 9649).
    #[serde(rename = "image/webp")]
    Webp,
}

impl ImageKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp];

    /// The media type, as it is served and stored.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// How its files end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}

impl Serialize for ImageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no id of a picture"))
    }
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.media_type())
    }
}

impl FromStr for ImageKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == text).ok_or(())
    }
}

/// What a picture shows, in words: for those who do not see it. May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AltText(Box<str>);

impl AltText {
    /// The longest alternative text, in characters.
    pub const MAX_CHARS: usize = 1000;

    /// Checks an alternative text; the empty one is fine.
    ///
    /// # Errors
    /// [`Unfit::TooLong`].
    pub fn new(text: &str) -> Result<Self, Unfit> {
        within(text, Self::MAX_CHARS)?;
        Ok(Self(text.into()))
    }

    /// A text that was checked when it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text.into())
    }

    /// The text as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a picture is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Its life ended.
    Expired,
    /// Its sender or a moderator took it back.
    Deleted,
}

/// A picture of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Pixels from left to right, as it is shown.
    pub width: u32,
    /// Pixels from top to bottom, as it is shown.
    pub height: u32,
    /// What it shows, in words; empty once its sender took it back.
    pub alt: AltText,
    /// It waits for a moderator: only they and its sender see it.
    pub pending: bool,
    /// Alive, or why not.
    pub life: Life,
}

/// Whether a picture is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It can be fetched.
    Alive {
        /// Its format.
        kind: ImageKind,
        /// Its size.
        bytes: u64,
        /// When it goes.
        expires_at: Timestamp,
    },
    /// It cannot.
    Over(Gone),
}

impl Image {
    /// Where the picture is fetched, relative to the server.
    pub fn url(id: ImageId) -> String {
        format!("/uploads/{id}")
    }

    /// Whether it can be fetched.
    pub fn is_alive(&self) -> bool {
        matches!(self.life, Life::Alive { .. })
    }

    /// Ends its life, unless it has ended before. What its sender takes back loses its words too.
    pub fn end(&mut self, why: Gone) {
        if self.is_alive() {
            self.life = Life::Over(why);
            self.pending = false;
        }
        if why == Gone::Deleted {
            self.alt = AltText::default();
        }
    }
}

/// All fields of both forms, in the order of the wire.
#[derive(Serialize, Deserialize)]
struct Form {
    id: ImageId,
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    thumb_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    gone: Option<Gone>,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    r#type: Option<ImageKind>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    bytes: Option<u64>,
    alt: AltText,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pending: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<Timestamp>,
}

impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let url = Self::url(self.id);
        let mut form = Form {
            id: self.id,
            url: None,
            thumb_url: None,
            gone: None,
            width: self.width,
            height: self.height,
            r#type: None,
            bytes: None,
            alt: self.alt.clone(),
            pending: self.pending,
            expires_at: None,
        };
        match self.life {
            Life::Alive { kind, bytes, expires_at } => {
                form.thumb_url = Some(format!("{url}/thumb"));
                form.url = Some(url);
                form.r#type = Some(kind);
                form.bytes = Some(bytes);
                form.expires_at = Some(expires_at);
            }
            Life::Over(why) => form.gone = Some(why),
        }
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let life = match (form.gone, form.r#type, form.bytes, form.expires_at) {
            (Some(why), ..) => Life::Over(why),
            (None, Some(kind), Some(bytes), Some(expires_at)) => {
                Life::Alive { kind, bytes, expires_at }
            }
            _ => return Err(D::Error::custom("neither alive nor gone")),
        };
        let Form { id, width, height, alt, pending, .. } = form;
        Ok(Self { id, width, height, alt, pending, life })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alive() -> Image {
        let life =
            Life::Alive { kind: ImageKind::Gif, bytes: 1, expires_at: Timestamp(86_400_000) };
        let alt = AltText::new("a \"cat\"").unwrap();
        Image { id: ImageId(7), width: 1, height: 2, alt, pending: false, life }
    }

    #[test]
    fn both_forms_are_those_of_the_contract_and_read_back() {
        let mut image = alive();
        let json = serde_json::to_string(&image).unwrap();
        let id = "00000000000000000000000000000007";
        assert_eq!(
            json,
            format!(
                r#"{{"id":"{id}","url":"/uploads/{id}","thumb_url":"/uploads/{id}/thumb","width":1,"height":2,"type":"image/gif","bytes":1,"alt":"a \"cat\"","expires_at":"1970-01-02T00:00:00.000Z"}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Image>(&json).unwrap(), image);
        image.end(Gone::Expired);
        let gone = serde_json::to_string(&image).unwrap();
        assert_eq!(
            gone,
            format!(r#"{{"id":"{id}","gone":"expired","width":1,"height":2,"alt":"a \"cat\""}}"#)
        );
        assert_eq!(serde_json::from_str::<Image>(&gone).unwrap(), image);
        assert!(gone.len() < json.len());
    }

    #[test]
    fn a_picture_that_waits_for_a_moderator_says_so_and_one_that_is_gone_does_not_wait() {
        let mut image = Image { pending: true, ..alive() };
        let json = serde_json::to_string(&image).unwrap();
        assert!(json.contains(r#""pending":true"#));
        assert_eq!(serde_json::from_str::<Image>(&json).unwrap(), image);
        image.end(Gone::Deleted);
        assert!(!serde_json::to_string(&image).unwrap().contains("pending"));
    }

    #[test]
    fn an_end_is_final_and_taking_back_takes_the_words_too() {
        let mut image = alive();
        image.end(Gone::Expired);
        image.end(Gone::Deleted);
        assert_eq!(image.life, Life::Over(Gone::Expired));
        assert_eq!(image.alt.as_str(), "");
    }

    #[test]
    fn only_one_spelling_is_an_id() {
        let id = ImageId::random(&mut rand::rng());
        assert_eq!(ImageId::parse(&id.to_string()), Some(id));
        for text in
            ["", "7", "+0000000000000000000000000000007", "0000000000000000000000000000000A"]
        {
            assert_eq!(ImageId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn kinds_read_back_from_their_media_types() {
        for kind in ImageKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("image/svg+xml".parse::<ImageKind>(), Err(()));
    }
}
