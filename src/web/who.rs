//! Who asks over HTTP: the token of a request, the cookie of a page, the address behind a proxy.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;

use super::Site;
use super::refused::Refused;
use crate::chat::{Reader, Viewer};
use crate::model::TokenHash;
use crate::protocol::{Code, Refusal};
use crate::session::{LOGIN, bearer, browser, client_address, cookie, fingerprint, is_secure};

/// The hash of the token by which a request reads: in `Authorization`, else a login's cookie.
///
/// # Errors
/// `bad_credentials` for an `Authorization` that is no bearer token.
pub fn token(request: &HttpRequest, site: &Site) -> Result<Option<TokenHash>, Refused> {
    let secure = came_securely(request, site);
    let bearer = bearer(request.headers())?;
    Ok(bearer.or_else(|| cookie(request.headers(), LOGIN, "pl_", secure)))
}

/// The hash of the token by which a request does something. A cookie counts only where no page of
/// another server can have sent it.
///
/// # Errors
/// As [`token`]; `forbidden` for a page of another origin.
pub fn acting(request: &HttpRequest, site: &Site) -> Result<Option<TokenHash>, Refused> {
    site.origins.check(request.headers())?;
    match bearer(request.headers())? {
        Some(token) => Ok(Some(token)),
        None if site.origins.is_own(request.headers()) => token(request, site),
        None => Ok(None),
    }
}

/// The same, where nothing is done without one.
///
/// # Errors
/// As [`acting`]; `login_required`.
pub fn actor(request: &HttpRequest, site: &Site) -> Result<TokenHash, Refused> {
    let message = "Say who you are: `Authorization: Bearer` with a login's or a session's token.";
    acting(request, site)?.ok_or_else(|| Refusal::because(Code::LoginRequired, message).into())
}

/// Whether a request says in `Authorization` who sends it.
pub fn shows_bearer(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::AUTHORIZATION)
}

/// Who reads.
///
/// # Errors
/// As [`token`] and [`client`].
pub fn reader(request: &HttpRequest, site: &Site) -> Result<Reader, Refused> {
    Ok(Reader { token: token(request, site)?, address: fingerprint(client(request, site)?) })
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
/// As [`token`].
pub fn viewer(request: &HttpRequest, site: &Site) -> Result<Viewer, Refused> {
    if let Some(token) = bearer(request.headers())? {
        return Ok(Viewer::Token(token));
    }
    // A page may be a guest's though its browser has a login: what is in the browser counts first.
    let browser = browser(request.headers(), came_securely(request, site));
    let login = token(request, site)?;
    Ok(match (browser, login) {
        (None, None) => Viewer::Nobody,
        (browser, login) => Viewer::Cookies { browser, login },
    })
}
