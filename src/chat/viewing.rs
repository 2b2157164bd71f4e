//! Who sees a picture: in a message that is about to be sent, and by its address.

use super::bucket::Moment;
use super::people::Person;
use super::pictures::{Picture, Stage};
use super::state::Chat;
use crate::model::{AltText, Gone, Image, ImageId, ImageKind, Life, Timestamp, TokenHash};
use crate::protocol::{Code, Refusal};

/// Who wants to see a picture.
#[derive(Clone, Copy, Debug)]
pub enum Viewer {
    /// The holder of a session's token.
    Token(TokenHash),
    /// A browser with the cookie that every page gets, with that of a login, or with both.
    Cookies {
        /// The browser's.
        browser: Option<TokenHash>,
        /// The login's.
        login: Option<TokenHash>,
    },
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
                    let (alt, pending) = (AltText::default(), false);
                    Image { id: *id, width: 0, height: 0, alt, pending, life }
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
    pub fn view(&mut self, now: Moment, viewer: Viewer, id: ImageId) -> Result<Sight, Refusal> {
        let people = self.viewers(now, viewer)?;
        let Some(picture) = self.pictures.get(id) else {
            return Err(self.no_picture(&people, id).into());
        };
        let row = &picture.row;
        let shown = people.iter().any(|person| self.may_look(now, person, picture));
        if !shown {
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

    /// What there is to say of a picture that is not here: that it is gone, to who may see the room that
    /// it was in.
    pub(super) fn no_picture(&self, people: &[Person], id: ImageId) -> Code {
        let Some(room) = self.pictures.gone_from(id) else { return Code::ImageNotFound };
        // A room that has ended was an open one.
        let seen = self
            .rooms
            .get(&room)
            .is_none_or(|room| people.iter().any(|person| self.sees(Some(person), room)));
        if seen { Code::ImageGone } else { Code::ImageNotFound }
    }

    /// Whether a person may look at a picture: in a room that they may read; before it is sent, and
    /// while it waits for a moderator, only its sender, and then the moderators, too.
    fn may_look(&self, now: Moment, person: &Person, picture: &Picture) -> bool {
        let row = &picture.row;
        let Some(room) = self.rooms.get(&row.room) else { return false };
        if matches!(picture.stage, Stage::Placing) || !self.sees(Some(person), room) {
            return false;
        }
        let inside = person.session.is_some_and(|session| room.members.contains_key(&session));
        if !inside && self.let_in(now, person, room.id).is_err() {
            return false;
        }
        let mine = row.author.user == person.user;
        match (row.seq, row.pending) {
            (None, _) => mine,
            (Some(_), true) => mine || self.moderates(person, room.id),
            (Some(_), false) => true,
        }
    }

    /// The people behind a token or a browser.
    fn viewers(&mut self, now: Moment, viewer: Viewer) -> Result<Vec<Person>, Refusal> {
        let (browser, login) = match viewer {
            Viewer::Nobody => {
                let message = "Say who you are: `Authorization: Bearer` with a session's token.";
                return Err(Refusal::because(Code::LoginRequired, message));
            }
            Viewer::Token(hash) => return Ok(vec![self.holder(now, &hash)?]),
            Viewer::Cookies { browser, login } => (browser, login),
        };
        let sessions = browser.and_then(|hash| self.browsers.get(&hash));
        let mut people: Vec<Person> =
            sessions.into_iter().flatten().filter_map(|id| self.person(*id).ok()).collect();
        if let Some(login) = login {
            people.extend(self.holder(now, &login).ok());
        }
        if people.is_empty() { Err(Code::BadCredentials.into()) } else { Ok(people) }
    }
}
