//! Accounts over HTTP: registering, who one is, a new password, leaving. Logins are in `logins`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Site;
use super::body;
use super::refused::Refused;
use super::rooms::{asked, shown};
use super::who::{acting, actor, client, token};
use crate::auth::{Kind, Lane, LoginPassword, Password};
use crate::chat::{
    Applicant, ChangePassword, DeleteAccount, Guess, Guessed, Legacy, MayRegister, OwnProof, Proof,
    Register, Rehash, WhoAmI,
};
use crate::model::TokenHash;
use crate::protocol::{Code, Refusal, parse_nick};
use crate::session::fingerprint;

/// A name and a password.
#[derive(Deserialize)]
pub struct Credentials {
    pub nick: Option<String>,
    pub password: Option<Zeroizing<String>>,
    invitation: Option<String>,
}

/// The fields of a change of password, or of a farewell.
#[derive(Deserialize)]
pub struct Proven {
    password: Option<Zeroizing<String>>,
    new_password: Option<Zeroizing<String>>,
    messages: Option<String>,
}

/// A field that has to be there.
pub fn must<T>(value: Option<T>, field: &'static str) -> Result<T, Refusal> {
    value.ok_or_else(|| {
        Refusal::because(Code::MissingField, format!("The field `{field}` is missing."))
            .field(field)
    })
}

/// `POST /api/v1/accounts`: `nick`, `password`, and `invitation` where one is needed.
pub async fn register(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let guest = acting(&request, &site)?;
    let address = fingerprint(client(&request, &site)?);
    let said: Credentials = body::json(request.headers(), payload).await?;
    let nick = parse_nick(&must(said.nick, "nick")?)?;
    let password =
        Password::parse(&must(said.password, "password")?, &nick).map_err(Refusal::from)?;
    let invitation = said.invitation.map(|secret| {
        let known = Kind::Invitation.read(&secret);
        known.unwrap_or_else(|| TokenHash::of(&secret))
    });
    let applicant = Applicant { nick, address, invitation, token: guest };
    let allowed = site.chat.send(MayRegister(applicant.clone())).await;
    allowed.map_err(|_| Code::Internal)?.map_err(Refused::by_rule)?;
    let password = site.hashing.hash(Lane::Stranger, password).await?;
    let answer = asked(&site, |channel| Register { applicant, password, channel }).await?;
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::LOCATION, "/api/v1/me"))
        .body(answer.json))
}

/// `GET /api/v1/me`.
pub async fn me(request: HttpRequest, site: web::Data<Site>) -> Result<HttpResponse, Refused> {
    let token = shown_token(&request, &site)?;
    shown(asked(&site, |channel| WhoAmI { token, logins: false, channel }).await?)
}

/// The token of who reads what is theirs.
///
/// # Errors
/// `login_required`, `bad_credentials`.
pub fn shown_token(request: &HttpRequest, site: &Site) -> Result<TokenHash, Refused> {
    token(request, site)?.ok_or_else(|| Code::LoginRequired.into())
}

/// `POST /api/v1/me/password`: `password` and `new_password`. All other logins end.
pub async fn change_password(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let said: Proven = body::json(request.headers(), payload).await?;
    let (old, new) = (must(said.password, "password")?, must(said.new_password, "new_password")?);
    let proof = prove(&request, &site, token, &old).await?;
    let field = |unfit| Refusal::from(unfit).field("new_password");
    let password = Password::parse(&new, &proof.nick).map_err(field)?;
    let password = site.hashing.hash(Lane::Known, password).await?;
    asked(&site, |channel| ChangePassword { token, proof, password, channel }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `DELETE /api/v1/me`: `password`, and `messages`: `keep` (as those of a deleted account) or
/// `remove`.
pub async fn delete(
    request: HttpRequest,
    site: web::Data<Site>,
    payload: web::Payload,
) -> Result<HttpResponse, Refused> {
    let token = actor(&request, &site)?;
    let said: Proven = body::json(request.headers(), payload).await?;
    let legacy = match said.messages.as_deref() {
        None | Some("keep") => Legacy::Kept,
        Some("remove") => Legacy::Removed,
        Some(_) => {
            let message = "`messages` must be keep or remove.";
            return Err(Refusal::because(Code::InvalidField, message).field("messages").into());
        }
    };
    let proof = prove(&request, &site, token, &must(said.password, "password")?).await?;
    asked(&site, |channel| DeleteAccount { token, proof, legacy, channel }).await?;
    let mut response = HttpResponse::NoContent().finish();
    super::logins::forget_cookie(&request, &site, &mut response);
    Ok(response)
}

/// Checks the password of who shows a login.
async fn prove(
    request: &HttpRequest,
    site: &Site,
    token: TokenHash,
    password: &str,
) -> Result<Proof, Refused> {
    let address = fingerprint(client(request, site)?);
    let guess = site.chat.send(OwnProof { token, address }).await;
    let guess = guess.map_err(|_| Code::Internal)?.map_err(Refused::by_rule)?;
    check(site, guess, password).await
}

/// Checks a password against what a try was let in with. Whoever is right has the try back.
///
/// # Errors
/// `bad_credentials`, the same whatever was wrong; `busy`.
pub async fn check(site: &Site, guess: Guess, password: &str) -> Result<Proof, Refused> {
    let Guess { proof, ticket, known } = guess;
    let lane = if known { Lane::Known } else { Lane::Stranger };
    let hash = proof.as_ref().map(|proof| proof.hash.clone());
    let verdict = site.hashing.verify(lane, LoginPassword::new(password), hash).await;
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(refusal) => {
            site.chat.do_send(Guessed { ticket, right: false });
            return Err(refusal.into());
        }
    };
    match (proof, verdict.is_right()) {
        (Some(proof), true) => {
            site.chat.do_send(Guessed { ticket, right: true });
            Ok(strengthened(site, proof, verdict))
        }
        _ => {
            let message = "This name and this password do not belong together.";
            Err(Refusal::because(Code::BadCredentials, message).into())
        }
    }
}

/// Replaces a hash that was made with less work than is done today.
fn strengthened(site: &Site, proof: Proof, verdict: crate::auth::Verdict) -> Proof {
    let crate::auth::Verdict::Outgrown(stronger) = verdict else { return proof };
    let renewed = Proof { hash: stronger.clone(), ..proof.clone() };
    site.chat.do_send(Rehash { proof, stronger });
    renewed
}
