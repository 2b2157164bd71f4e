//! What a request shows of who sends it: a token in `Authorization`, the cookie of a login, that of a
//! browser. Whether any of it is worth something the chat knows.

use actix_http::header::{self, HeaderMap};

use super::cookies;
use crate::model::TokenHash;
use crate::protocol::Code;

/// The cookie of a login.
pub const LOGIN: &str = "parlor_login";
/// The cookie by which a device is known that was logged in from before.
pub const DEVICE: &str = "parlor_device";

/// What a handshake shows besides the address; most show nothing.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The hash of the browser's cookie.
    pub browser: Option<TokenHash>,
    /// The hash of the login's token.
    pub login: Option<TokenHash>,
}

/// The hash of the token in `Authorization: Bearer` (RFC 6750); none where there is no such header.
///
/// # Errors
/// `bad_credentials` for any other `Authorization`.
pub fn bearer(headers: &HeaderMap) -> Result<Option<TokenHash>, Code> {
    let Some(header) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = header.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or(Code::BadCredentials)?;
    Ok(Some(TokenHash::of(token.trim())))
}

/// The hash of a secret in a cookie whose value begins with `prefix`.
pub fn cookie(headers: &HeaderMap, name: &str, prefix: &str, secure: bool) -> Option<TokenHash> {
    let mut values = cookies::find_all(headers, name, secure);
    values.find(|value| value.starts_with(prefix)).map(|value| TokenHash::of(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, line: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let name = header::HeaderName::from_static(name);
        headers.append(name, header::HeaderValue::from_str(line).unwrap());
        headers
    }

    #[test]
    fn a_bearer_token_is_found_whatever_the_case_of_its_scheme() {
        for line in ["Bearer x", "bearer x", "BEARER  x "] {
            assert_eq!(bearer(&headers("authorization", line)), Ok(Some(TokenHash::of("x"))));
        }
        assert_eq!(bearer(&HeaderMap::new()), Ok(None));
        for line in ["Basic eA==", "Bearer", "x", ""] {
            assert_eq!(bearer(&headers("authorization", line)), Err(Code::BadCredentials));
        }
    }

    #[test]
    fn a_login_is_found_in_its_cookie_under_the_name_that_fits_the_way() {
        let both = headers("cookie", "a=b; parlor_login=junk; parlor_login=pl_1");
        assert_eq!(cookie(&both, LOGIN, "pl_", false), Some(TokenHash::of("pl_1")));
        assert_eq!(cookie(&both, LOGIN, "pl_", true), None);
    }
}
