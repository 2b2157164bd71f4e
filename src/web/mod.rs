//! HTTP beside the socket: the page, its assets, the API, pictures, health, metrics.
//!
//! Every route is on this screen. Handlers parse at the door and ask the `ChatServer`; whatever
//! is refused is a problem document. Upgrades never come here: see `session::handshake`.

mod assets;
mod boundary;
mod darkroom;
mod desks;
mod form;
mod headers;
mod health;
mod messages;
mod page;
mod pictures;
mod refused;
mod rooms;
mod stream;
mod turnstile;
mod uploads;
mod watch;
mod watched;
mod who;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use actix::Addr;
use actix_web::{Resource, Route, web};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::chat::{ChatServer, Local, Meters};
use crate::model::Networks;
use crate::session::{Origins, Pulse};

pub use darkroom::Darkroom;
pub use headers::security_headers;
pub use turnstile::turnstile;
pub use watch::{KEEP_ALIVE_MS, Patience, Watch};
pub use watched::{Surroundings, Watched};

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
    /// Whether people without a login may read.
    pub guests: bool,
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
        .service(readable("/api/v1/rooms", || web::to(rooms::list)))
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
        .default_service(web::to(|| refused::method("GET, HEAD")))
}

/// A resource with one method.
fn only(method: &'static str, path: &'static str, handler: fn() -> Route) -> Resource {
    let verb = actix_web::http::Method::from_bytes(method.as_bytes());
    let verb = verb.expect("methods are spelled out in the table above");
    web::resource(path)
        .route(handler().method(verb))
        .default_service(web::to(move || refused::method(method)))
}
