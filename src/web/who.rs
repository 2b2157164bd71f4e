//! Who asks over HTTP: the token of a request, the cookie of a page, the address behind a proxy.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;

use super::Site;
use super::refused::Refused;
use crate::chat::Viewer;
use crate::model::TokenHash;
use crate::protocol::Code;
use crate::session::{browser, client_address, is_secure};

/// The hash of the token in `Authorization: Bearer` (RFC 6750); none where there is no such header.
///
/// # Errors
/// `bad_credentials` for any other `Authorization`.
pub fn bearer(request: &HttpRequest) -> Result<Option<TokenHash>, Refused> {
    let Some(header) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let token = header.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or(Code::BadCredentials)?;
    Ok(Some(TokenHash::of(token.trim())))
}

/// The address that a request comes from.
///
/// # Errors
/// `busy` for a connection that is gone.
pub fn client(request: &HttpRequest, site: &Site) -> Result<IpAddr, Refused> {
    let peer = request.peer_addr().ok_or(Code::Busy)?.ip();
    Ok(client_address(peer, request.headers(), &site.trusted))
}

/// Whether a request came by a secure way: by it cookies are named, made and found.
pub fn came_securely(request: &HttpRequest, site: &Site) -> bool {
    let peer = request.peer_addr().map(|peer| peer.ip());
    is_secure(site.tls, peer, request.headers(), &site.trusted)
}

/// Who wants to see a picture: by token, else by cookie.
///
/// # Errors
/// As [`bearer`].
pub fn viewer(request: &HttpRequest, site: &Site) -> Result<Viewer, Refused> {
    if let Some(token) = bearer(request)? {
        return Ok(Viewer::Token(token));
    }
    let browser = browser(request.headers(), came_securely(request, site));
    Ok(browser.map_or(Viewer::Nobody, Viewer::Browser))
}
