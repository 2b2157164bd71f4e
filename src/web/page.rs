//! The chat page: one template, for the first visit and for a link into a room.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::{Environment, context};
use rust_embed::Embed;

use super::Site;
use super::refused::Refused;
use super::who::came_securely;
use crate::model::RoomName;
use crate::protocol::Code;
use crate::session::{browser, new_cookie};

#[derive(Embed)]
#[folder = "templates/"]
struct Templates;

/// `GET /`.
pub async fn home(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    page(&request, &site, StatusCode::OK, "")
}

/// `GET /r/{room}`: the page in that room. A name that cannot be a room's asks for another.
pub async fn room(
    request: HttpRequest,
    site: web::Data<Site>,
    room: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    match RoomName::parse(&room) {
        Some(name) => page(&request, &site, StatusCode::OK, name.as_str()),
        None => page(&request, &site, StatusCode::NOT_FOUND, ""),
    }
}

fn page(
    request: &HttpRequest,
    site: &Site,
    status: StatusCode,
    room: &str,
) -> Result<HttpResponse, Refused> {
    let html = render(room).map_err(|error| {
        log::error!("the page cannot be rendered: {error}");
        Code::Internal
    })?;
    let mut response = HttpResponse::build(status);
    response.content_type("text/html; charset=utf-8");
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    let secure = came_securely(request, site);
    if browser(request.headers(), secure).is_none() {
        response.cookie(new_cookie(secure));
    }
    Ok(response.body(html))
}

fn render(room: &str) -> Result<String, minijinja::Error> {
    let missing = || minijinja::Error::from(minijinja::ErrorKind::TemplateNotFound);
    let file = Templates::get("index.html").ok_or_else(missing)?;
    let source = String::from_utf8_lossy(&file.data);
    let version = env!("CARGO_PKG_VERSION");
    // The name tells the engine to escape for HTML.
    Environment::new().render_named_str("index.html", &source, context! { version, room })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_its_room_and_escapes_what_it_shows() {
        assert!(render("lobby").unwrap().contains("lobby"));
        assert!(!render("<script>").unwrap().contains("<script>\""));
    }
}
