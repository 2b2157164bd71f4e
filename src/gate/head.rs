//! The head of a request over HTTP/1.1 while it comes: how long it is so far, and where it ends.
//!
//! Not a parser: actix-http reads it. This bounds what may gather until it can.

/// Bytes of a head, its first line included.
pub(super) const MOST: usize = 32 * 1024;

/// What has come of one head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// All of it.
    bytes: usize,
    /// Its first line.
    first: usize,
    /// The line that is not at its end yet.
    line: usize,
    lines: usize,
    last: u8,
    whole: bool,
}

impl Head {
    /// Takes what came; what stands behind the end of the head does not count.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.whole && !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (part, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
            self.bytes += part.len();
            match end {
                Some(at) => self.end_line(&part[..at]),
                None => self.grow(part),
            }
            rest = after;
        }
    }

    fn grow(&mut self, part: &[u8]) {
        self.line += part.len();
        self.last = part.last().copied().unwrap_or(self.last);
    }

    fn end_line(&mut self, part: &[u8]) {
        self.grow(part);
        let length = self.line - usize::from(self.line > 0 && self.last == b'\r');
        if length == 0 {
            // Empty lines before a request are nothing (RFC 9112 section 2.2).
            self.whole = self.lines > 0;
        } else {
            self.lines += 1;
            if self.lines == 1 {
                self.first = length;
            }
        }
        (self.line, self.last) = (0, 0);
    }

    /// Whether anything has come.
    pub fn has_begun(&self) -> bool {
        self.bytes > 0
    }

    /// Whether it is longer than a head may be.
    pub fn is_too_large(&self) -> bool {
        self.bytes > MOST
    }

    /// How long its first line is, as far as it has come.
    pub fn first_line(&self) -> usize {
        if self.lines == 0 { self.line } else { self.first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fed(pieces: &[&[u8]]) -> Head {
        let mut head = Head::default();
        pieces.iter().for_each(|piece| head.feed(piece));
        head
    }

    #[test]
    fn a_head_ends_with_an_empty_line_and_its_first_line_is_measured() {
        let head = fed(&[b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nbody\r\n\r\nmore"]);
        assert!(head.whole && head.first_line() == 14);
        assert_eq!(head.bytes, 4 + 16 + 9 + 2, "the body does not count");
        let bare = fed(&[b"GET / HTTP/1.1\nHost: a\n\nbody"]);
        assert!(bare.whole && bare.first_line() == 14);
        let half = fed(&[b"GET /", b"long"]);
        assert!(half.has_begun() && !half.whole && half.first_line() == 9);
        assert!(!Head::default().has_begun());
    }

    #[test]
    fn it_is_too_large_by_its_own_bytes_only() {
        let line = vec![b'x'; MOST];
        assert!(!fed(&[&line]).is_too_large());
        assert!(fed(&[&line, b"x"]).is_too_large());
        assert!(fed(&[&b"\r\n".repeat(MOST)]).is_too_large(), "nor is an end in sight");
        assert!(!fed(&[b"GET / HTTP/1.1\r\n\r\n", &line, &line]).is_too_large());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_pieces_are_cut(
            text in "[a\r\n]{0,40}", cuts in prop::collection::vec(0usize..40, 0..5),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            prop_assert_eq!(fed(&pieces), fed(&[bytes]));
        }
    }
}
