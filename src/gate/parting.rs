//! The last words to a client over HTTP/1.1 that no route answers: they are written, the writing end
//! is shut, and for a moment what still comes is thrown away. Closing at once would reset the
//! connection, and take the words back from whoever has not read them yet.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_http::StatusCode;
use actix_http::header::HttpDate;
use bytes::{Buf, Bytes};

use super::patience::Patience;
use crate::protocol::{Refusal, SECURITY_HEADERS, STRICT_TRANSPORT_SECURITY, problem};

/// How long it takes at most.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// So many reads in a row, then the others' turn.
const READS_A_TURN: usize = 8;

/// A connection on its way out.
pub(super) struct Parting {
    words: Bytes,
    shut: bool,
    over: bool,
    patience: Patience,
}

impl Parting {
    /// Says a refusal; `secure`: over TLS.
    pub fn with(refusal: &Refusal, secure: bool) -> Self {
        let patience = Patience::default();
        Self { words: response(refusal, secure), shut: false, over: false, patience }
    }

    /// Goes on; ready when nothing more is to be done with `io`.
    pub fn poll<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.over =
            self.over || self.proceed(io, cx).is_ready() || self.patience.ends(cx, LAST_WORDS);
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }

    fn proceed<S>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while !self.words.is_empty() {
            match ready!(Pin::new(&mut *io).poll_write(cx, &self.words)) {
                Ok(written) if written > 0 => self.words.advance(written),
                _ => return Poll::Ready(()),
            }
        }
        if !self.shut {
            if ready!(Pin::new(&mut *io).poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            self.shut = true;
        }
        discard(io, cx)
    }
}

/// Reads and drops; ready at the end of what comes.
fn discard<S: AsyncRead + Unpin>(io: &mut S, cx: &mut Context<'_>) -> Poll<()> {
    let mut bytes = [0; 4096];
    for _ in 0..READS_A_TURN {
        let mut buffer = ReadBuf::new(&mut bytes);
        match ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {}
            _ => return Poll::Ready(()),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// The whole response of HTTP/1.1 for a refusal.
fn response(refusal: &Refusal, secure: bool) -> Bytes {
    let (body, status) = (problem::json(refusal), refusal.code.status());
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let date = HttpDate::from(std::time::SystemTime::now());
    let mut text = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n\
         cache-control: no-store\r\ndate: {date}\r\n",
        reason.unwrap_or_default(),
        problem::MEDIA_TYPE,
        body.len(),
    );
    let sure = secure.then_some(STRICT_TRANSPORT_SECURITY);
    for (name, value) in SECURITY_HEADERS.into_iter().chain(sure) {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    [text.into_bytes(), body].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Code;

    #[test]
    fn the_words_are_a_whole_response_with_all_security_headers() {
        for secure in [false, true] {
            let bytes = response(&Code::BadRequest.into(), secure);
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
            assert!(SECURITY_HEADERS.iter().all(|(name, _)| head.contains(name)));
            assert_eq!(head.contains(STRICT_TRANSPORT_SECURITY.0), secure);
            let problem: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(problem["code"], "bad_request");
        }
    }
}
