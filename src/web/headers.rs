//! The security headers on every response of the routes, unless a handler sets its own.

use actix_web::middleware::DefaultHeaders;

use crate::protocol::SECURITY_HEADERS;

/// The middleware that adds them.
pub fn security_headers() -> DefaultHeaders {
    SECURITY_HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}
