//! Before every route: whether the connection has a place; after it: what was refused is counted. And
//! the connection's watch is told when a request begins and when its answer is given.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONNECTION, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};

use super::Site;
use super::refused::Refused;
use super::watch::{Busy, Watch};
use crate::model::uptime_ms;
use crate::protocol::Refusal;
use crate::session::{Full, Seat};

/// The middleware.
///
/// # Errors
/// None of its own.
pub async fn turnstile(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let site = request.app_data::<web::Data<Site>>().cloned();
    // From here on until its body is gone the connection's watch waits.
    let watch = request.request().conn_data::<Rc<Watch>>();
    let busy = watch.map(|watch| watch.begin(uptime_ms));
    // A full server still answers short questions; a stream asks for its place itself.
    let full = request.request().conn_data::<Seat>().and_then(Seat::full);
    let full = full.filter(|full| *full == Full::Address && request.path() != "/healthz");
    let (response, code) = if let Some(full) = full {
        let refused = Refused::from(Refusal::from(full));
        let mut response = refused.error_response();
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        (request.into_response(response), refused.uncounted())
    } else {
        let response = next.call(request).await?;
        let error = response.response().error();
        let code = error.and_then(|error| error.as_error::<Refused>()).and_then(Refused::uncounted);
        (response.map_into_boxed_body(), code)
    };
    if let (Some(code), Some(site)) = (code, site) {
        site.meters.refused(code);
    }
    Ok(response.map_body(|_, body| BoxBody::new(Answering { body, _busy: busy })))
}

/// A body; while it is there the request is being answered.
struct Answering {
    body: BoxBody,
    _busy: Option<Busy>,
}

impl MessageBody for Answering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
