//! Showing pictures: to who may read their room, as what they are, and no longer than they live.

use std::path::PathBuf;

use actix_files::NamedFile;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::Site;
use super::refused::Refused;
use super::who::viewer;
use crate::chat::{Sight, View};
use crate::model::{ImageId, ImageKind, Timestamp};
use crate::protocol::Code;
use crate::uploads::Gallery;

/// How long a browser may show a picture without asking again, in seconds: what is taken back is
/// soon gone there, too.
const CACHED_S: u64 = 300;
/// A picture that somebody opens by itself runs nothing and asks for nothing.
const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// `GET /uploads/{id}`.
pub async fn picture(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    show(&request, &site, &id, |gallery, id| gallery.picture(id), |sight| sight.kind).await
}

/// `GET /uploads/{id}/thumb`.
pub async fn thumb(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    show(&request, &site, &id, |gallery, id| gallery.thumb(id), |sight| sight.thumb_kind).await
}

/// The id in an address.
///
/// # Errors
/// `image_not_found` for what cannot be one.
pub fn image_id(text: &str) -> Result<ImageId, Refused> {
    ImageId::parse(text).ok_or_else(|| Code::ImageNotFound.into())
}

/// Shows the file at `path`, which is of `kind`, to who may see the picture.
async fn show(
    request: &HttpRequest,
    site: &Site,
    id: &str,
    path: fn(&Gallery, ImageId) -> PathBuf,
    kind: fn(&Sight) -> ImageKind,
) -> Result<HttpResponse, Refused> {
    let (viewer, id) = (viewer(request, site)?, image_id(id)?);
    let sight = site.chat.send(View { viewer, id }).await.map_err(|_| Code::Internal)??;
    let path = path(site.darkroom.gallery(), id);
    // Between the look and this it may have gone.
    let file = web::block(move || NamedFile::open(path)).await.map_err(|_| Code::Busy)?;
    let file = file.map_err(|_| Code::ImageGone)?;
    let kind = kind(&sight).media_type().parse().map_err(|_| Code::Internal)?;
    let file = file.set_content_type(kind).set_content_disposition(disposition(&sight.name));
    let mut response = file.into_response(request);
    let life = sight.expires_at.since(Timestamp::now()) / 1000;
    let cached = format!("private, max-age={}", life.min(CACHED_S));
    let headers = response.headers_mut();
    for (name, value) in
        [(header::CACHE_CONTROL, cached.as_str()), (header::CONTENT_SECURITY_POLICY, POLICY)]
    {
        let value = header::HeaderValue::from_str(value).map_err(|_| Code::Internal)?;
        headers.insert(name, value);
    }
    Ok(response)
}

/// Shown where it stands; with a name for who saves it (RFC 6266).
pub fn disposition(name: &str) -> ContentDisposition {
    let plain: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(plain)];
    if !name.is_ascii() {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    ContentDisposition { disposition: DispositionType::Inline, parameters }
}
