//! Why a file is not taken.

use std::borrow::Cow;
use std::fmt;

use crate::protocol::{Code, Refusal};

/// Why a file is not taken, with a sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no picture of a kind that can be shown here.
    Unsupported(Cow<'static, str>),
    /// It says that it is one, but cannot be read.
    Broken(Cow<'static, str>),
    /// It would cost too much.
    TooManyPixels(Cow<'static, str>),
}

impl Unfit {
    /// A broken picture; `how` goes on after "This picture is broken: ".
    pub(super) fn broken(how: impl fmt::Display) -> Self {
        Self::Broken(format!("This picture is broken: {how}.").into())
    }

    /// A kind of picture that is not shown here.
    pub(super) fn unsupported(sentence: &'static str) -> Self {
        Self::Unsupported(sentence.into())
    }

    /// A picture beyond a bound.
    pub(super) fn too_many(sentence: String) -> Self {
        Self::TooManyPixels(sentence.into())
    }

    /// It ends before its end.
    pub(super) fn truncated() -> Self {
        Self::broken("it ends too early")
    }

    /// The sentence.
    pub fn sentence(&self) -> &str {
        match self {
            Self::Unsupported(text) | Self::Broken(text) | Self::TooManyPixels(text) => text,
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unsupported(text) => Self::because(Code::ImageUnsupported, text),
            Unfit::Broken(text) => Self::because(Code::ImageBroken, text),
            Unfit::TooManyPixels(text) => Self::because(Code::ImageTooManyPixels, text),
        }
    }
}
