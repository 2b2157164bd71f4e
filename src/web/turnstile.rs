//! Before every route: whether the connection has a place; after it: what was refused is counted.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONNECTION, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};

use super::Site;
use super::refused::Refused;
use crate::protocol::Refusal;
use crate::session::{Full, Seat};

/// The middleware.
///
/// # Errors
/// None of its own.
pub async fn turnstile<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let site = request.app_data::<web::Data<Site>>().cloned();
    // A full server still answers short questions; a stream asks for its place itself.
    let full = request.request().conn_data::<Seat>().and_then(Seat::full);
    let full = full.filter(|full| *full == Full::Address && request.path() != "/healthz");
    let (response, code) = if let Some(full) = full {
        let refused = Refused::from(Refusal::from(full));
        let mut response = refused.error_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        (request.into_response(response).map_into_right_body(), refused.uncounted())
    } else {
        let response = next.call(request).await?;
        let error = response.response().error();
        let code = error.and_then(|error| error.as_error::<Refused>()).and_then(Refused::uncounted);
        (response.map_into_left_body(), code)
    };
    if let (Some(code), Some(site)) = (code, site) {
        site.meters.refused(code);
    }
    Ok(response)
}
