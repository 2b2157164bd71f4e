//! Which web pages may talk to this server: its own, and those that the configuration names.
//!
//! A request without an `Origin` comes from a program and not from a page in somebody's browser.

use actix_http::header::{self, HeaderMap};

use crate::protocol::{Code, Refusal};

/// The foreign origins that are let in, each as a browser spells it.
#[derive(Clone, Debug)]
pub struct Origins(std::sync::Arc<[String]>);

impl Origins {
    /// Lets `foreign` in besides the server's own.
    pub fn new(foreign: Vec<String>) -> Self {
        Self(foreign.into())
    }

    /// Checks who sends a request that does something: a socket, a message.
    ///
    /// # Errors
    /// `forbidden` for a page of another origin (RFC 6454), or one whose browser says that it is
    /// on another site (Fetch Metadata) without naming an origin that is let in.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let text =
            |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let mut origins = headers.get_all(header::ORIGIN);
        let known = match (origins.next(), origins.next()) {
            (None, _) => {
                text(header::HeaderName::from_static("sec-fetch-site")) != Some("cross-site")
            }
            (Some(origin), None) => {
                origin.to_str().is_ok_and(|origin| self.knows(origin, text(header::HOST)))
            }
            _ => false,
        };
        if known {
            return Ok(());
        }
        let message = "This page's origin is not this server's own, nor in `origins`.";
        Err(Refusal::because(Code::Forbidden, message).field("Origin"))
    }

    fn knows(&self, origin: &str, host: Option<&str>) -> bool {
        same_origin(origin, host) || self.0.iter().any(|known| known == origin)
    }
}

/// Whether `origin` (RFC 6454 section 6.2) is the server that `host` names: `http` or `https`,
/// the same host, the same port, and nothing else. Behind a proxy both are the outer ones.
fn same_origin(origin: &str, host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    let (rest, default_port) = if let Some(rest) = origin.strip_prefix("http://") {
        (rest, ":80")
    } else if let Some(rest) = origin.strip_prefix("https://") {
        (rest, ":443")
    } else {
        return false;
    };
    let plain = |text: &str| text.strip_suffix(default_port).unwrap_or(text).to_ascii_lowercase();
    !rest.is_empty() && plain(rest) == plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_origin_is_its_own() {
        let host = Some("127.0.0.1:8080");
        assert!(same_origin("http://127.0.0.1:8080", host));
        assert!(same_origin("https://Chat.example", Some("chat.example")));
        assert!(same_origin("https://chat.example:443", Some("chat.example")));
        for foreign in [
            "null",
            "",
            "http://",
            "http://evil.example",
            "http://127.0.0.1:8080.evil.example",
            "http://127.0.0.1:8080#x",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:80801",
            "http://x@127.0.0.1:8080",
            "ftp://127.0.0.1:8080",
            "http://127.0.0.1",
        ] {
            assert!(!same_origin(foreign, host), "{foreign}");
        }
        assert!(!same_origin("http://127.0.0.1:8080", None));
    }

    #[test]
    fn a_page_of_another_site_is_refused_and_a_program_is_not() {
        let origins = Origins::new(vec!["https://known.example".into()]);
        let checked = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                let name = header::HeaderName::from_static(name);
                headers.append(name, header::HeaderValue::from_static(value));
            }
            origins.check(&headers).is_ok()
        };
        assert!(checked(&[("host", "a.example")]));
        assert!(checked(&[("host", "a.example"), ("origin", "https://known.example")]));
        assert!(!checked(&[("host", "a.example"), ("origin", "https://evil.example")]));
        assert!(!checked(&[("host", "a.example"), ("sec-fetch-site", "cross-site")]));
        let own = ("origin", "http://a.example");
        assert!(
            checked(&[("host", "a.example"), own]) && !checked(&[("host", "a.example"), own, own])
        );
    }
}
