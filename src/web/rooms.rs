//! Reading over HTTP: which rooms there are, and what was said in them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::Site;
use super::refused::Refused;
use super::who::reader;
use crate::chat::{Ask, Channel, ChatServer, Shown};
use crate::model::RoomName;
use crate::protocol::{Code, MAX_LIMIT, Page, Refusal, parse_room};

/// Which part of the log.
#[derive(Deserialize)]
pub struct Part {
    after: Option<String>,
    before: Option<String>,
    limit: Option<String>,
}

/// How many entries of a list.
///
/// # Errors
/// `invalid_field`.
pub fn limit(text: Option<&str>) -> Result<usize, Refusal> {
    let limit = number(text, "limit")?.unwrap_or(50);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = "`limit` must be a whole number from 1 to 200.";
        return Err(Refusal::because(Code::InvalidField, message).field("limit"));
    }
    Ok(limit as usize)
}

/// A whole number of the query. The log's places are SQLite integers.
///
/// # Errors
/// `invalid_field`.
pub fn number(text: Option<&str>, field: &'static str) -> Result<Option<u64>, Refusal> {
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
        let limit = limit(self.limit.as_deref())?;
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
        Ok((page, limit))
    }
}

/// The room that an address names.
///
/// # Errors
/// `room_invalid`.
pub fn room_name(raw: &str) -> Result<RoomName, Refused> {
    Ok(parse_room(raw)?)
}

/// Asks the chat and waits for its answer.
///
/// # Errors
/// What the chat refuses, or `internal` if it is gone.
pub async fn ask(site: &Site, question: impl FnOnce(Channel) -> Ask) -> Result<Shown, Refused> {
    asked(site, question).await
}

/// The same for a question of any kind that is answered through a channel.
///
/// # Errors
/// As [`ask`].
pub async fn asked<M>(site: &Site, question: impl FnOnce(Channel) -> M) -> Result<Shown, Refused>
where
    M: actix::Message<Result = ()> + Send + 'static,
    ChatServer: actix::Handler<M>,
{
    let (channel, answer) = Channel::new();
    site.chat.do_send(question(channel));
    answer.await.map_err(|_| Code::Internal)?.map_err(Refused::by_chat)
}

/// `GET /api/v1/rooms`.
pub async fn list(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    let reader = reader(&request, &site)?;
    shown(ask(&site, |channel| Ask::Rooms { reader, channel }).await?)
}

/// `GET /api/v1/rooms/{room}/events?after=&before=&limit=`.
pub async fn events(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
    part: web::Query<Part>,
) -> Result<HttpResponse, Refused> {
    let reader = reader(&request, &site)?;
    let room = room_name(&room)?;
    let (page, limit) = part.page()?;
    shown(ask(&site, |channel| Ask::Events { reader, room, page, limit, channel }).await?)
}

/// What the chat shows, as it is now.
///
/// # Errors
/// None.
pub fn shown(shown: Shown) -> Result<HttpResponse, Refused> {
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(shown.json))
}
