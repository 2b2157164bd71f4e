//! Sending without a socket: one POST, one message, the same rules as `send`.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Site;
use super::body::{media_type, read};
use super::refused::Refused;
use super::rooms::{ask, room_name};
use super::who::{acting, client, shows_bearer};
use crate::chat::{Ask, Asker};
use crate::protocol::{Code, Draft, Refusal, Request, decode, parse_nick};
use crate::session::fingerprint;

/// Who sends, if no token says so.
#[derive(Deserialize)]
pub struct As {
    nick: Option<String>,
}

/// `POST /api/v1/rooms/{room}/messages`: JSON as `send`, or `text/plain`.
pub async fn post(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
    who: web::Query<As>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let room = room_name(&room)?;
    let asker = asker(&request, &site, who.into_inner())?;
    let body = read(payload).await?;
    let draft = message(request.headers(), &body, site.text_chars)?;
    let shown = ask(&site, |channel| Ask::Post { asker, room, draft, channel }).await?;
    let mut response = if shown.duplicate { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(shown.json))
}

fn asker(request: &HttpRequest, site: &Site, who: As) -> Result<Asker, Refused> {
    // A page elsewhere cannot read the answer, but it could make its visitors' browsers send. Who names
    // a guest is that guest, whatever cookies there are.
    let token = acting(request, site)?;
    if let Some(token) = token.filter(|_| who.nick.is_none() || shows_bearer(request)) {
        return Ok(Asker::Token(token));
    }
    let Some(nick) = who.nick else {
        let message = "Say who you are: `Authorization: Bearer` with a token, or `?nick=`.";
        return Err(Refusal::because(Code::LoginRequired, message).into());
    };
    Ok(Asker::Nick(parse_nick(&nick)?, fingerprint(client(request, site)?)))
}

/// The message that a body holds, by the rules of a `send` frame.
fn message(headers: &HeaderMap, body: &[u8], text_chars: usize) -> Result<Draft, Refused> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Refusal::because(Code::BadJson, "The body must be UTF-8."))?;
    let mut frame = match media_type(headers).as_deref() {
        Some("application/json") => object(text, text_chars)?,
        Some("text/plain") | None => Map::from_iter([("text".into(), text.into())]),
        Some(_) => {
            let message = "Send application/json or text/plain.";
            return Err(Refusal::because(Code::UnsupportedMediaType, message).into());
        }
    };
    frame.remove("room");
    frame.remove("id");
    frame.insert("type".into(), "send".into());
    if let Some(key) = headers.get("Idempotency-Key") {
        let key = key.to_str().unwrap_or_default();
        frame.insert("client_id".into(), Value::String(key.to_owned()));
    }
    let frame = Value::Object(frame).to_string();
    match decode(&frame, text_chars).request? {
        Request::Send { draft, .. } => Ok(draft),
        _ => Err(Code::Internal.into()),
    }
}

fn object(text: &str, text_chars: usize) -> Result<Map<String, Value>, Refused> {
    // What no frame could be, such as a field given twice, is no body either.
    match decode(text, text_chars).request {
        Err(refusal) if refusal.code == Code::BadJson => return Err(refusal.into()),
        _ => {}
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("The body is not one JSON object: {error}.");
        Refusal::because(Code::BadJson, message).into()
    })
}
