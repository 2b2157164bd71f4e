//! The door for pictures from strangers: `POST /api/v1/uploads`, and taking one back.
//!
//! Who it is, whether there is room and how often they come is asked before the body is read.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::Site;
use super::form::{self, Allowance, Form};
use super::pictures::image_id;
use super::refused::Refused;
use super::rooms::{ask, room_name};
use super::who::{actor, client};
use crate::chat::{Ask, GiveUp, LetUpload, Pass, Reserve, Upload};
use crate::model::{Image, ImageId, ImageKind, RoomName};
use crate::protocol::{Code, Refusal};
use crate::session::fingerprint;
use crate::uploads::{Placed, Prepared};

/// The longest name that a download gets, in characters and in bytes, without its ending.
const NAME_CHARS: usize = 100;
const NAME_BYTES: usize = 250;
/// What a name neither begins nor ends with.
const EDGES: [char; 3] = ['.', ' ', '-'];

/// What the address may say.
#[derive(Deserialize)]
pub struct Where {
    room: Option<String>,
}

/// A ticket that is given back when nobody holds it any more.
struct Ticket<'a> {
    site: &'a Site,
    pass: Option<Pass>,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if let Some(Pass { ticket, .. }) = self.pass {
            self.site.chat.do_send(GiveUp { ticket });
        }
    }
}

/// `POST /api/v1/uploads`: a form with `file`, `room`, `alt`, `ttl`.
pub async fn post(
    request: HttpRequest,
    site: web::Data<Site>,
    target: web::Query<Where>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let most = site.image_bytes;
    let body = form::Body::new(payload, Allowance { picture: most, grant: most });
    let rest = body.clone();
    let taken = take(&request, &site, target.into_inner(), body).await;
    match &taken {
        Ok(_) => {}
        // Who has fallen silent sends nothing more that could be thrown away.
        Err(refused) if refused.code() == Code::RequestTimeout => {}
        Err(_) => rest.throw_away().await,
    }
    taken
}

async fn take(
    request: &HttpRequest,
    site: &Site,
    target: Where,
    body: form::Body,
) -> Result<HttpResponse, Refused> {
    let room = target.room.as_deref().map(room_name).transpose()?;
    let (mut ticket, allowance) = admit(request, site, room.clone()).await?;
    let gallery = site.darkroom.gallery();
    let mut form = form::read(request.headers(), body, gallery, allowance).await?;
    form.room = form.room.or(room);
    let (upload, placed) = bring(site, &ticket, form).await?;
    // From here on the chat answers for ticket and files, also if nobody waits any more.
    ticket.pass = None;
    placed.keep();
    let (id, upload) = (upload.id, Box::new(upload));
    let shown = ask(site, |channel| Ask::Place { upload, channel }).await?;
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, Image::url(id)))
        .body(shown.json))
}

/// Asks whether an upload may begin, by what its header says.
async fn admit<'a>(
    request: &HttpRequest,
    site: &'a Site,
    room: Option<RoomName>,
) -> Result<(Ticket<'a>, Allowance), Refused> {
    let token = actor(request, site)?;
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let address = fingerprint(client(request, site)?);
    let pass = site.chat.send(LetUpload { token, address, room, length }).await;
    let pass = pass.map_err(|_| Code::Internal)??;
    let ticket = Ticket { site, pass: Some(pass) };
    if !site.darkroom.gallery().has_room_for(length.unwrap_or(0)) {
        return Err(Code::StorageFull.into());
    }
    Ok((ticket, Allowance { picture: site.image_bytes, grant: pass.grant }))
}

/// Makes a picture of what a form brought, and puts its files into their place.
async fn bring(site: &Site, ticket: &Ticket<'_>, form: Form) -> Result<(Upload, Placed), Refused> {
    let Form { file, name, room, alt, ttl_s } = form;
    let ticket = ticket.pass.ok_or(Code::Internal)?.ticket;
    let file = file.ok_or_else(|| {
        Refusal::because(Code::MissingField, "The part `file` is missing.").field("file")
    })?;
    let mut developed = site.darkroom.develop(file).await?;
    let Prepared { kind, width, height, ref picture, ref thumb, ref mut removed } =
        developed.prepared;
    let (bytes, thumb_bytes) = (picture.len() as u64, thumb.bytes.len() as u64);
    if bytes > site.image_bytes {
        let most = site.image_bytes;
        let message = format!(
            "Turned upright this picture has {bytes} bytes; it may have at most {most}. Turn it \
             before you send it."
        );
        return Err(Refusal::because(Code::ImageTooLarge, message).field("file").into());
    }
    let (thumb_kind, metadata_removed) = (thumb.kind, std::mem::take(removed));
    let reserve = Reserve { ticket, room: room.clone(), bytes: bytes + thumb_bytes };
    site.chat.send(reserve).await.map_err(|_| Code::Internal)??;
    let id = ImageId::random(&mut rand::rng());
    let placed = site.darkroom.place(id, developed).await?;
    let name = download_name(name.as_deref(), kind);
    let upload = Upload {
        ticket,
        id,
        room,
        kind,
        width,
        height,
        bytes,
        thumb_kind,
        thumb_bytes,
        alt,
        name,
        ttl_s,
        metadata_removed,
    };
    Ok((upload, placed))
}

/// `DELETE /api/v1/uploads/{id}`.
pub async fn delete(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let id = image_id(&id)?;
    ask(&site, |channel| Ask::TakeBack { token, id, channel }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A name for who downloads a picture: its sender's, as far as it is safe on any system, with the
/// ending of what it is.
pub fn download_name(given: Option<&str>, kind: ImageKind) -> String {
    let given: String = given.unwrap_or_default().chars().filter(|c| is_plain(*c)).collect();
    let safe = without_odd(&given);
    let safe = safe.trim_matches(EDGES);
    let ending =
        |ending: &str| ending.len() <= 5 && ending.bytes().all(|b| b.is_ascii_alphanumeric());
    let stem = safe.rsplit_once('.').filter(|(_, end)| ending(end)).map_or(safe, |(stem, _)| stem);
    let stem = cut(stem).trim_end_matches(EDGES);
    let name = format!("{stem}.{}", kind.extension());
    // Without its edges a name can be one that a system keeps for itself.
    let is_safe = !stem.is_empty() && without_odd(&name) == name;
    if is_safe { name } else { format!("picture.{}", kind.extension()) }
}

/// A name without what some system could not have in it.
fn without_odd(name: &str) -> String {
    let options = sanitize_filename::Options { windows: true, truncate: true, replacement: "" };
    sanitize_filename::sanitize_with_options(name, options)
}

/// The beginning of a name that a directory can hold together with an ending.
fn cut(stem: &str) -> &str {
    let ends = stem.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take(NAME_CHARS).take_while(|end| *end <= NAME_BYTES).last();
    &stem[..end.unwrap_or(0)]
}

/// Whether a character has its place in a name: no controls, nothing that turns what is read.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_a_name_that_is_safe_anywhere() {
        let long = "x".repeat(10_000);
        let (cut, wide) = (format!("{} y.png", "x".repeat(99)), "🚲".repeat(100));
        for (given, name) in [
            (Some("holiday.jpeg"), "holiday.png"),
            (Some("../../etc/passwd"), "etcpasswd.png"),
            (Some("a\0b\r\nSet-Cookie: x.gif"), "abSet-Cookie x.png"),
            (Some("photo\u{202e}gnp.exe"), "photognp.png"),
            (Some("CON"), "picture.png"),
            (Some("..."), "picture.png"),
            (Some(""), "picture.png"),
            (None, "picture.png"),
            (Some("Zoë's Fahrrad 🚲.png"), "Zoë's Fahrrad 🚲.png"),
            (Some(&long), &format!("{}.png", "x".repeat(100))),
            (Some(&cut), &format!("{}.png", "x".repeat(99))),
            (Some(&wide), &format!("{}.png", "🚲".repeat(62))),
            (Some("CON-.png"), "picture.png"),
        ] {
            assert_eq!(download_name(given, ImageKind::Png), name, "{given:?}");
        }
    }
}
