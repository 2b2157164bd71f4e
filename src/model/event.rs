//! One entry of a room's log, and the rule by which later entries change earlier ones.
//!
//! Invariant: applying [`Body::amend`] and [`Body::redact`] to what the log holds leaves no trace
//! of a text that was edited away or deleted, neither in the message nor in earlier edits of it.

use serde::{Deserialize, Serialize};

use super::{
    ClientId, Emoji, Gone, Image, ImageId, MessageText, Moderated, Nick, Timestamp, Topic, UserId,
};

/// Who wrote an event: `user` is never sent, `nick` and `guest` are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The identity that may edit and delete it.
    pub user: UserId,
    /// The nickname at that time.
    pub nick: Nick,
    /// Whether that name was a guest's.
    pub guest: bool,
}

/// An entry of a room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place: 1, 2, 3… within the room and epoch.
    pub seq: u64,
    /// When the server took it.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it says.
    pub body: Body,
}

/// What happened. Serialises as the fields of its kind; the kind itself is [`Body::kind`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// Somebody said something.
    Message(Message),
    /// A message's text was replaced.
    Edited(Edited),
    /// A message, or one picture of it, was taken back.
    Deleted(Deleted),
    /// A picture's life ended.
    Expired(Expired),
    /// Somebody reacted to a message, or took the reaction back.
    Reacted(Reacted),
    /// The room's topic was set.
    Topic(TopicSet),
    /// A picture that waited for a moderator may be seen.
    Approved(Approved),
    /// Somebody kept the peace.
    Moderated(Moderated),
}

/// The fields of a `message`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What was said; empty once deleted, or where the pictures have no caption.
    pub text: MessageText,
    /// Its pictures, in the order in which they were sent.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<Image>,
    /// The message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reply_to: Option<u64>,
    /// The sender's own id of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_id: Option<ClientId>,
    /// Its text is not the first one.
    #[serde(skip_serializing_if = "is_false", default)]
    pub edited: bool,
    /// It was taken back; its text is gone.
    #[serde(skip_serializing_if = "is_false", default)]
    pub deleted: bool,
}

/// The fields of an `edited` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// The message it changes.
    pub target: u64,
    /// The newest text of that message.
    pub text: MessageText,
    /// The message was taken back later; the text is gone.
    #[serde(skip_serializing_if = "is_false", default)]
    pub deleted: bool,
}

/// The fields of a `deleted` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// The message that was taken back, or that shows the picture.
    pub target: u64,
    /// The one picture that was taken back; the message with all of them if it says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<ImageId>,
}

/// The fields of an `expired` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    /// The message that shows the picture.
    pub target: u64,
    /// The picture that is gone.
    pub image: ImageId,
}

/// The fields of an `approved` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The message that shows the picture.
    pub target: u64,
    /// The picture that may be seen from here on.
    pub image: ImageId,
}

/// The fields of a `reacted` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reacted {
    /// The message it is about.
    pub target: u64,
    /// The reaction.
    pub emoji: Emoji,
    /// Set, or taken back.
    pub on: bool,
}

/// The fields of a `topic` event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSet {
    /// The new topic; empty removes it.
    pub topic: Topic,
}

impl Body {
    /// The event's `type` on the wire and in the store.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Edited(_) => "edited",
            Self::Deleted(_) => "deleted",
            Self::Expired(_) => "expired",
            Self::Reacted(_) => "reacted",
            Self::Topic(_) => "topic",
            Self::Approved(_) => "approved",
            Self::Moderated(_) => "moderated",
        }
    }

    /// A plain message.
    pub fn message(text: MessageText, reply_to: Option<u64>, client_id: Option<ClientId>) -> Self {
        Self::pictures(text, Vec::new(), reply_to, client_id)
    }

    /// A message with pictures; `text` is their caption.
    pub fn pictures(
        text: MessageText,
        images: Vec<Image>,
        reply_to: Option<u64>,
        client_id: Option<ClientId>,
    ) -> Self {
        Self::Message(Message { text, images, reply_to, client_id, edited: false, deleted: false })
    }

    /// An edit of `target`.
    pub fn edited(target: u64, text: MessageText) -> Self {
        Self::Edited(Edited { target, text, deleted: false })
    }

    /// A deletion of `target`.
    pub fn deleted(target: u64) -> Self {
        Self::Deleted(Deleted { target, image: None })
    }

    /// The end of one picture of `target`.
    pub fn picture_gone(target: u64, image: ImageId, why: Gone) -> Self {
        match why {
            Gone::Expired => Self::Expired(Expired { target, image }),
            Gone::Deleted => Self::Deleted(Deleted { target, image: Some(image) }),
        }
    }

    /// A moderator's word that a picture of `target` may be seen.
    pub fn approved(target: u64, image: ImageId) -> Self {
        Self::Approved(Approved { target, image })
    }

    /// A reaction to `target`.
    pub fn reacted(target: u64, emoji: Emoji, on: bool) -> Self {
        Self::Reacted(Reacted { target, emoji, on })
    }

    /// A new topic.
    pub fn topic(topic: Topic) -> Self {
        Self::Topic(TopicSet { topic })
    }

    /// Rebuilds a body from what [`Body::kind`] and serialisation gave.
    ///
    /// # Errors
    /// When `kind` is unknown or `json` does not hold its fields.
    pub fn restore(kind: &str, json: &str) -> serde_json::Result<Self> {
        use serde::de::Error;
        Ok(match kind {
            "message" => Self::Message(serde_json::from_str(json)?),
            "edited" => Self::Edited(serde_json::from_str(json)?),
            "deleted" => Self::Deleted(serde_json::from_str(json)?),
            "expired" => Self::Expired(serde_json::from_str(json)?),
            "reacted" => Self::Reacted(serde_json::from_str(json)?),
            "topic" => Self::Topic(serde_json::from_str(json)?),
            "approved" => Self::Approved(serde_json::from_str(json)?),
            "moderated" => Self::Moderated(serde_json::from_str(json)?),
            _ => return Err(serde_json::Error::custom("unknown kind of event")),
        })
    }

    /// The message that this body is about: what an edit, a deletion, a reaction or the end of a
    /// picture points at.
    pub fn target(&self) -> Option<u64> {
        match self {
            Self::Edited(edit) => Some(edit.target),
            Self::Deleted(deletion) => Some(deletion.target),
            Self::Expired(end) => Some(end.target),
            Self::Reacted(reaction) => Some(reaction.target),
            Self::Approved(approval) => Some(approval.target),
            Self::Message(_) | Self::Topic(_) | Self::Moderated(_) => None,
        }
    }

    /// The pictures of a message.
    pub fn images(&self) -> &[Image] {
        match self {
            Self::Message(message) => &message.images,
            _ => &[],
        }
    }

    /// Puts the new text in place of the old one, in a message and in earlier edits of it.
    pub fn amend(&mut self, newest: &MessageText) {
        match self {
            Self::Message(message) => {
                message.text = newest.clone();
                message.edited = true;
            }
            Self::Edited(edit) => edit.text = newest.clone(),
            _ => {}
        }
    }

    /// Takes text and pictures out of a message, or the text out of an edit of it, that was
    /// deleted.
    pub fn redact(&mut self) {
        match self {
            Self::Message(message) => {
                message.text = MessageText::removed();
                message.images.iter_mut().for_each(|image| image.end(Gone::Deleted));
                message.deleted = true;
            }
            Self::Edited(edit) => {
                edit.text = MessageText::removed();
                edit.deleted = true;
            }
            _ => {}
        }
    }

    /// Ends the life of one picture of a message. Returns whether the message has it.
    pub fn end_picture(&mut self, id: ImageId, why: Gone) -> bool {
        let Self::Message(message) = self else { return false };
        let image = message.images.iter_mut().find(|image| image.id == id);
        image.map(|image| image.end(why)).is_some()
    }

    /// Lets a picture that waited for a moderator be seen. Returns whether it did wait.
    pub fn approve_picture(&mut self, id: ImageId) -> bool {
        let Self::Message(message) = self else { return false };
        let image = message.images.iter_mut().find(|image| image.id == id);
        image.is_some_and(|image| std::mem::take(&mut image.pending))
    }

    /// Applies `later` to this entry, which it may be about: an edit's text, a deletion, the end of
    /// a picture.
    ///
    /// `seq` is this entry's own place. Returns whether anything changed.
    pub fn apply(&mut self, seq: u64, later: &Body) -> bool {
        let about = match self {
            Self::Message(_) => seq,
            Self::Edited(edit) => edit.target,
            _ => return false,
        };
        if later.target() != Some(about) {
            return false;
        }
        match later {
            Self::Edited(edit) => self.amend(&edit.text),
            Self::Deleted(Deleted { image: None, .. }) => self.redact(),
            Self::Deleted(Deleted { image: Some(id), .. }) => {
                return self.end_picture(*id, Gone::Deleted);
            }
            Self::Expired(end) => return self.end_picture(end.image, Gone::Expired),
            Self::Approved(approval) => return self.approve_picture(approval.image),
            _ => return false,
        }
        true
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::super::{Act, AltText, ImageKind, Life, Role, RoomSettings};
    use super::*;

    fn text(words: &str) -> MessageText {
        MessageText::new(words, 100).expect("test texts are short")
    }

    #[test]
    fn an_edit_replaces_the_text_in_the_message_and_in_earlier_edits() {
        let mut message = Body::message(text("one"), None, None);
        let mut first = Body::edited(1, text("two"));
        let second = Body::edited(1, text("three"));
        assert!(message.apply(1, &second) && first.apply(2, &second));
        let all = serde_json::to_string(&[&message, &first, &second]).unwrap();
        assert!(!all.contains("one") && !all.contains("two"));
        assert_eq!(all.matches("three").count(), 3);
    }

    #[test]
    fn a_deletion_leaves_no_text_behind() {
        let mut message = Body::message(text("secret"), None, None);
        let mut edit = Body::edited(1, text("secret too"));
        let deletion = Body::deleted(1);
        assert!(message.apply(1, &deletion) && edit.apply(2, &deletion));
        let all = serde_json::to_string(&[&message, &edit]).unwrap();
        assert_eq!(all, r#"[{"text":"","deleted":true},{"target":1,"text":"","deleted":true}]"#);
    }

    fn picture(id: u128) -> Image {
        let life = Life::Alive { kind: ImageKind::Png, bytes: 9, expires_at: Timestamp(5) };
        let alt = AltText::new("a secret").unwrap();
        Image { id: ImageId(id), width: 3, height: 4, alt, pending: false, life }
    }

    fn gallery() -> Body {
        Body::pictures(MessageText::removed(), vec![picture(1), picture(2)], None, None)
    }

    #[test]
    fn a_pictures_end_leaves_the_message_and_its_other_pictures() {
        let mut message = gallery();
        assert!(message.apply(1, &Body::picture_gone(1, ImageId(2), Gone::Expired)));
        assert!(!message.apply(1, &Body::picture_gone(7, ImageId(1), Gone::Expired)));
        let Body::Message(now) = &message else { panic!("a message stays one") };
        assert!(now.images[0].is_alive() && !now.deleted);
        assert_eq!(now.images[1].life, Life::Over(Gone::Expired));
        assert_eq!(now.images[1].alt.as_str(), "a secret");
    }

    #[test]
    fn a_deletion_takes_the_pictures_and_their_words() {
        let mut message = gallery();
        assert!(message.apply(1, &Body::deleted(1)));
        let json = serde_json::to_string(&message).unwrap();
        assert!(!json.contains("secret") && !json.contains("/uploads"), "{json}");
        assert_eq!(json.matches(r#""gone":"deleted""#).count(), 2);
    }

    #[test]
    fn every_body_comes_back_from_its_kind_and_fields() {
        let bodies = [
            gallery(),
            Body::picture_gone(1, ImageId(1), Gone::Expired),
            Body::picture_gone(1, ImageId(1), Gone::Deleted),
            Body::message(text("hi"), Some(3), ClientId::new("k").ok()),
            Body::edited(1, text("b")),
            Body::deleted(7),
            Body::reacted(2, Emoji::new("👍").unwrap(), false),
            Body::topic(Topic::new("tea").unwrap()),
            Body::approved(1, ImageId(1)),
            Body::Moderated(Moderated::person(
                Act::Banned,
                Nick::parse("eve").unwrap(),
                Some(Timestamp(7)),
            )),
            Body::Moderated(Moderated::role(Nick::parse("bob").unwrap(), Role::Moderator)),
            Body::Moderated(Moderated::settings(RoomSettings::default().into())),
        ];
        for body in bodies {
            let json = serde_json::to_string(&body).unwrap();
            assert_eq!(Body::restore(body.kind(), &json).unwrap(), body);
        }
        assert!(Body::restore("nonsense", "{}").is_err());
    }
}
