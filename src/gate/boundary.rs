//! Where one request ends and the next one begins (RFC 9112), as far as it takes to hand HTTP one
//! request at a time.
//!
//! HTTP makes something of each request that it sees, and it sees all that come together: thousands
//! of the shortest ones in one write. What stands here judges nothing: whether a request is sound is
//! HTTP's own to say, and where the two should not agree only the requests behind it wait.

/// So much of a line is looked at: no more is needed for what counts here.
const LINE: usize = 80;

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A line of a head, or the empty lines before it.
    Head,
    /// So many bytes of a body, or of a chunk and the line end behind it.
    Body { left: u64, chunked: bool },
    /// The line that tells a chunk's size.
    Size,
    /// A line behind the last chunk.
    Trailer,
    /// Something else than HTTP follows.
    Tunnel,
}

/// Follows the bytes of one connection.
#[derive(Debug)]
pub struct Boundary {
    at: At,
    line: Vec<u8>,
    /// The head that is being read has lines already.
    begun: bool,
    body: u64,
    chunked: bool,
    tunnel: bool,
}

impl Boundary {
    /// At the beginning of a connection.
    pub fn new() -> Self {
        let (body, chunked, tunnel) = (0, false, false);
        Self { at: At::Head, line: Vec::new(), begun: false, body, chunked, tunnel }
    }

    /// Follows `bytes` to the end of the request that they belong to. Returns how many of them those
    /// are, and whether it is the end.
    pub fn follow(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            let (step, ended) = match self.at {
                At::Tunnel => return (bytes.len(), false),
                At::Body { left, chunked } => self.body(rest.len() as u64, left, chunked),
                At::Head | At::Size | At::Trailer => self.line(rest),
            };
            used += step;
            if ended {
                return (used, true);
            }
        }
        (used, false)
    }

    fn body(&mut self, there: u64, left: u64, chunked: bool) -> (usize, bool) {
        // No more than is there, so it fits.
        let step = there.min(left) as usize;
        let left = left - step as u64;
        self.at = match (left, chunked) {
            (0, true) => At::Size,
            (0, false) => At::Head,
            _ => At::Body { left, chunked },
        };
        (step, left == 0 && !chunked)
    }

    fn line(&mut self, rest: &[u8]) -> (usize, bool) {
        let end = memchr::memchr(b'\n', rest);
        let part = &rest[..end.unwrap_or(rest.len())];
        let room = LINE.saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(&part[..room]);
        let Some(end) = end else { return (part.len(), false) };
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let ended = match self.at {
            At::Head if line.is_empty() => self.begun && self.head_ends(),
            At::Size => {
                self.size(line);
                false
            }
            At::Trailer if line.is_empty() => {
                self.at = At::Head;
                true
            }
            At::Head => {
                self.begun = true;
                self.field(line);
                false
            }
            _ => false,
        };
        (end + 1, ended)
    }

    fn field(&mut self, line: &[u8]) {
        let Some(colon) = memchr::memchr(b':', line) else { return };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            self.body = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()).unwrap_or(0);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = value.eq_ignore_ascii_case(b"chunked");
        } else if name.eq_ignore_ascii_case(b"upgrade") {
            self.tunnel |= value.eq_ignore_ascii_case(b"websocket");
        }
    }

    /// The empty line behind a head; whether the request ends with it.
    fn head_ends(&mut self) -> bool {
        let Self { body: left, chunked, tunnel, .. } = *self;
        *self = Self::new();
        self.at = match (tunnel, chunked, left) {
            (_, true, _) => At::Size,
            (true, ..) => At::Tunnel,
            (_, _, 0) => At::Head,
            _ => At::Body { left, chunked: false },
        };
        self.at == At::Head
    }

    fn size(&mut self, line: &[u8]) {
        let digits = line.split(|byte| !byte.is_ascii_hexdigit()).next().unwrap_or_default();
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        self.at = match u64::from_str_radix(digits, 16).unwrap_or(0) {
            0 => At::Trailer,
            // Its data, and the end of their line.
            size => At::Body { left: size.saturating_add(2), chunked: true },
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Requests of every kind, each whole.
    const REQUESTS: [&str; 8] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nG / HTTP/1.0\n\n",
        "POST / HTTP/1.1\r\nHost: a\r\ncontent-length:  5 \r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: z\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 27\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n",
        "DELETE /x HTTP/1.1\r\nX-Long: ................................................................................................\r\n\r\n",
    ];

    /// How long the requests in `bytes` are, read in pieces of `step`.
    fn lengths(bytes: &[u8], step: usize) -> Vec<usize> {
        let (mut boundary, mut lengths, mut length) = (Boundary::new(), Vec::new(), 0);
        for piece in bytes.chunks(step) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (used, ended) = boundary.follow(rest);
                (length, rest) = (length + used, &rest[used..]);
                if ended {
                    lengths.push(std::mem::take(&mut length));
                }
            }
        }
        lengths
    }

    proptest! {
        #[test]
        fn requests_are_told_apart_in_any_pieces(
            picks in prop::collection::vec(0..REQUESTS.len(), 1..12),
            step in 1usize..200,
        ) {
            let requests: Vec<&str> = picks.iter().map(|pick| REQUESTS[*pick]).collect();
            let expected: Vec<usize> = requests.iter().map(|request| request.len()).collect();
            prop_assert_eq!(lengths(requests.concat().as_bytes(), step), expected);
        }

        #[test]
        fn any_bytes_are_followed(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let (mut boundary, mut rest) = (Boundary::new(), bytes.as_slice());
            while !rest.is_empty() {
                let (used, _) = boundary.follow(rest);
                prop_assert!(used > 0 && used <= rest.len());
                rest = &rest[used..];
                prop_assert!(boundary.line.len() <= LINE);
            }
        }
    }

    #[test]
    fn behind_an_upgrade_everything_belongs_to_it() {
        let bytes = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x81\x00\r\n\r\nGET";
        assert_eq!(Boundary::new().follow(bytes), (bytes.len(), false));
    }
}
