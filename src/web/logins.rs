//! Logging in and out over HTTP: a password for a token, as a cookie for pages and in the answer for
//! programs.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::Site;
use super::accounts::{Credentials, check, must, shown_token};
use super::body;
use super::refused::Refused;
use super::rooms::{asked, shown};
use super::who::{actor, came_securely, client};
use crate::auth::{Kind, Secret};
use crate::chat::{Challenge, Ending, LogIn, LogOut, NewLogin, WhoAmI};
use crate::model::{LoginId, TokenHash};
use crate::protocol::{Code, Refusal, parse_nick};
use crate::session::{DEVICE, LOGIN, cookie, cookies, fingerprint};

/// For how long a browser knows that it was logged in from here.
const DEVICE_AGE: Duration = Duration::from_secs(365 * 86_400);
/// The longest that is kept of what a device says of itself, in characters.
const LABEL_CHARS: usize = 120;

/// `POST /api/v1/login`: `nick` and `password`. Sets the cookie and says the token, this once.
pub async fn log_in(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    site.origins.check(request.headers())?;
    let address = client(&request, &site)?;
    let secure = came_securely(&request, &site);
    let said: Credentials = body::json(request.headers(), payload).await?;
    let nick = parse_nick(&must(said.nick, "nick")?)?;
    let password = must(said.password, "password")?;
    let device = cookie(request.headers(), DEVICE, Kind::Device.prefix(), secure);
    let challenge = Challenge { nick, address: fingerprint(address), device };
    let guess = site.chat.send(challenge).await;
    let guess = guess.map_err(|_| Code::Internal)?.map_err(Refused::by_rule)?;
    let proof = check(&site, guess, &password).await?;
    let (token, device) = new_secrets();
    let new = NewLogin {
        token: token.hash(),
        device: device.hash(),
        label: label(&request),
        address: address.to_string(),
        replaces: replaced(&request, &site, secure),
    };
    let answer = asked(&site, |channel| LogIn { proof, new, channel }).await?;
    let mut response = HttpResponse::Ok();
    let age = Some(Duration::from_secs(site.login_max_s));
    response
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .cookie(cookies::build(LOGIN, token.reveal().to_owned(), secure, age))
        .cookie(cookies::build(DEVICE, device.reveal().to_owned(), secure, Some(DEVICE_AGE)));
    Ok(response.body(with_token(&answer.json, token.reveal())?))
}

/// The login of this browser until now. Another site's page cannot have one replaced.
fn replaced(request: &HttpRequest, site: &Site, secure: bool) -> Option<TokenHash> {
    let own = site.origins.is_own(request.headers());
    cookie(request.headers(), LOGIN, Kind::Login.prefix(), secure).filter(|_| own)
}

fn new_secrets() -> (Secret, Secret) {
    let mut rng = rand::rng();
    (Kind::Login.make(&mut rng), Kind::Device.make(&mut rng))
}

/// The chat's answer with the token, which the chat does not know, in its first place.
fn with_token(answer: &[u8], token: &str) -> Result<Vec<u8>, Refused> {
    let rest = answer.strip_prefix(b"{").ok_or(Code::Internal)?;
    Ok([format!(r#"{{"token":"{token}","#).as_bytes(), rest].concat())
}

/// What a device says of itself, as its owner is shown it.
fn label(request: &HttpRequest) -> String {
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().filter(|c| !c.is_control()).take(LABEL_CHARS).collect()
}

/// `POST /api/v1/logout`: ends the login that is shown, and takes the cookie back.
pub async fn log_out(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    asked(&site, |channel| LogOut { token, ending: Ending::This, channel }).await?;
    let mut response = HttpResponse::NoContent().finish();
    forget_cookie(&request, &site, &mut response);
    Ok(response)
}

/// Has the browser forget the cookie of its login.
pub fn forget_cookie(request: &HttpRequest, site: &Site, response: &mut HttpResponse) {
    let secure = came_securely(request, site);
    let cookie = cookies::build(LOGIN, "", secure, Some(Duration::ZERO));
    // A cookie without strange characters can be added.
    let _ = response.add_cookie(&cookie);
}

/// `GET /api/v1/me/logins`.
pub async fn list(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    let token = shown_token(&request, &site)?;
    shown(asked(&site, |channel| WhoAmI { token, logins: true, channel }).await?)
}

/// `DELETE /api/v1/me/logins/{id}`.
pub async fn end_one(
    request: HttpRequest,
    site: web::Data<Site>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let id = LoginId::parse(&id).ok_or_else(|| Refusal::new(Code::LoginNotFound))?;
    asked(&site, |channel| LogOut { token, ending: Ending::One(id), channel }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /api/v1/me/logins`: all but the one that is shown.
pub async fn end_others(
    request: HttpRequest,
    site: web::Data<Site>,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    asked(&site, |channel| LogOut { token, ending: Ending::Others, channel }).await?;
    Ok(HttpResponse::NoContent().finish())
}
