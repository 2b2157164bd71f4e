//! Whether a request came by a way on which nobody listens or meddles: our own TLS, or that of a
//! trusted proxy that says so.

use std::net::IpAddr;

use actix_http::header::{self, HeaderMap, HeaderName};

use super::forwarded::{elements, hops, pair};
use crate::model::Networks;

/// Whether a request that `peer` brought came by a secure way.
///
/// `tls`: whether the connection itself is encrypted. Of what proxies say all has to say so: who
/// might have a header of the sender's own let through is not believed.
pub fn is_secure(tls: bool, peer: Option<IpAddr>, headers: &HeaderMap, trusted: &Networks) -> bool {
    if tls {
        return true;
    }
    if !peer.is_some_and(|peer| trusted.contain(peer)) {
        return false;
    }
    let said = [x_forwarded_proto(headers), forwarded(headers, trusted)];
    said.contains(&Some(true)) && !said.contains(&Some(false))
}

/// What `X-Forwarded-Proto` says, if it is there.
fn x_forwarded_proto(headers: &HeaderMap) -> Option<bool> {
    let name = HeaderName::from_static("x-forwarded-proto");
    headers.contains_key(&name).then(|| elements(headers, &name).all(|proto| is_https(&proto)))
}

/// What `Forwarded` says of the hop at which the sender came in, if it is there.
fn forwarded(headers: &HeaderMap, trusted: &Networks) -> Option<bool> {
    headers.contains_key(header::FORWARDED).then(|| {
        let entrance = hops(headers)
            .find(|(address, _)| !address.is_some_and(|address| trusted.contain(address)));
        // All of them proxies: the request began at the outermost, which stands first.
        let entrance = entrance.or_else(|| hops(headers).last());
        entrance.is_some_and(|(_, element)| pair(&element, "proto").is_some_and(is_https))
    })
}

fn is_https(proto: &str) -> bool {
    proto.trim().trim_matches('"').eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secure(peer: &str, lines: &[(&'static str, &str)]) -> bool {
        let trusted = Networks::parse(["10.0.0.0/8", "127.0.0.1"]).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = header::HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        is_secure(false, peer.parse().ok(), &headers, &trusted)
    }

    #[test]
    fn our_own_tls_is_secure_whatever_is_said() {
        assert!(is_secure(true, None, &HeaderMap::new(), &Networks::default()));
        assert!(!is_secure(false, None, &HeaderMap::new(), &Networks::default()));
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        for (line, expected) in [
            (("x-forwarded-proto", "https"), true),
            (("x-forwarded-proto", "HTTPS"), true),
            (("x-forwarded-proto", "https, https"), true),
            (("x-forwarded-proto", "https, http"), false),
            (("x-forwarded-proto", "http"), false),
            (("x-forwarded-proto", ""), false),
            (("x-forwarded-proto", "httpss"), false),
            (("forwarded", "for=198.51.100.1;proto=https"), true),
            (("forwarded", "For=198.51.100.1; Proto=\"HTTPS\""), true),
            (("forwarded", "for=198.51.100.1;proto=http"), false),
            (("forwarded", "for=198.51.100.1"), false),
            (("forwarded", "proto=https"), true),
        ] {
            assert_eq!(secure("10.1.1.1", &[line]), expected, "{line:?}");
            assert!(!secure("203.0.113.9", &[line]), "{line:?} of a stranger");
        }
        assert!(!secure("10.1.1.1", &[]));
    }

    #[test]
    fn behind_several_proxies_the_hop_of_the_sender_counts() {
        let outer = "for=198.51.100.1;proto=https, for=10.0.0.2;proto=http";
        assert!(secure("10.1.1.1", &[("forwarded", outer)]));
        let claimed = "for=10.0.0.9;proto=https, for=198.51.100.1;proto=http";
        assert!(!secure("10.1.1.1", &[("forwarded", claimed)]));
        let inside = "for=10.0.0.9;proto=https, for=10.0.0.8;proto=http";
        assert!(secure("10.1.1.1", &[("forwarded", inside)]));
    }

    #[test]
    fn two_headers_have_to_agree() {
        let https = ("x-forwarded-proto", "https");
        assert!(secure("10.1.1.1", &[https, ("forwarded", "for=198.51.100.1;proto=https")]));
        assert!(!secure("10.1.1.1", &[https, ("forwarded", "for=198.51.100.1;proto=http")]));
        assert!(!secure("10.1.1.1", &[https, ("x-forwarded-proto", "http")]));
    }
}
