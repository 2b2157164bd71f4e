//! The cookie by which a page's pictures are known to be its own.
//!
//! An `<img>` sends no `Authorization`; it sends cookies. So the page comes with a random one, the
//! handshake of its socket carries it, and from `hello` on who shows it may see what the sessions of
//! that browser may see. It reads and nothing else: whatever changes something needs the token.

use actix_http::header::{self, HeaderMap};
use actix_web::cookie::{Cookie, SameSite};

use crate::model::{TokenHash, token};

/// The cookie's name.
pub const COOKIE: &str = "parlor_browser";

/// The hash of the cookie that a request carries; none if it has none that could be ours.
pub fn browser(headers: &HeaderMap) -> Option<TokenHash> {
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let cookies =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| Cookie::parse(pair).ok());
    let ours = |cookie: &Cookie<'_>| {
        let value = cookie.value();
        cookie.name() == COOKIE && value.len() == LENGTH && value.starts_with("pr_")
    };
    cookies.into_iter().find(ours).map(|cookie| TokenHash::of(cookie.value()))
}

/// How long a token is.
const LENGTH: usize = 67;

/// A new cookie, for as long as the browser is open: scripts cannot read it, and it comes along only
/// when somebody opens the page, not with what other sites fetch (RFC 6265bis).
pub fn new_cookie() -> Cookie<'static> {
    Cookie::build(COOKIE, token(&mut rand::rng()))
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Option<TokenHash> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, header::HeaderValue::from_str(line).unwrap());
        }
        browser(&headers)
    }

    #[test]
    fn our_cookie_is_found_among_others_and_nothing_else_is() {
        let cookie = new_cookie();
        let hash = Some(TokenHash::of(cookie.value()));
        let pair = format!("{COOKIE}={}", cookie.value());
        assert_eq!(found(&[&pair]), hash);
        assert_eq!(found(&["a=b; c", &format!("x=y; {pair}; z=1")]), hash);
        for line in ["", "a=b", "parlor_browser=", "parlor_browser=guess", "parlor_browser"] {
            assert_eq!(found(&[line]), None, "{line}");
        }
    }

    #[test]
    fn scripts_and_pages_of_other_sites_have_no_use_of_it() {
        let header = new_cookie().to_string();
        assert!(header.contains("HttpOnly") && header.contains("SameSite=Lax"), "{header}");
    }
}
