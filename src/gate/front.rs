//! Before all routes, for every request over HTTP; behind them, for every response.
//!
//! Bounds that hold wherever a request goes, the headers that a browser is to obey, and the count of
//! what is under way. Whatever goes wrong further in, an error of a middleware too, leaves dressed.

use std::rc::Rc;

use actix_http::body::{BoxBody, EitherBody, MessageBody};
use actix_http::header::{self, HeaderName, HeaderValue};
use actix_http::{HttpMessage, Payload, Request, Response, StatusCode, Version};
use actix_service::Service;

use super::body::{Rest, Tracked, hold};
use super::visit::{Stay, UNDER_WAY, Visit};
use crate::chat::Meters;
use crate::model::Networks;
use crate::protocol::{Code, Refusal, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, problem};
use crate::session::{METHODS, check_head, is_secure};

/// What a request gets.
pub type Answer<B> = Response<Tracked<EitherBody<B, BoxBody>>>;

/// A worker's front.
#[derive(Clone)]
pub struct Front {
    trusted: Rc<Networks>,
    meters: Meters,
    tls: bool,
    /// What every response wears; the last is for secure ways only.
    dress: Rc<[(HeaderName, HeaderValue)]>,
}

impl Front {
    /// A front; `tls`: connections are encrypted.
    pub fn new(trusted: Rc<Networks>, meters: Meters, tls: bool) -> Self {
        let all = SECURITY_HEADERS.into_iter().chain([STRICT_TRANSPORT_SECURITY]);
        let part = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self { trusted, meters, tls, dress: all.map(part).collect() }
    }

    /// Hands a request on to the routes, unless it keeps no bounds, and dresses what comes back.
    pub fn call<S, B, E>(
        &self,
        mut request: Request,
        routes: &S,
    ) -> impl Future<Output = Result<Answer<B>, E>> + use<S, B, E>
    where
        S: Service<Request, Error = E>,
        S::Response: Into<Response<B>>,
        E: Into<Response<BoxBody>>,
        B: MessageBody,
    {
        let stay = begin(&mut request);
        let peer = request.peer_addr().map(|peer| peer.ip());
        let secure = is_secure(self.tls, peer, request.headers(), &self.trusted);
        let checked = check(&request, stay.visit());
        let (request, rest) = hold_body(request);
        let called = checked.map(|()| routes.call(request));
        let front = self.clone();
        async move {
            let response = match called {
                Ok(answer) => match answer.await {
                    Ok(response) => response.into().map_body(|_, body| EitherBody::left(body)),
                    Err(error) => error.into().map_body(|_, body| EitherBody::right(body)),
                },
                Err(refusal) => {
                    front.meters.refused(refusal.code);
                    refused(&refusal).map_body(|_, body| EitherBody::right(body))
                }
            };
            Ok(front.dress(response, secure).map_body(|_, body| Tracked::new(body, stay, rest)))
        }
    }

    fn dress<B>(&self, mut response: Response<B>, secure: bool) -> Response<B> {
        let count = self.dress.len() - usize::from(!secure);
        let headers = response.headers_mut();
        for (name, value) in &self.dress[..count] {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        response
    }
}

/// Notes that a request is there. HTTP/2 says the host elsewhere than HTTP/1.1 does; from here on both
/// say it in the same place (RFC 9113 section 8.3.1).
fn begin(request: &mut Request) -> Stay {
    let visit = request.conn_data::<Rc<Visit>>().cloned().unwrap_or_default();
    let host = request.uri().authority().map(|host| HeaderValue::from_str(host.as_str()));
    if let (Version::HTTP_2, Some(Ok(host))) = (request.version(), host) {
        request.headers_mut().insert(header::HOST, host);
    }
    Stay::begin(&visit)
}

fn check(request: &Request, visit: &Visit) -> Result<(), Refusal> {
    if visit.under_way() > UNDER_WAY {
        let message = format!("A connection has at most {UNDER_WAY} requests under way.");
        return Err(Refusal::because(Code::RateLimited, message).retry_after(1000));
    }
    check_head(request.method(), request.uri(), request.headers())
}

/// A body over HTTP/1.1 stays in our hands until its request is answered.
fn hold_body(mut request: Request) -> (Request, Option<Rest>) {
    match request.take_payload() {
        payload @ Payload::H1 { .. } => {
            let (payload, rest) = hold(payload);
            (request.replace_payload(payload).0, Some(rest))
        }
        payload => (request.replace_payload(payload).0, None),
    }
}

fn refused(refusal: &Refusal) -> Response<BoxBody> {
    let status = StatusCode::from_u16(refusal.code.status());
    let mut response = Response::build(status.unwrap_or(StatusCode::BAD_REQUEST));
    response.insert_header((header::CONTENT_TYPE, problem::MEDIA_TYPE));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if refusal.code == Code::MethodNotAllowed {
        response.insert_header((header::ALLOW, METHODS));
    }
    if let Some(seconds) = problem::retry_after_seconds(refusal) {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.body(problem::json(refusal)).map_into_boxed_body()
}
