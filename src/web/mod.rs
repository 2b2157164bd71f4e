//! HTTP beside the socket: the page, its assets, the API, pictures, health, metrics.
//!
//! Every route is on this screen. Handlers parse at the door and ask the `ChatServer`; whatever
//! is refused is a problem document. Upgrades never come here: see `session::handshake`.

mod accounts;
mod assets;
mod body;
mod cors;
mod darkroom;
mod desks;
mod form;
mod health;
mod logins;
mod messages;
mod orders;
mod page;
mod pictures;
mod refused;
mod rooms;
mod stream;
mod turnstile;
mod uploads;
mod who;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix::Addr;
use actix_web::{Resource, Route, web};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::Hashing;
use crate::chat::{ChatServer, Local, Meters};
use crate::model::Networks;
use crate::session::{Origins, Pulse};

pub use cors::cors;
pub use darkroom::Darkroom;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use form::{Allowance, Body, Form, read as read_form};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use pictures::disposition;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use rooms::Part;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use stream::last_event_id;
pub use turnstile::turnstile;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use uploads::download_name;

/// What the handlers of one worker know.
#[derive(Clone)]
pub struct Site {
    /// The central actor.
    pub chat: Addr<ChatServer>,
    /// The worker's table of connections, for event streams.
    pub local: Rc<Local>,
    /// Which web pages may send.
    pub origins: Origins,
    /// Proxies whose word counts.
    pub trusted: Rc<Networks>,
    /// How life is checked.
    pub pulse: Pulse,
    /// Bytes that may wait for one event stream.
    pub backlog_bytes: usize,
    /// Characters of a text.
    pub text_chars: usize,
    /// Bytes of a picture.
    pub image_bytes: u64,
    /// Where uploads become pictures.
    pub darkroom: Darkroom,
    /// Where passwords are hashed and checked.
    pub hashing: Hashing,
    /// How long a login lasts at most, in seconds.
    pub login_max_s: u64,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Whether the server is open.
    pub open: Arc<AtomicBool>,
    /// What is measured, and how it is shown.
    pub meters: Meters,
    /// The text of the metrics.
    pub prometheus: PrometheusHandle,
}

/// All routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PathConfig::default().error_handler(refused::bad_path))
        .app_data(web::QueryConfig::default().error_handler(refused::bad_query))
        .service(readable("/", || web::to(page::home)))
        .service(readable("/r/{room}", || web::to(page::room)))
        .service(readable("/static/{path:.*}", || web::to(assets::asset)))
        .service(readable("/favicon.ico", || web::to(assets::favicon)))
        .service(readable("/ws", || web::to(refused::not_an_upgrade)))
        .service(readable("/healthz", || web::to(health::alive)))
        .service(readable("/readyz", || web::to(health::ready)))
        .service(readable("/metrics", || web::to(health::metrics)))
        .service(only("POST", "/api/v1/accounts", || web::to(accounts::register)))
        .service(only("POST", "/api/v1/login", || web::to(logins::log_in)))
        .service(only("POST", "/api/v1/logout", || web::to(logins::log_out)))
        .service(both(
            "DELETE",
            "/api/v1/me",
            || web::to(accounts::me),
            || web::to(accounts::delete),
        ))
        .service(only("POST", "/api/v1/me/password", || web::to(accounts::change_password)))
        .service(both(
            "DELETE",
            "/api/v1/me/logins",
            || web::to(logins::list),
            || web::to(logins::end_others),
        ))
        .service(only("DELETE", "/api/v1/me/logins/{id}", || web::to(logins::end_one)))
        .service(only("POST", "/api/v1/invitations", || web::to(orders::invite_to_register)))
        .service(readable("/api/v1/audit", || web::to(orders::audit)))
        .service(both("POST", "/api/v1/rooms", || web::to(rooms::list), || web::to(orders::create)))
        .service(only("POST", "/api/v1/rooms/{room}/orders", || web::to(orders::post)))
        .service(readable("/api/v1/rooms/{room}/sanctions", || web::to(orders::sanctions)))
        .service(readable("/api/v1/rooms/{room}/reports", || web::to(orders::reports)))
        .service(only("DELETE", "/api/v1/rooms/{room}/messages/{seq}", || web::to(orders::delete)))
        .service(readable("/api/v1/rooms/{room}/events", || web::to(rooms::events)))
        .service(readable("/api/v1/rooms/{room}/stream", || web::to(stream::stream)))
        .service(only("POST", "/api/v1/rooms/{room}/messages", || web::to(messages::post)))
        .service(only("POST", "/api/v1/uploads", || web::to(uploads::post)))
        .service(only("DELETE", "/api/v1/uploads/{id}", || web::to(uploads::delete)))
        .service(readable("/uploads/{id}", || web::to(pictures::picture)))
        .service(readable("/uploads/{id}/thumb", || web::to(pictures::thumb)))
        .default_service(web::to(refused::not_found));
}

/// A resource to read: GET and HEAD.
fn readable(path: &'static str, handler: fn() -> Route) -> Resource {
    web::resource(path)
        .route(handler().method(actix_web::http::Method::GET))
        .route(handler().method(actix_web::http::Method::HEAD))
        .default_service(web::to(|request| refused::method(request, "GET, HEAD, OPTIONS")))
}

/// A resource to read that takes one method more.
fn both(
    method: &'static str,
    path: &'static str,
    reading: fn() -> Route,
    doing: fn() -> Route,
) -> Resource {
    let verb = actix_web::http::Method::from_bytes(method.as_bytes());
    let verb = verb.expect("methods are spelled out in the table above");
    let post = "GET, HEAD, POST, OPTIONS";
    let allow = if method == "POST" { post } else { "GET, HEAD, DELETE, OPTIONS" };
    web::resource(path)
        .route(reading().method(actix_web::http::Method::GET))
        .route(reading().method(actix_web::http::Method::HEAD))
        .route(doing().method(verb))
        .default_service(web::to(move |request| refused::method(request, allow)))
}

/// A resource with one method.
fn only(method: &'static str, path: &'static str, handler: fn() -> Route) -> Resource {
    let verb = actix_web::http::Method::from_bytes(method.as_bytes());
    let verb = verb.expect("methods are spelled out in the table above");
    let allow = if method == "POST" { "POST, OPTIONS" } else { "DELETE, OPTIONS" };
    web::resource(path)
        .route(handler().method(verb))
        .default_service(web::to(move |request| refused::method(request, allow)))
}
