//! An upload's form while it streams: the picture into a draft on disk, the words beside it checked.
//!
//! Invariants: nothing is read beyond what was granted; a body that stops or trickles ends; the
//! first bytes of the picture decide whether the rest is worth reading.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{self, Bytes};
use futures_util::{Stream, StreamExt};

use super::refused::Refused;
use super::rooms::room_name;
use crate::model::{AltText, RoomName};
use crate::protocol::{Code, Refusal, parse_alt};
use crate::uploads::{Draft, Gallery, SNIFFED_BYTES, sniff};

/// So many parts a form may have.
const PARTS: usize = 16;
/// So long each of them may be, in bytes, but for the picture.
const WORDS: usize = 8 * 1024;
/// What a form may have besides its picture, in bytes.
const FORM_BYTES: u64 = 256 * 1024;
/// Silence after which a body has ended, and the slowest pace at which it may come.
const SILENCE: Duration = Duration::from_secs(15);
const BYTES_PER_SECOND: u64 = 8192;
/// From then on the pace counts.
const HEAD_START: Duration = Duration::from_secs(30);
/// So much is gathered before it is written.
const CHUNK: usize = 256 * 1024;
/// How much of a refused body is read and thrown away, so that its sender gets to read the answer,
const THROWN_AWAY: u64 = 32 * 1024 * 1024;
/// for how long,
const PATIENCE: Duration = Duration::from_secs(10);
/// and up to the first pause: who waits for the answer before going on gets it.
const PAUSE: Duration = Duration::from_millis(500);

/// What a form said.
#[derive(Debug, Default)]
pub struct Form {
    /// The picture's file.
    pub file: Option<Draft>,
    /// What its sender calls it.
    pub name: Option<String>,
    /// The room that it is for.
    pub room: Option<RoomName>,
    /// What it shows, in words.
    pub alt: AltText,
    /// How long it is to live, in seconds.
    pub ttl_s: Option<u64>,
}

/// What a form may bring.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Bytes of its picture: as many as a picture may have,
    pub picture: u64,
    /// or fewer, where the disk promise ends.
    pub grant: u64,
}

/// A body that can be read to its end after whoever reads it has given up.
#[derive(Clone)]
pub struct Body {
    payload: Rc<RefCell<web::Payload>>,
    read: u64,
    most: u64,
}

impl Body {
    /// The body of a request.
    pub fn new(payload: web::Payload, allowance: Allowance) -> Self {
        let most = allowance.picture.saturating_add(FORM_BYTES);
        Self { payload: Rc::new(RefCell::new(payload)), read: 0, most }
    }

    /// Reads on for a while and throws it away: who is refused half-way gets to read why.
    pub async fn throw_away(mut self) {
        (self.read, self.most) = (0, THROWN_AWAY);
        let flows = async |body: &mut Self| {
            let next = actix_rt::time::timeout(PAUSE, body.next()).await;
            matches!(next, Ok(Some(Ok(_))))
        };
        let rest = async { while flows(&mut self).await {} };
        // Whoever takes longer finds the connection closed.
        let _ = actix_rt::time::timeout(PATIENCE, rest).await;
    }
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.read += bytes.len() as u64;
            if self.read > self.most {
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
        }
        polled
    }
}

/// Reads a form to its end.
///
/// # Errors
/// `unsupported_media_type`, `invalid_field`, `missing_field`, `room_invalid`, `text_too_long`,
/// `image_too_large`, `image_unsupported`, `storage_full`, `request_timeout`, `payload_too_large`.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    gallery: &Gallery,
    allowance: Allowance,
) -> Result<Form, Refused> {
    if !is_form(headers) {
        let message = "Send multipart/form-data with `file` and `room`.";
        return Err(Refusal::because(Code::UnsupportedMediaType, message).into());
    }
    let mut parts = Multipart::new(headers, body);
    let (mut form, mut pace) = (Form::default(), Pace::new());
    let mut seen = 0;
    while let Some(part) = pace.wait(parts.next()).await? {
        let mut part = part.map_err(broken)?;
        seen += 1;
        if seen > PARTS {
            return Err(odd(format!("An upload has at most {PARTS} parts.")));
        }
        match part.name().unwrap_or_default() {
            "file" => take_file(&mut form, &mut part, &mut pace, gallery, allowance).await?,
            "room" => form.room = Some(room_name(&words(&mut part, &mut pace).await?)?),
            "alt" => form.alt = parse_alt(&words(&mut part, &mut pace).await?)?,
            "ttl" => form.ttl_s = ttl(&words(&mut part, &mut pace).await?)?,
            // What we do not know is read over, like an unknown field of a frame.
            _ => while chunk(&mut part, &mut pace).await?.is_some() {},
        }
    }
    Ok(form)
}

/// Whether a body says that it is a form, and where its parts end (RFC 7578).
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.parse::<mime_guess::Mime>().ok());
    kind.is_some_and(|kind| {
        kind.essence_str() == mime_guess::mime::MULTIPART_FORM_DATA.essence_str()
            && kind.get_param(mime_guess::mime::BOUNDARY).is_some_and(|boundary| boundary != "")
    })
}

async fn take_file(
    form: &mut Form,
    part: &mut Field,
    pace: &mut Pace,
    gallery: &Gallery,
    allowance: Allowance,
) -> Result<(), Refused> {
    if form.file.is_some() {
        return Err(odd("An upload brings one picture: send the next one by itself.".into()));
    }
    form.name = part.content_disposition().and_then(|header| {
        header.get_filename_ext().map(ToString::to_string).or(header.get_filename().map(Into::into))
    });
    let mut draft = gallery.draft().map_err(|error| unwritten(&error))?;
    let (mut waiting, mut size, mut known) = (Vec::with_capacity(8192), 0, false);
    while let Some(bytes) = chunk(part, pace).await? {
        size += bytes.len() as u64;
        if size > allowance.picture {
            let message = format!("A picture has at most {} bytes.", allowance.picture);
            return Err(Refusal::because(Code::ImageTooLarge, message).field("file").into());
        }
        if size > allowance.grant {
            return Err(Code::StorageFull.into());
        }
        waiting.extend_from_slice(&bytes);
        if !known && waiting.len() >= SNIFFED_BYTES {
            sniff(&waiting).map_err(Refusal::from)?;
            known = true;
        }
        if waiting.len() >= CHUNK {
            draft = write(draft, std::mem::take(&mut waiting)).await?;
        }
    }
    form.file = Some(write(draft, waiting).await?);
    Ok(())
}

/// Writes off the worker's thread: a slow disk keeps nobody waiting.
async fn write(mut draft: Draft, bytes: Vec<u8>) -> Result<Draft, Refused> {
    let written = web::block(move || draft.write(&bytes).map(|()| draft)).await;
    written.map_err(|_| Code::Busy)?.map_err(|error| unwritten(&error))
}

/// Why a file could not be written.
pub fn unwritten(error: &io::Error) -> Refused {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
        return Code::StorageFull.into();
    }
    log::error!("a picture cannot be written: {error}");
    Refusal::new(Code::Busy).retry_after(1000).into()
}

/// A short part, as text.
async fn words(part: &mut Field, pace: &mut Pace) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(more) = chunk(part, pace).await? {
        bytes.extend_from_slice(&more);
        if bytes.len() > WORDS {
            return Err(odd(format!("A part that is no picture has at most {WORDS} bytes.")));
        }
    }
    String::from_utf8(bytes).map_err(|_| odd("The words of a form must be UTF-8.".into()))
}

fn ttl(text: &str) -> Result<Option<u64>, Refusal> {
    if matches!(text.trim(), "" | "default") {
        return Ok(None);
    }
    text.trim().parse().map(Some).map_err(|_| {
        let message = "`ttl` must be `default` or a whole number of seconds.";
        Refusal::because(Code::InvalidField, message).field("ttl")
    })
}

async fn chunk(part: &mut Field, pace: &mut Pace) -> Result<Option<Bytes>, Refused> {
    let Some(bytes) = pace.wait(part.next()).await? else { return Ok(None) };
    let bytes = bytes.map_err(broken)?;
    pace.bytes += bytes.len() as u64;
    Ok(Some(bytes))
}

/// Whether a body still comes, and fast enough.
struct Pace {
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new() -> Self {
        Self { since: Instant::now(), bytes: 0 }
    }

    async fn wait<T>(&self, next: impl Future<Output = T>) -> Result<T, Refused> {
        let age = self.since.elapsed();
        if age > HEAD_START && self.bytes < age.as_secs() * BYTES_PER_SECOND {
            return Err(Code::RequestTimeout.into());
        }
        let next = actix_rt::time::timeout(SILENCE, next).await;
        next.map_err(|_| Code::RequestTimeout.into())
    }
}

/// What is wrong with a form that cannot be taken apart.
fn broken(error: MultipartError) -> Refused {
    match error {
        MultipartError::ContentDispositionMissing => {
            odd("A part has no Content-Disposition, or one that is no UTF-8.".into())
        }
        MultipartError::BoundaryMissing => {
            odd("The form's boundary is missing where a part should end, or stands inside one."
                .into())
        }
        MultipartError::Payload(PayloadError::Overflow) => Code::PayloadTooLarge.into(),
        MultipartError::Payload(_) | MultipartError::Incomplete => {
            odd("The body broke off before its end.".into())
        }
        other => odd(format!("The form cannot be taken apart: {other}.")),
    }
}

fn odd(message: String) -> Refused {
    Refusal::because(Code::InvalidField, message).field("file").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_of_seconds_or_the_default() {
        assert_eq!(ttl("60").unwrap(), Some(60));
        assert_eq!((ttl("default").unwrap(), ttl(" ").unwrap()), (None, None));
        for text in ["-1", "1.5", "forever", "99999999999999999999"] {
            assert_eq!(ttl(text).unwrap_err().code, Code::InvalidField, "{text}");
        }
    }
}
