//! Words of a person that come from anywhere: a frame, a query, a header, a form.
//!
//! Each is checked by the same rule and refused in the same words, whatever brought it.

use super::code::{Code, Refusal};
use super::fields::invalid;
use crate::model::{AltText, ClientId, MessageText, Nick, Reason, RoomName, Unfit};

/// A nickname from anywhere: frame, query, header.
///
/// # Errors
/// `nick_invalid` with the rule.
pub fn parse_nick(text: &str) -> Result<Nick, Refusal> {
    Nick::parse(text).ok_or_else(|| {
        let message = format!("A nickname is {}.", Nick::RULE);
        Refusal::because(Code::NickInvalid, message).field("nick")
    })
}

/// A room's name from anywhere: frame, path, query.
///
/// # Errors
/// `room_invalid` with the rule.
pub fn parse_room(text: &str) -> Result<RoomName, Refusal> {
    RoomName::parse(text).ok_or_else(|| {
        let message = format!("A room's name is {}.", RoomName::RULE);
        Refusal::because(Code::RoomInvalid, message).field("room")
    })
}

/// Why somebody is moderated or reported, from anywhere.
///
/// # Errors
/// `text_too_long`, `invalid_field`.
pub fn parse_reason(text: &str) -> Result<Reason, Refusal> {
    Reason::new(text).map_err(|unfit| match unfit {
        Unfit::TooLong => {
            let message = format!("A reason has at most {} characters.", Reason::MAX_CHARS);
            Refusal::because(Code::TextTooLong, message).field("reason")
        }
        Unfit::Empty | Unfit::Characters => invalid("reason", "one line of text"),
    })
}

/// What a picture shows, in words, from anywhere.
///
/// # Errors
/// `text_too_long`.
pub fn parse_alt(text: &str) -> Result<AltText, Refusal> {
    AltText::new(text).map_err(|_| {
        let message = format!("`alt` has at most {} characters.", AltText::MAX_CHARS);
        Refusal::because(Code::TextTooLong, message).field("alt")
    })
}

/// A message's text from anywhere.
///
/// # Errors
/// `text_empty`, `text_too_long`.
pub fn parse_text(text: &str, max_chars: usize) -> Result<MessageText, Refusal> {
    MessageText::new(text, max_chars).map_err(|unfit| unfit_text(unfit, max_chars))
}

/// The text beside pictures, which may be empty.
///
/// # Errors
/// `text_too_long`.
pub fn parse_caption(text: &str, max_chars: usize) -> Result<MessageText, Refusal> {
    MessageText::caption(text, max_chars).map_err(|unfit| unfit_text(unfit, max_chars))
}

fn unfit_text(unfit: Unfit, max_chars: usize) -> Refusal {
    let refusal = match unfit {
        Unfit::TooLong => {
            let message = format!("A text has at most {max_chars} characters.");
            Refusal::because(Code::TextTooLong, message)
        }
        Unfit::Empty | Unfit::Characters => Refusal::new(Code::TextEmpty),
    };
    refusal.field("text")
}

/// An idempotency key from anywhere.
///
/// # Errors
/// `invalid_field`.
pub fn parse_client_id(text: &str) -> Result<ClientId, Refusal> {
    let rule = "1 to 64 characters without space";
    ClientId::new(text).map_err(|_| invalid("client_id", rule))
}
