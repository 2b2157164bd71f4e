//! The cookie by which a page's pictures are known to be its own.
//!
//! An `<img>` sends no `Authorization`; it sends cookies. So the page comes with a random one, the
//! handshake of its socket carries it, and from `hello` on who shows it may see what the sessions of
//! that browser may see. It reads and nothing else: whatever changes something needs the token.

use actix_http::header::HeaderMap;
use actix_web::cookie::Cookie;

use super::cookies;
use crate::model::{TokenHash, token};

/// The cookie's name.
const COOKIE: &str = "parlor_browser";

/// How long a token is.
const LENGTH: usize = 67;

/// The hash of the cookie that a request carries; none if it has none that could be ours. `secure`:
/// whether the request came by a secure way.
pub fn browser(headers: &HeaderMap, secure: bool) -> Option<TokenHash> {
    let ours = |value: &String| value.len() == LENGTH && value.starts_with("pr_");
    cookies::find_all(headers, COOKIE, secure).find(ours).map(|value| TokenHash::of(&value))
}

/// A new cookie, for as long as the browser is open.
pub fn new_cookie(secure: bool) -> Cookie<'static> {
    cookies::build(COOKIE, token(&mut rand::rng()), secure, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header;

    fn found(lines: &[&str], secure: bool) -> Option<TokenHash> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, header::HeaderValue::from_str(line).unwrap());
        }
        browser(&headers, secure)
    }

    #[test]
    fn our_cookie_is_found_among_others_and_nothing_else_is() {
        for secure in [false, true] {
            let cookie = new_cookie(secure);
            let hash = Some(TokenHash::of(cookie.value()));
            let pair = format!("{}={}", cookie.name(), cookie.value());
            assert_eq!(found(&[&pair], secure), hash);
            assert_eq!(found(&["a=b; c", &format!("x=y; {pair}; z=1")], secure), hash);
            assert_eq!(found(&[&pair], !secure), None, "of the other way");
            let stranger = format!("{}=guess", cookie.name());
            assert_eq!(found(&[&stranger], secure), None);
            assert_eq!(found(&[&stranger, &pair], secure), hash);
        }
        for line in ["", "a=b", "parlor_browser=", "parlor_browser"] {
            assert_eq!(found(&[line], false), None, "{line}");
        }
    }

    #[test]
    fn scripts_and_pages_of_other_sites_have_no_use_of_it() {
        let header = new_cookie(false).to_string();
        assert!(header.contains("HttpOnly") && header.contains("SameSite=Lax"), "{header}");
    }
}
