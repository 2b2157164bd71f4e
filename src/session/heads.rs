//! How long the head of a request may be, once it is read: its target, and its headers together.
//!
//! Longer ones than anybody needs cost memory for as long as the request lasts. Whoever reads them
//! off the wire has bounds of their own (`gate`).

use actix_http::header::HeaderMap;
use actix_http::{Method, Uri};

use crate::protocol::{Code, Refusal};

/// Bytes of a request's target.
pub const TARGET_BYTES: usize = 8 * 1024;
/// Bytes of the names and values of its headers.
const HEADER_BYTES: usize = 16 * 1024;
/// The methods that some address takes.
pub const METHODS: &str = "GET, HEAD, POST, DELETE, OPTIONS";

/// Checks what every request keeps, wherever it goes.
///
/// # Errors
/// `uri_too_long`, `headers_too_large`; `method_not_allowed` for `CONNECT`, whose target is another
/// server.
pub fn check_head(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if authority + target > TARGET_BYTES {
        return Err(too_long());
    }
    let sizes = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    if sizes.sum::<usize>() > HEADER_BYTES {
        let message = format!("The headers of a request have at most {HEADER_BYTES} bytes.");
        return Err(Refusal::because(Code::HeadersTooLarge, message));
    }
    if *method == Method::CONNECT {
        let message = "This is no proxy: it connects nobody to other servers.";
        return Err(Refusal::because(Code::MethodNotAllowed, message));
    }
    Ok(())
}

/// The refusal of a target that is too long.
pub fn too_long() -> Refusal {
    let message = format!("The address of a request has at most {TARGET_BYTES} bytes.");
    Refusal::because(Code::UriTooLong, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{HeaderName, HeaderValue};

    fn code(method: Method, target: &str, header: usize) -> Option<Code> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&"x".repeat(header)).unwrap();
        headers.insert(HeaderName::from_static("filler"), value);
        check_head(&method, &target.parse().unwrap(), &headers).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_head_fits_up_to_its_bounds() {
        let target = |bytes: usize| format!("/{}", "a".repeat(bytes - 1));
        assert_eq!(code(Method::GET, &target(TARGET_BYTES), 0), None);
        assert_eq!(code(Method::GET, &target(TARGET_BYTES + 1), 0), Some(Code::UriTooLong));
        let rest = HEADER_BYTES - "filler".len();
        assert_eq!(code(Method::GET, "/", rest), None);
        assert_eq!(code(Method::GET, "/", rest + 1), Some(Code::HeadersTooLarge));
    }

    #[test]
    fn nobody_is_connected_to_another_server() {
        assert_eq!(code(Method::CONNECT, "a.example:443", 0), Some(Code::MethodNotAllowed));
    }
}
