//! Rooms and their peace over HTTP: the same requests as over the socket, without being in the room.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Site;
use super::accounts::shown_token;
use super::body;
use super::refused::Refused;
use super::rooms::{ask, asked, room_name, shown};
use super::who::actor;
use crate::chat::{Ask, InviteToRegister, ReadAudit};
use crate::model::{RoomName, TokenHash};
use crate::protocol::{Code, Needs, Refusal, decode};

/// What may be ordered in a room's name besides what only moderators may.
const OTHERS: [&str; 1] = ["report"];

/// `POST /api/v1/rooms`: `room`, `visibility`, `history`, as `create`.
pub async fn create(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let mut frame: Map<String, Value> = body::json(request.headers(), payload).await?;
    frame.insert("type".into(), "create".into());
    let created = order(&site, token, frame).await?;
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(created.json))
}

/// `POST /api/v1/rooms/{room}/orders`: a frame such as `{"type":"ban","nick":"bob"}`.
pub async fn post(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let room = room_name(&room)?;
    let frame: Map<String, Value> = body::json(request.headers(), payload).await?;
    shown(order(&site, token, about(room, frame)).await?)
}

/// `DELETE /api/v1/rooms/{room}/messages/{seq}`.
pub async fn delete(
    request: HttpRequest,
    site: web::Data<Site>,
    place: web::Path<(String, String)>,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let (room, seq) = place.into_inner();
    let seq: u64 = seq.parse().map_err(|_| Code::MessageNotFound)?;
    let frame = Map::from_iter([("type".into(), "delete".into()), ("seq".into(), seq.into())]);
    shown(order(&site, token, about(room_name(&room)?, frame)).await?)
}

/// `GET /api/v1/rooms/{room}/sanctions`.
pub async fn sanctions(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    list(&request, &site, &room, "sanctions").await
}

/// `GET /api/v1/rooms/{room}/reports`.
pub async fn reports(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    list(&request, &site, &room, "reports").await
}

async fn list(
    request: &HttpRequest,
    site: &Site,
    room: &str,
    what: &'static str,
) -> Result<HttpResponse, Refused> {
    let token = shown_token(request, site)?;
    let frame = Map::from_iter([("type".into(), what.into())]);
    shown(order(site, token, about(room_name(room)?, frame)).await?)
}

fn about(room: RoomName, mut frame: Map<String, Value>) -> Map<String, Value> {
    frame.insert("room".into(), room.as_str().into());
    frame
}

/// Hands a frame to the chat, for the holder of a token.
async fn order(
    site: &Site,
    token: TokenHash,
    mut frame: Map<String, Value>,
) -> Result<crate::chat::Shown, Refused> {
    frame.remove("id");
    let decoded = decode(&Value::Object(frame).to_string(), site.text_chars);
    let request = decoded.request?;
    let row = decoded.command.ok_or(Code::Internal)?;
    let here = row.needs > Needs::Hello || row.name == "delete" || OTHERS.contains(&row.name);
    if !here || row.name == "read" {
        let message = "This request has an address of its own, or needs a socket.";
        return Err(Refusal::because(Code::UnknownType, message).field("type").into());
    }
    ask(site, |channel| Ask::Order { token, row, request, channel }).await
}

/// How an invitation to register works.
#[derive(Deserialize)]
pub struct Invitation {
    uses: Option<u32>,
    seconds: Option<u64>,
}

/// `POST /api/v1/invitations`: an invitation to register, for moderators of the server.
pub async fn invite_to_register(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let said: Invitation = body::json(request.headers(), payload).await?;
    let (uses, seconds) = (said.uses.unwrap_or(1), said.seconds.unwrap_or(7 * 86_400));
    let fits = (1..=10_000).contains(&uses) && (1..=10 * 366 * 86_400).contains(&seconds);
    if !fits {
        let message = "`uses` must be from 1 to 10000, `seconds` from 1 to 316224000.";
        return Err(Refusal::because(Code::InvalidField, message).field("uses").into());
    }
    let answer = asked(&site, |channel| InviteToRegister { token, uses, seconds, channel }).await?;
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(answer.json))
}

/// Which part of the audit log.
#[derive(Deserialize)]
pub struct Part {
    before: Option<String>,
    limit: Option<String>,
}

/// `GET /api/v1/audit?before=&limit=`: who did what, the newest first; for owners.
pub async fn audit(
    request: HttpRequest,
    site: web::Data<Site>,
    part: web::Query<Part>,
) -> Result<HttpResponse, Refused> {
    let token = shown_token(&request, &site)?;
    let before = super::rooms::number(part.before.as_deref(), "before")?;
    let limit = super::rooms::limit(part.limit.as_deref())?;
    shown(asked(&site, |channel| ReadAudit { token, before, limit, channel }).await?)
}
