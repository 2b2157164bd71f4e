//! Where a request comes from when trusted proxies stand between: what they say of it, and nothing
//! that its sender says.
//!
//! Each proxy adds the address that it heard from at the end of `X-Forwarded-For`, or of `Forwarded`
//! (RFC 7239). Read from the end, the first address that is no trusted proxy is the sender's; what
//! stands before it is hearsay.

use std::net::{IpAddr, SocketAddr};

use actix_http::header::{self, HeaderMap, HeaderName};

use crate::model::Networks;

/// So many proxies may stand in a row.
const MAX_HOPS: usize = 16;

/// The address that a request comes from.
///
/// `peer` is who opened the connection. Where both headers are there, one of them may be the
/// sender's own: then the request counts as the proxy's.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contain(peer) {
        return peer;
    }
    let x_forwarded_for = HeaderName::from_static("x-forwarded-for");
    let hops =
        match (headers.contains_key(&x_forwarded_for), headers.contains_key(header::FORWARDED)) {
            (true, false) => elements(headers, &x_forwarded_for).map(|hop| address(&hop)).collect(),
            (false, true) => {
                elements(headers, &header::FORWARDED).map(|hop| named_for(&hop)).collect()
            }
            _ => Vec::new(),
        };
    let mut client = peer;
    for hop in hops.into_iter().rev().take(MAX_HOPS) {
        // An unknown or hidden hop: nothing behind it can be believed.
        let Some(hop) = hop else { break };
        client = hop;
        if !trusted.contain(hop) {
            break;
        }
    }
    client
}

/// The hops that `Forwarded` tells of, the nearest first: whom each was for, and all that it says.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = (Option<IpAddr>, String)> {
    let all: Vec<String> = elements(headers, &header::FORWARDED).collect();
    all.into_iter().rev().take(MAX_HOPS).map(|hop| (named_for(&hop), hop))
}

/// The elements of a list header, all its lines together.
pub(super) fn elements(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let lines: Vec<String> = headers
        .get_all(name)
        .map(|line| line.to_str().unwrap_or("unreadable").to_owned())
        .collect();
    lines
        .into_iter()
        .flat_map(|line| line.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>())
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let plain = bare.parse::<IpAddr>().ok();
    plain.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip())).map(|ip| ip.to_canonical())
}

/// The `for` of one element of `Forwarded`.
fn named_for(element: &str) -> Option<IpAddr> {
    pair(element, "for").and_then(address)
}

/// The value of `name` in one element of `Forwarded`.
pub(super) fn pair<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted = Networks::parse(["10.0.0.0/8", "127.0.0.1"]).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let value = header::HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn who_is_no_trusted_proxy_speaks_for_nobody_else() {
        assert_eq!(from("203.0.113.9", &[("x-forwarded-for", "198.51.100.1")]), "203.0.113.9");
        assert_eq!(from("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_counts_whatever_stands_before_it() {
        for (said, address) in [
            ("198.51.100.1", "198.51.100.1"),
            ("6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("198.51.100.1, 10.1.1.1", "198.51.100.1"),
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("10.2.2.2", "10.2.2.2"),
            ("nonsense", "127.0.0.1"),
            ("198.51.100.1, unknown", "127.0.0.1"),
            ("198.51.100.1, unknown, 10.1.1.1", "10.1.1.1"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(from("127.0.0.1", &[("x-forwarded-for", said)]), address, "{said}");
        }
        let lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(from("127.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn the_standard_header_is_read_as_well_and_both_together_are_not() {
        for (said, address) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("For=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
            ("for=6.6.6.6, for=198.51.100.1;by=10.0.0.1", "198.51.100.1"),
            ("for=_hidden", "127.0.0.1"),
            ("by=10.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(from("127.0.0.1", &[("forwarded", said)]), address, "{said}");
        }
        let both = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(from("127.0.0.1", &both), "127.0.0.1");
    }
}
