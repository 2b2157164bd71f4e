//! Who sees a picture: in a message that is about to be sent, and by its address.

use super::bucket::Moment;
use super::pictures::Stage;
use super::state::Chat;
use crate::model::{AltText, Gone, Image, ImageId, ImageKind, Life, Timestamp, TokenHash, UserId};
use crate::protocol::{Code, Refusal};

/// Who wants to see a picture.
#[derive(Clone, Copy, Debug)]
pub enum Viewer {
    /// The holder of a session's token.
    Token(TokenHash),
    /// A browser that knows its cookie.
    Browser(TokenHash),
    /// Somebody.
    Nobody,
}

/// What is needed to show a picture's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Its format.
    pub kind: ImageKind,
    /// The thumbnail's format.
    pub thumb_kind: ImageKind,
    /// A name for who downloads it.
    pub name: String,
    /// When it goes.
    pub expires_at: Timestamp,
}

impl Chat {
    /// The pictures of a draft as its message will show them. What cannot be shown is there as
    /// something that is gone: whether the message is refused for it the log decides, because it
    /// may be a repetition.
    pub(super) fn pictures_of(&self, now: Moment, ids: &[ImageId]) -> Result<Vec<Image>, Refusal> {
        let most = self.rules.limits.images_per_message;
        if ids.len() > most {
            let message = format!("A message shows at most {most} pictures.");
            return Err(Refusal::because(Code::TooManyImages, message).field("images"));
        }
        let shown = |id: &ImageId| {
            let picture = self.pictures.get(*id);
            let here = picture.filter(|picture| {
                matches!(picture.stage, Stage::Here) && picture.row.expires_at > now.wall
            });
            here.map_or_else(
                || {
                    let life = Life::Over(Gone::Expired);
                    let alt = AltText::default();
                    Image { id: *id, width: 0, height: 0, alt, pending: false, life }
                },
                |picture| picture.row.image(),
            )
        };
        Ok(ids.iter().map(shown).collect())
    }

    /// Shows a picture to somebody who may read its room.
    ///
    /// # Errors
    /// `login_required`, `bad_credentials`, `image_not_found`, `image_gone`.
    pub fn view(&self, now: Moment, viewer: Viewer, id: ImageId) -> Result<Sight, Refusal> {
        let user = self.viewer(viewer)?;
        let Some(picture) = self.pictures.get(id) else {
            let gone = self.pictures.is_gone(id);
            return Err(if gone { Code::ImageGone } else { Code::ImageNotFound }.into());
        };
        let row = &picture.row;
        // Before it is sent only its sender sees it. Every room is open to whoever is here.
        if matches!(picture.stage, Stage::Placing)
            || (row.seq.is_none() && !user.contains(&row.author.user))
        {
            return Err(Code::ImageNotFound.into());
        }
        if !matches!(picture.stage, Stage::Here) || row.expires_at <= now.wall {
            return Err(Code::ImageGone.into());
        }
        Ok(Sight {
            kind: row.kind,
            thumb_kind: row.thumb_kind,
            name: row.name.clone(),
            expires_at: row.expires_at,
        })
    }

    /// The identities behind a token or a browser.
    fn viewer(&self, viewer: Viewer) -> Result<Vec<UserId>, Refusal> {
        let sessions = match viewer {
            Viewer::Nobody => {
                let message = "Say who you are: `Authorization: Bearer` with a session's token.";
                return Err(Refusal::because(Code::LoginRequired, message));
            }
            Viewer::Token(hash) => self.tokens.get(&hash).copied().into_iter().collect(),
            Viewer::Browser(hash) => self.browsers.get(&hash).cloned().unwrap_or_default(),
        };
        let users: Vec<UserId> =
            sessions.iter().filter_map(|id| Some(self.sessions.get(id)?.user)).collect();
        if users.is_empty() { Err(Code::BadCredentials.into()) } else { Ok(users) }
    }
}
