//! The table of error codes: each with its HTTP status and the sentence that a person reads.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $sentence:literal,)*) => {
        /// A stable error code; the variants are in the order of the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $sentence] $variant,)*
        }

        impl Code {
            /// Every code, for documentation and metrics.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The name on the wire, in snake case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }

            /// What is said where nothing more precise is known.
            pub fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)* }
            }
        }
    };
}

codes! {
    BadJson "bad_json" 400 "This is not one JSON object.",
    UnknownType "unknown_type" 400 "There is no such type of request.",
    MissingField "missing_field" 422 "A field is missing.",
    InvalidField "invalid_field" 422 "A field does not fit.",
    HelloFirst "hello_first" 401 "Say hello first.",
    AlreadyWelcome "already_welcome" 409 "You have said hello already; use rename for another name.",
    NickTaken "nick_taken" 409 "Somebody holds this name, or one that looks like it.",
    NickInvalid "nick_invalid" 422 "This cannot be a nickname.",
    NickNotFound "nick_not_found" 404 "There is nobody of that name here.",
    NickReserved "nick_reserved" 409 "This name belongs to an account; log in to use it.",
    BadCredentials "bad_credentials" 401 "These credentials are wrong, unknown or have ended.",
    PasswordUnfit "password_unfit" 422 "This cannot be a password.",
    LoginRequired "login_required" 401 "This needs a login.",
    GuestsNotAdmitted "guests_not_admitted" 403 "This server admits no guests; log in.",
    RegistrationClosed "registration_closed" 403 "Nobody registers here by themselves.",
    InvitationInvalid "invitation_invalid" 403 "This invitation is unknown, or has ended.",
    LoginNotFound "login_not_found" 404 "You have no such login.",
    RoomNotFound "room_not_found" 404 "There is no such room.",
    RoomInvalid "room_invalid" 422 "This cannot be the name of a room.",
    RoomPrivate "room_private" 403 "This room is private, and your invitation has ended.",
    RoomTaken "room_taken" 409 "There is a room of that name already.",
    NotInRoom "not_in_room" 403 "You are not in this room; join it first.",
    TooManyRooms "too_many_rooms" 409 "You are in as many rooms as one may be.",
    TextEmpty "text_empty" 422 "There is nothing in this message.",
    TextTooLong "text_too_long" 422 "This text is too long.",
    MessageNotFound "message_not_found" 404 "There is no such message here, or it was deleted.",
    NotYours "not_yours" 403 "This message is somebody else's.",
    Forbidden "forbidden" 403 "This is not allowed.",
    Muted "muted" 403 "You are muted in this room.",
    Banned "banned" 403 "You are banned.",
    SlowMode "slow_mode" 429 "This room is in slow mode.",
    RateLimited "rate_limited" 429 "Too much at once; wait a moment.",
    ImageNotFound "image_not_found" 404 "There is no such picture.",
    ImageGone "image_gone" 410 "This picture is gone.",
    ImageTooLarge "image_too_large" 413 "This picture has too many bytes.",
    ImageTooManyPixels "image_too_many_pixels" 422 "This picture has too many pixels.",
    ImageUnsupported "image_unsupported" 415 "This kind of file is not a picture that can be shown here.",
    ImageBroken "image_broken" 422 "This picture is broken.",
    TooManyReactions "too_many_reactions" 409 "This message has as many different reactions as one may have.",
    TooManyImages "too_many_images" 422 "These are too many pictures for one message.",
    StorageFull "storage_full" 507 "The server's disk is full; nothing was kept.",
    Busy "busy" 503 "The server cannot take this just now; nothing was kept. Try again.",
    ShuttingDown "shutting_down" 503 "The server is shutting down; come back and resume.",
    NotFound "not_found" 404 "There is nothing here.",
    MethodNotAllowed "method_not_allowed" 405 "This address does not take that method.",
    BadRequest "bad_request" 400 "This is no request that HTTP knows.",
    UriTooLong "uri_too_long" 414 "This address is too long.",
    HeadersTooLarge "headers_too_large" 431 "The headers of this request are too many or too large.",
    RequestTimeout "request_timeout" 408 "The rest of this request did not come in time.",
    PayloadTooLarge "payload_too_large" 413 "This request is too large.",
    UnsupportedMediaType "unsupported_media_type" 415 "This kind of content is not understood here.",
    HandshakeInvalid "handshake_invalid" 400 "This is no WebSocket handshake.",
    UpgradeRequired "upgrade_required" 426 "This needs a WebSocket of version 13.",
    Internal "internal" 500 "Something went wrong on the server; it is in its log.",
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A refusal on its way to whoever asked: an `error` frame, or a problem document over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// A sentence for a person.
    pub message: Cow<'static, str>,
    /// The field that it is about.
    pub field: Option<&'static str>,
    /// When trying again makes sense, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// A frame that would have worked, as JSON.
    pub example: Option<&'static str>,
}

impl Refusal {
    /// A refusal with the code's own sentence.
    pub fn new(code: Code) -> Self {
        Self::because(code, code.sentence())
    }

    /// A refusal with a more precise sentence.
    pub fn because(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None, retry_after_ms: None, example: None }
    }

    /// The same, about `field`.
    #[must_use]
    pub fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// The same, worth another try after `millis`.
    #[must_use]
    pub fn retry_after(mut self, millis: u64) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }

    /// The same, with a frame that would have worked.
    #[must_use]
    pub fn example(mut self, json: &'static str) -> Self {
        self.example = Some(json);
        self
    }

    /// Whether this counts towards closing for abuse: the frame itself was wrong.
    pub fn is_bad_frame(&self) -> bool {
        matches!(
            self.code,
            Code::BadJson
                | Code::UnknownType
                | Code::MissingField
                | Code::InvalidField
                | Code::HelloFirst
                | Code::AlreadyWelcome
                | Code::BadCredentials
        )
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_snake_case_and_sentences_end() {
        for code in Code::ALL {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(code.sentence().ends_with('.'));
            assert!((400..=599).contains(&code.status()));
        }
    }
}
