//! Web origins: how a browser spells where a page came from.

/// The origin as a browser would send it: lower case, without a default port.
///
/// `None` where it is no `http://` or `https://` origin: a path, a user, a wildcard, `null`.
pub(super) fn origin(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    is_authority(authority).then(|| format!("{scheme}://{authority}"))
}

fn is_authority(text: &str) -> bool {
    let port_at = text.rfind(':').filter(|at| !text[*at..].ends_with(']'));
    let (host, port) = port_at.map_or((text, "1"), |at| (&text[..at], &text[at + 1..]));
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    digits && port.parse::<u16>().is_ok_and(|port| port > 0) && is_host(host)
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=253).contains(&host.len()) && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn origins_are_spelled_as_browsers_do() {
        for (written, sent) in [
            ("https://chat.example.org", "https://chat.example.org"),
            (" HTTPS://Chat.Example.org:443 ", "https://chat.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(origin(written).as_deref(), Some(sent), "{written}");
        }
    }

    #[test]
    fn what_no_browser_sends_as_an_origin_is_refused() {
        for bad in [
            "",
            "*",
            "null",
            "chat.example.org",
            "https://",
            "https://a/",
            "https://a/b",
            "https://u@a",
            "https://a:0",
            "https://a:99999",
            "https://a:",
            "https://*.a",
            "ftp://a",
            "https://a b",
            "https://[zz]",
            "https://a:+5",
            "https://müller.example",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
