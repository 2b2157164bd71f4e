//! Refusals over HTTP: every one a problem document with a code of the protocol.

use actix_web::error::{InternalError, PathError, QueryPayloadError};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use actix_web_actors::ws;

use crate::protocol::{Code, Refusal, problem};
use crate::session::{METHODS, handshake_refusal};

/// A refusal as an error of actix-web.
#[derive(Debug)]
pub struct Refused {
    refusal: Refusal,
    /// Refused by the chat, which has counted it already.
    counted: bool,
}

impl Refused {
    /// What the chat refused.
    pub fn by_chat(refusal: Refusal) -> Self {
        Self { refusal, counted: true }
    }

    /// What the rules refused before anything was asked of the chat's state: it is counted here.
    pub fn by_rule(refusal: Refusal) -> Self {
        refusal.into()
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.refusal.code
    }

    /// The code, if it is to be counted here.
    pub fn uncounted(&self) -> Option<Code> {
        (!self.counted).then_some(self.refusal.code)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.refusal.message)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, counted: false }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Refusal::new(code).into()
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.refusal.code.status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, problem::MEDIA_TYPE));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = problem::retry_after_seconds(&self.refusal) {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if self.refusal.code == Code::UpgradeRequired {
            response.insert_header((header::UPGRADE, "websocket"));
            response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
        }
        response.body(problem::json(&self.refusal))
    }
}

/// No such address. `OPTIONS *` asks of the server as a whole.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, Refused> {
    if request.path() == "*" {
        return Ok(method(request, METHODS).await);
    }
    Err(Code::NotFound.into())
}

/// `allow` lists the methods that there are here: for who asks with `OPTIONS`, and for who asks with
/// one that is not among them (RFC 9110 sections 9.3.7 and 15.5.6).
pub async fn method(request: HttpRequest, allow: &'static str) -> HttpResponse {
    let mut response = if request.method() == Method::OPTIONS {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::from_error(Refused::from(Code::MethodNotAllowed))
    };
    let allow = header::HeaderValue::from_static(allow);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// `GET /ws` without an upgrade: says what the handshake lacks.
pub async fn not_an_upgrade(request: HttpRequest) -> Result<HttpResponse, Refused> {
    match ws::handshake(&request) {
        Err(error) => Err(handshake_refusal(&error).into()),
        // A whole handshake is taken by the session's door before it could come here.
        Ok(_) => Err(Code::UpgradeRequired.into()),
    }
}

/// A path whose parts cannot be read.
pub fn bad_path(error: PathError, _: &HttpRequest) -> actix_web::Error {
    let refusal = Refusal::because(Code::RoomInvalid, format!("{error}")).field("room");
    let refused = Refused::from(refusal);
    InternalError::from_response(error, refused.error_response()).into()
}

/// A query whose parts do not fit.
pub fn bad_query(error: QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    let message = format!("The query does not fit: {error}.");
    let refused = Refused::from(Refusal::because(Code::InvalidField, message));
    InternalError::from_response(error, refused.error_response()).into()
}
