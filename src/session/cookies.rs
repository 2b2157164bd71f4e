//! Cookies: how they are made and found, whatever they are for.
//!
//! Where a request came by a secure way, a cookie has the prefix `__Host-` and goes over secure ways
//! only: no other host of the domain and nobody between can set one in its place (RFC 6265bis section
//! 4.1.3.2). So there it is looked for under that name and no other. What a cookie means is its
//! owner's business.

use std::borrow::Cow;
use std::time::Duration;

use actix_http::header::{self, HeaderMap};
use actix_web::cookie::{Cookie, SameSite, time};

/// What a browser takes as a promise about where the cookie came from.
const PREFIX: &str = "__Host-";

/// A cookie that scripts cannot read and that comes along only when somebody opens the page, not with
/// what other sites fetch. Without a `max_age` it lasts as long as the browser is open; with one of
/// zero the browser forgets it.
pub fn build(
    name: &str,
    value: impl Into<Cow<'static, str>>,
    secure: bool,
    max_age: Option<Duration>,
) -> Cookie<'static> {
    let cookie = Cookie::build(full_name(name, secure).into_owned(), value)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .path("/");
    let seconds = |age: Duration| i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
    match max_age {
        Some(age) => cookie.max_age(time::Duration::seconds(seconds(age))).finish(),
        None => cookie.finish(),
    }
}

/// The value of a cookie that a request carries.
pub fn find(headers: &HeaderMap, name: &str, secure: bool) -> Option<String> {
    find_all(headers, name, secure).next()
}

/// The values of all cookies of that name: other programs on this host may have set some, too.
pub fn find_all(headers: &HeaderMap, name: &str, secure: bool) -> impl Iterator<Item = String> {
    let name = full_name(name, secure);
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| Cookie::parse(pair).ok());
    pairs.filter(move |cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// The name that the browser knows it by.
fn full_name(name: &str, secure: bool) -> Cow<'_, str> {
    if secure { Cow::Owned(format!("{PREFIX}{name}")) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, header::HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_of_a_secure_way_can_only_be_this_hosts_own() {
        assert_eq!(
            build("login", "x", true, None).to_string(),
            "__Host-login=x; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert_eq!(
            build("login", "x", false, Some(Duration::from_secs(60))).to_string(),
            "login=x; HttpOnly; SameSite=Lax; Path=/; Max-Age=60"
        );
        let forgotten = build("login", "", true, Some(Duration::ZERO)).to_string();
        assert!(forgotten.contains("Max-Age=0"), "{forgotten}");
        assert!(build("login", "x", true, Some(Duration::MAX)).to_string().contains("Max-Age="));
    }

    #[test]
    fn it_is_found_under_the_name_that_fits_the_way_and_no_other() {
        let both = headers(&["a=b; login=plain", "__Host-login=sure; c"]);
        assert_eq!(find(&both, "login", true).as_deref(), Some("sure"));
        assert_eq!(find(&both, "login", false).as_deref(), Some("plain"));
        let plain = headers(&["login=one; xlogin=two", "login=three"]);
        assert_eq!(find(&plain, "login", true), None);
        assert_eq!(find_all(&plain, "login", false).collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!(find(&headers(&["", "login", "=login"]), "login", false), None);
    }
}
