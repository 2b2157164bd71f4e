//! Reading over HTTP: which rooms there are, and what was said in them.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::Site;
use super::refused::Refused;
use crate::chat::{Ask, Channel, Shown};
use crate::model::RoomName;
use crate::protocol::{Code, MAX_LIMIT, Page, Refusal};

/// Which part of the log.
#[derive(Deserialize)]
pub struct Part {
    after: Option<String>,
    before: Option<String>,
    limit: Option<String>,
}

/// A whole number of the query. The log's places are SQLite integers.
fn number(text: Option<&str>, field: &'static str) -> Result<Option<u64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| i64::try_from(*number).is_ok());
    number.map(Some).ok_or_else(|| {
        let message = format!("`{field}` must be a whole number of at least 0.");
        Refusal::because(Code::InvalidField, message).field(field)
    })
}

impl Part {
    /// What they come to.
    ///
    /// # Errors
    /// `invalid_field`.
    pub fn page(&self) -> Result<(Page, usize), Refusal> {
        let limit = number(self.limit.as_deref(), "limit")?.unwrap_or(50);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = "`limit` must be a whole number from 1 to 200.";
            return Err(Refusal::because(Code::InvalidField, message).field("limit"));
        }
        let before = number(self.before.as_deref(), "before")?;
        let page = match (before, number(self.after.as_deref(), "after")?) {
            (None, None) => Page::Latest,
            (Some(seq), None) => Page::Before(seq),
            (None, Some(seq)) => Page::After(seq),
            (Some(_), Some(_)) => {
                let message = "`before` and `after` exclude each other.";
                return Err(Refusal::because(Code::InvalidField, message).field("before"));
            }
        };
        Ok((page, limit as usize))
    }
}

/// The room that an address names.
///
/// # Errors
/// `room_invalid`.
pub fn room_name(raw: &str) -> Result<RoomName, Refused> {
    RoomName::parse(raw).ok_or_else(|| {
        let message = format!("A room's name is {}.", RoomName::RULE);
        Refusal::because(Code::RoomInvalid, message).field("room").into()
    })
}

/// Asks the chat and waits for its answer.
///
/// # Errors
/// What the chat refuses, or `internal` if it is gone.
pub async fn ask(site: &Site, question: impl FnOnce(Channel) -> Ask) -> Result<Shown, Refused> {
    let (channel, answer) = oneshot::channel();
    site.chat.do_send(question(channel));
    answer.await.map_err(|_| Code::Internal)?.map_err(Refused::by_chat)
}

/// Whether somebody without a login may read here.
///
/// # Errors
/// `login_required`.
pub fn may_read(site: &Site) -> Result<(), Refused> {
    if site.guests { Ok(()) } else { Err(Code::LoginRequired.into()) }
}

/// `GET /api/v1/rooms`.
pub async fn list(site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    may_read(&site)?;
    shown(ask(&site, Ask::Rooms).await?)
}

/// `GET /api/v1/rooms/{room}/events?after=&before=&limit=`.
pub async fn events(
    site: web::Data<Site>,
    room: web::Path<String>,
    part: web::Query<Part>,
) -> Result<HttpResponse, Refused> {
    may_read(&site)?;
    let room = room_name(&room)?;
    let (page, limit) = part.page()?;
    shown(ask(&site, |channel| Ask::Events { room, page, limit, channel }).await?)
}

fn shown(shown: Shown) -> Result<HttpResponse, Refused> {
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(shown.json))
}
