//! Which pages of other origins may read what the API answers (CORS): those that `origins` names.
//!
//! A small middleware of our own, as the rules are ours already: which origins there are is
//! [`Origins`](crate::session::Origins), and which methods an address takes its own answer to `OPTIONS`
//! says. Nobody is answered with cookies: a page elsewhere shows a token, or nothing.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;

use super::Site;

/// Where all addresses lie that pages elsewhere may ask.
const API: &str = "/api/";
/// What they may say with it, besides what every page may.
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, last-event-id");
/// What they may read of the answer, besides what every page may.
const EXPOSED: HeaderValue = HeaderValue::from_static("location, retry-after");
/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// An answer is for the origin that it names.
const VARY: HeaderValue = HeaderValue::from_static("origin");

/// The middleware; where no other origin is let in it is not there at all.
///
/// # Errors
/// None of its own.
pub async fn cors<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !request.path().starts_with(API) {
        return next.call(request).await;
    }
    let origin = friend(&request);
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.append(header::VARY, VARY);
    if let Some(origin) = origin {
        allow(headers, origin, preflight);
    }
    Ok(response)
}

/// The origin of a request, if it is one that is let in.
fn friend(request: &ServiceRequest) -> Option<HeaderValue> {
    let site = request.app_data::<web::Data<Site>>()?;
    let mut origins = request.headers().get_all(header::ORIGIN);
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    site.origins.is_foreign_friend(origin.to_str().ok()?).then(|| origin.clone())
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let methods = headers.get(header::ALLOW).cloned();
    match methods {
        Some(methods) if preflight => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        }
        _ => {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}
