//! The door: who may open a socket, and the handshake itself (RFC 6455 section 4.2).
//!
//! A request to upgrade never reaches the routes: actix-http hands it over here together with
//! its socket, which the session keeps.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_codec::Framed;
use actix_http::body::BodySize;
use actix_http::{Method, Request, Response, StatusCode, Version, h1, header, ws};
use actix_web_actors::ws::HandshakeError;
use futures_util::SinkExt;
use serde::Deserialize;

use super::actor::{Greeting, Household, WsSession};
use super::admission::{Full, Seat};
use super::browser::browser;
use super::forwarded::client_address;
use super::heads::{METHODS, check_head};
use super::link::{Link, LinkLimits};
use super::origins::Origins;
use super::secure::is_secure;
use super::shown::{LOGIN, Shown, bearer, cookie};
use super::socket::Socket;
use crate::model::Networks;
use crate::protocol::{Code, Refusal, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, problem, wire};

/// What the door knows.
#[derive(Clone)]
pub struct Doorman {
    /// The surroundings of the sessions that begin here.
    pub house: Rc<Household>,
    /// The limits of a connection.
    pub limits: Rc<LinkLimits>,
    /// Foreign origins that are let in.
    pub origins: Origins,
    /// Proxies whose word counts.
    pub trusted: Rc<Networks>,
    /// Whether the server is open.
    pub open: Arc<AtomicBool>,
    /// Whether connections are encrypted.
    pub tls: bool,
}

#[derive(Deserialize)]
struct Query {
    nick: Option<String>,
    room: Option<String>,
}

impl Doorman {
    /// Answers a request to upgrade: with a session, or with a refusal.
    ///
    /// # Errors
    /// When the socket breaks before the answer is out.
    pub async fn answer<S: Socket>(
        self,
        request: Request,
        mut framed: Framed<S, h1::Codec>,
    ) -> Result<(), std::io::Error> {
        let headers = &request.head().headers;
        let peer = request.peer_addr().map(|peer| peer.ip());
        let secure = is_secure(self.tls, peer, headers, &self.trusted);
        let admitted = self.check(&request).and_then(|()| {
            let shown = self.shown(headers, secure)?;
            let knows_who = shown.is_some_and(|shown| shown.login.is_some());
            let scripted = scripted(request.uri().query(), knows_who)?;
            let seat = request.conn_data::<Seat>().ok_or(Full::Server)?;
            let client = client_address(peer.ok_or(Full::Server)?, headers, &self.trusted);
            Ok((shown, scripted, seat.take(client)?))
        });
        let (shown, scripted, place) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => {
                self.house.meters.upgrade_refused(refusal.code);
                return refuse(&mut framed, &refusal, request.method(), secure).await;
            }
        };
        self.house.meters.upgrades.increment(1);
        let response = ws::handshake_response(request.head()).finish();
        let head = (response.drop_body(), BodySize::None).into();
        framed.send(head).await?;
        let parts = framed.into_parts();
        parts.io.becomes_a_session();
        let (first, shown) = (parts.read_buf.to_vec(), shown.map(Box::new));
        let greeting = Greeting { first, scripted, place, shown };
        let first_ping = rand::random_range(0..self.limits.pulse.interval_ms.max(1));
        let link = Link::new(parts.io, self.limits, first_ping);
        WsSession::start(link, greeting, self.house);
        Ok(())
    }

    /// What a handshake shows of who sends it. A login's cookie counts for this server's own pages
    /// and for programs.
    fn shown(&self, headers: &header::HeaderMap, secure: bool) -> Result<Option<Shown>, Refusal> {
        let (bearer, browser) = (bearer(headers)?, browser(headers, secure));
        let cookie = cookie(headers, LOGIN, "pl_", secure).filter(|_| self.origins.is_own(headers));
        let login = bearer.or(cookie);
        Ok((browser.is_some() || login.is_some()).then_some(Shown { browser, login }))
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let head = request.head();
        check_head(&head.method, &head.uri, &head.headers)?;
        if request.path() != "/ws" {
            return Err(Refusal::because(Code::NotFound, "A WebSocket opens at /ws."));
        }
        if !self.open.load(Ordering::Acquire) {
            return Err(Refusal::new(Code::ShuttingDown).retry_after(1000));
        }
        if request.version() != Version::HTTP_11 {
            let message = "A WebSocket upgrade needs HTTP/1.1.";
            return Err(Refusal::because(Code::HandshakeInvalid, message));
        }
        ws::verify_handshake(request.head()).map_err(|error| handshake_refusal(&error))?;
        self.origins.check(&request.head().headers)
    }
}

/// Why a handshake is refused.
pub fn handshake_refusal(error: &HandshakeError) -> Refusal {
    let code = match error {
        HandshakeError::GetMethodRequired => Code::MethodNotAllowed,
        HandshakeError::NoWebsocketUpgrade
        | HandshakeError::NoVersionHeader
        | HandshakeError::UnsupportedVersion => Code::UpgradeRequired,
        HandshakeError::NoConnectionUpgrade | HandshakeError::BadWebsocketKey => {
            Code::HandshakeInvalid
        }
    };
    Refusal::because(code, format!("This is no WebSocket handshake: {error}"))
}

/// `?nick=ada&room=lobby` says `hello` and `join` for whoever types by hand; who shows a login needs
/// no `nick`.
///
/// # Errors
/// `invalid_field`.
pub fn scripted(query: Option<&str>, knows_who: bool) -> Result<Vec<String>, Refusal> {
    let query = actix_web::web::Query::<Query>::from_query(query.unwrap_or_default());
    let query = query.map_err(|error| {
        let message = format!("The address may say `nick` and `room`, each once: {error}.");
        Refusal::because(Code::InvalidField, message).field("nick")
    })?;
    let text = |frame| String::from_utf8(wire::json(&frame)).unwrap_or_default();
    let Query { nick, room } = query.into_inner();
    let hello = match nick {
        Some(nick) => text(serde_json::json!({ "type": "hello", "nick": nick })),
        None if knows_who && room.is_some() => text(serde_json::json!({ "type": "hello" })),
        None => return Ok(Vec::new()),
    };
    let join = room.map(|room| text(serde_json::json!({ "type": "join", "room": room })));
    Ok(std::iter::once(hello).chain(join).collect())
}

async fn refuse<S: Socket>(
    framed: &mut Framed<S, h1::Codec>,
    refusal: &Refusal,
    method: &Method,
    secure: bool,
) -> Result<(), std::io::Error> {
    let body = problem::json(refusal);
    let status = StatusCode::from_u16(refusal.code.status());
    let mut response = Response::build(status.unwrap_or(StatusCode::BAD_REQUEST));
    response.insert_header((header::CONTENT_TYPE, problem::MEDIA_TYPE));
    response.insert_header((header::CONNECTION, "close"));
    if refusal.code == Code::MethodNotAllowed {
        let here = if *method == Method::CONNECT { METHODS } else { "GET" };
        response.insert_header((header::ALLOW, here));
    }
    if let Some(seconds) = problem::retry_after_seconds(refusal) {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
    let sure = secure.then_some(STRICT_TRANSPORT_SECURITY);
    for header in SECURITY_HEADERS.into_iter().chain(sure) {
        response.insert_header(header);
    }
    let size = BodySize::Sized(body.len() as u64);
    let response = response.force_close().finish().drop_body();
    framed.send((response, size).into()).await?;
    framed.send(h1::Message::Chunk(Some(body.into()))).await?;
    framed.send(h1::Message::Chunk(None)).await?;
    framed.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_speaks_for_who_types_by_hand() {
        assert_eq!(
            scripted(Some("nick=Zo%C3%AB&room=lobby"), false).unwrap(),
            [r#"{"nick":"Zoë","type":"hello"}"#, r#"{"room":"lobby","type":"join"}"#]
        );
        assert!(scripted(Some("room=lobby"), false).unwrap().is_empty());
        assert_eq!(
            scripted(Some("room=lobby"), true).unwrap(),
            [r#"{"type":"hello"}"#, r#"{"room":"lobby","type":"join"}"#]
        );
        assert!(scripted(None, true).unwrap().is_empty());
        assert_eq!(scripted(Some("nick=a&nick=b"), false).unwrap_err().code, Code::InvalidField);
    }
}
