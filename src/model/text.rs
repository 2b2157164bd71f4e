//! Short texts that a person writes: message, topic, emoji, and the client's own id of a message.
//!
//! A text is never changed: what was sent is what everybody reads. It is only refused.

use serde::{Deserialize, Serialize};

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing but ASCII white space.
    Empty,
    /// More characters than the limit.
    TooLong,
    /// Characters that have no place there.
    Characters,
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text as it was sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text_type!(
    /// What somebody says: any Unicode text, up to `limits.text_chars` characters.
    MessageText
);
text_type!(
    /// What a room is about: at most [`Topic::MAX_CHARS`] characters, one line; empty removes it.
    Topic
);
text_type!(
    /// A reaction: 1 to [`Emoji::MAX_CHARS`] characters without space or control characters.
    Emoji
);
text_type!(
    /// Why somebody was moderated or reported: at most [`Reason::MAX_CHARS`] characters, one line.
    Reason
);
text_type!(
    /// The idempotency key of a `send`: 1 to [`ClientId::MAX_CHARS`] characters.
    ClientId
);

impl MessageText {
    /// Checks `text` against `max_chars` (Unicode scalar values).
    pub fn new(text: &str, max_chars: usize) -> Result<Self, Unfit> {
        if text.bytes().all(|b| b.is_ascii_whitespace()) {
            return Err(Unfit::Empty);
        }
        Self::caption(text, max_chars)
    }

    /// A text that may be empty because pictures carry the message.
    pub fn caption(text: &str, max_chars: usize) -> Result<Self, Unfit> {
        within(text, max_chars)?;
        Ok(Self(text.into()))
    }

    /// The text of a message that was deleted.
    pub fn removed() -> Self {
        Self("".into())
    }
}

impl Topic {
    /// The longest topic, in characters.
    pub const MAX_CHARS: usize = 256;

    /// No topic.
    pub fn none() -> Self {
        Self("".into())
    }

    /// Checks a topic; the empty topic is fine.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        within(text, Self::MAX_CHARS)?;
        if text.chars().any(char::is_control) {
            return Err(Unfit::Characters);
        }
        Ok(Self(text.into()))
    }
}

impl Reason {
    /// The longest reason, in characters.
    pub const MAX_CHARS: usize = 256;

    /// No reason.
    pub fn none() -> Self {
        Self("".into())
    }

    /// Checks a reason; the empty one is fine.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        within(text, Self::MAX_CHARS)?;
        if text.chars().any(char::is_control) {
            return Err(Unfit::Characters);
        }
        Ok(Self(text.into()))
    }

    /// A reason that was checked when it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text.into())
    }
}

impl Emoji {
    /// The longest emoji, in characters (families with skin tones have 11).
    pub const MAX_CHARS: usize = 16;

    /// Checks a reaction.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        short(text, Self::MAX_CHARS).map(Self)
    }
}

impl ClientId {
    /// The longest idempotency key, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Checks an idempotency key.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        short(text, Self::MAX_CHARS).map(Self)
    }
}

fn short(text: &str, max_chars: usize) -> Result<Box<str>, Unfit> {
    if text.is_empty() {
        return Err(Unfit::Empty);
    }
    within(text, max_chars)?;
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Unfit::Characters);
    }
    Ok(text.into())
}

pub(super) fn within(text: &str, max_chars: usize) -> Result<(), Unfit> {
    // A character has at least one byte: most texts are decided without counting.
    if text.len() > max_chars && text.chars().count() > max_chars {
        return Err(Unfit::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_refused_when_empty_or_too_long_and_never_changed() {
        assert_eq!(MessageText::new("", 9), Err(Unfit::Empty));
        assert_eq!(MessageText::new(" \t\n", 9), Err(Unfit::Empty));
        assert_eq!(MessageText::new("ääää", 4).unwrap().as_str(), "ääää");
        assert_eq!(MessageText::new("ääääa", 4), Err(Unfit::TooLong));
        assert_eq!(MessageText::new("  x\u{202e} \0", 9).unwrap().as_str(), "  x\u{202e} \0");
    }

    #[test]
    fn keys_and_emoji_have_no_space_and_topics_no_line_break() {
        assert_eq!(ClientId::new(""), Err(Unfit::Empty));
        assert_eq!(ClientId::new("a b"), Err(Unfit::Characters));
        assert_eq!(ClientId::new(&"x".repeat(65)), Err(Unfit::TooLong));
        assert!(Emoji::new("👩‍👩‍👧‍👦").is_ok());
        assert_eq!(Topic::new("a\nb"), Err(Unfit::Characters));
        assert!(Topic::new("").is_ok());
    }
}
