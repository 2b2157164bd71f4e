//! Which web pages may talk to this server: its own, and those that the configuration names.
//!
//! A request without an `Origin` comes from a program and not from a page in somebody's browser.

use actix_http::header::{self, HeaderMap, HeaderValue};

use crate::protocol::{Code, Refusal};

/// The foreign origins that are let in, each as a browser spells it.
#[derive(Clone, Debug)]
pub struct Origins {
    foreign: std::sync::Arc<[String]>,
    /// Whether the server speaks TLS: a page that came without it is not its own then.
    tls: bool,
}

impl Origins {
    /// Lets `foreign` in besides the server's own.
    pub fn new(foreign: Vec<String>, tls: bool) -> Self {
        Self { foreign: foreign.into(), tls }
    }

    /// Checks who sends a request that does something: a socket, a message.
    ///
    /// Who sends no `Origin` is no page, or one whose browser says where it stands (Fetch Metadata):
    /// `same-site` is another host of the domain, or another port, and not ours.
    ///
    /// # Errors
    /// `forbidden` for a page of another origin (RFC 6454) that is not let in.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut origins = headers.get_all(header::ORIGIN);
        let known = match (origins.next(), origins.next()) {
            (None, _) => headers.get_all("sec-fetch-site").all(is_at_home),
            (Some(origin), None) => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
                origin.to_str().is_ok_and(|origin| self.knows(origin, host))
            }
            _ => false,
        };
        if known {
            return Ok(());
        }
        let message = "This page's origin is not this server's own, nor in `origins`.";
        Err(Refusal::because(Code::Forbidden, message).field("Origin"))
    }

    /// Whether a request comes from a page of this very server, or from no page: only then a login's
    /// cookie counts for more than reading.
    pub fn is_own(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let mut origins = headers.get_all(header::ORIGIN);
        origins.all(|origin| origin.to_str().is_ok_and(|origin| same_origin(origin, host)))
    }

    fn knows(&self, origin: &str, host: Option<&str>) -> bool {
        let own = same_origin(origin, host) && (!self.tls || origin.starts_with("https://"));
        own || self.is_foreign_friend(origin)
    }

    /// Whether an origin is let in that is not the server's own.
    pub fn is_foreign_friend(&self, origin: &str) -> bool {
        self.foreign.iter().any(|known| known == origin)
    }

    /// Whether no foreign origin is let in.
    pub fn is_closed(&self) -> bool {
        self.foreign.is_empty()
    }
}

/// Whether a browser says that a page of ours asked, or nobody but its user.
fn is_at_home(site: &HeaderValue) -> bool {
    matches!(site.as_bytes(), b"same-origin" | b"none")
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
        let known = vec!["https://known.example".into()];
        let (origins, over_tls) = (Origins::new(known, false), Origins::new(vec![], true));
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                let name = header::HeaderName::from_static(name);
                headers.append(name, header::HeaderValue::from_static(value));
            }
            headers
        };
        let checked =
            |pairs: &[(&'static str, &'static str)]| origins.check(&headers(pairs)).is_ok();
        assert!(checked(&[("host", "a.example")]));
        assert!(checked(&[("host", "a.example"), ("origin", "https://known.example")]));
        assert!(!checked(&[("host", "a.example"), ("origin", "https://evil.example")]));
        for (site, expected) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("Same-Origin", false),
            ("", false),
        ] {
            let site = ("sec-fetch-site", site);
            assert_eq!(checked(&[("host", "a.example"), site]), expected, "{site:?}");
            assert!(!checked(&[site, ("sec-fetch-site", "cross-site")]), "{site:?} and another");
        }
        let own = ("origin", "http://a.example");
        assert!(
            checked(&[("host", "a.example"), own]) && !checked(&[("host", "a.example"), own, own])
        );
        let (host, plain, sure) = (
            ("host", "a.example"),
            ("origin", "http://a.example"),
            ("origin", "https://a.example"),
        );
        assert!(checked(&[host, plain]) && checked(&[host, sure]), "a proxy may stand before it");
        assert!(over_tls.check(&headers(&[host, sure])).is_ok());
        assert!(over_tls.check(&headers(&[host, plain])).is_err(), "somebody between wrote it");
    }
}
