//! Files of the page: inside the binary in a release, read from disk in a debug build.

use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::{Embed, EmbeddedFile};

use super::refused::Refused;
use crate::protocol::Code;

#[derive(Embed)]
#[folder = "static/"]
#[exclude = "js/types/*"]
struct Static;

/// `GET /static/{path}`.
pub async fn asset(request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Refused> {
    serve(&request, &path)
}

/// `GET /favicon.ico`: what browsers ask for by themselves.
pub async fn favicon(request: HttpRequest) -> Result<HttpResponse, Refused> {
    serve(&request, "favicon.svg")
}

fn serve(request: &HttpRequest, path: &str) -> Result<HttpResponse, Refused> {
    let file = Static::get(path).ok_or(Code::NotFound)?;
    let tag = EntityTag::new_strong(hex(&file));
    let fresh = known(request, &tag);
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header(header::ETag(tag));
    // Asked for anew at each load, sent anew only when changed: never an old page on a new server.
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    if fresh {
        return Ok(response.finish());
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    response.content_type(content_type(&kind));
    Ok(response.body(file.data.into_owned()))
}

fn known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match <IfNoneMatch as header::Header>::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn hex(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(kind: &mime_guess::Mime) -> String {
    if kind.type_() == mime_guess::mime::TEXT {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}
