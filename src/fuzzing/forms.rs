//! An upload's form: wherever the network cuts, the same form is read, within what was granted; and
//! the name that a picture's sender gives it does no harm to who downloads it.

use std::path::PathBuf;

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::web::{self, Bytes};
use futures_util::stream::{self, LocalBoxStream};

use super::pieces::{Tape, pieces};
use crate::model::{AltText, ImageId, ImageKind};
use crate::protocol::Code;
use crate::uploads::Gallery;
use crate::web::{Allowance, Body, Form, disposition, download_name, read_form};

/// What a picture may have and what was granted, in bytes: few enough to be reached.
const ALLOWANCES: [Allowance; 4] = [
    Allowance { picture: 0, grant: 0 },
    Allowance { picture: 64, grant: 40 },
    Allowance { picture: 64, grant: 64 },
    Allowance { picture: 1 << 20, grant: 1 << 20 },
];
/// The longest name of a download: what is kept of its sender's, and the ending.
const NAME_CHARS: usize = 100 + ".webp".len();
/// The longest name that a file may have.
const NAME_BYTES: usize = 255;

thread_local! {
    static DESK: Desk = Desk::new();
}

/// Where forms are read: a directory for drafts, and a runtime.
struct Desk {
    directory: PathBuf,
    gallery: Gallery,
    runtime: actix_rt::Runtime,
}

impl Desk {
    fn new() -> Self {
        let name = format!("parlor-forms-{}", ImageId::random(&mut rand::rng()));
        let directory = std::env::temp_dir().join(name);
        let gallery = Gallery::open(directory.clone(), false).expect("a directory can be made");
        let runtime = actix_rt::Runtime::new().expect("a runtime can be made");
        Self { directory, gallery, runtime }
    }

    /// Reads a form that comes in pieces of these sizes.
    fn read(&self, headers: &HeaderMap, body: &[u8], cuts: &[usize], granted: Allowance) -> Read {
        let body = pieces(body, cuts).into_iter().map(|piece| Ok(Bytes::copy_from_slice(piece)));
        let body: LocalBoxStream<'static, Result<Bytes, PayloadError>> =
            Box::pin(stream::iter(body.collect::<Vec<_>>()));
        self.runtime.block_on(async {
            let request = TestRequest::default().to_http_request();
            let payload = web::Payload::from_request(&request, &mut Payload::from(body)).await;
            let body = Body::new(payload.expect("a payload is taken as it is"), granted);
            let form = read_form(headers, body, &self.gallery, granted).await;
            form.map(Brought::from).map_err(|refused| refused.code())
        })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // In the directory for what may go at any time; nothing is lost if it stays.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

type Read = Result<Brought, Code>;

/// A form as far as it can be compared.
#[derive(Debug, PartialEq)]
struct Brought {
    file: Option<Vec<u8>>,
    name: Option<String>,
    room: Option<String>,
    alt: String,
    ttl_s: Option<u64>,
}

impl From<Form> for Brought {
    fn from(Form { file, name, room, alt, ttl_s }: Form) -> Self {
        let file = file.map(|draft| draft.read().expect("a draft can be read back"));
        let (room, alt) = (room.map(|room| room.to_string()), alt.as_str().to_owned());
        Self { file, name, room, alt, ttl_s }
    }
}

/// Any body under any content type gives, cut anywhere, the form or a refusal that it gives all at
/// once, leaves no draft behind, and has a name that is safe to download.
pub fn forms(data: &[u8]) {
    let mut tape = Tape(data);
    let granted = ALLOWANCES[usize::from(tape.byte()) % ALLOWANCES.len()];
    let cuts = tape.cuts();
    let end = tape.0.iter().position(|byte| *byte == b'\n').unwrap_or(tape.0.len());
    let (kind, body) = (&tape.0[..end], tape.0.get(end + 1..).unwrap_or_default());
    name(&String::from_utf8_lossy(body));
    let Ok(kind) = HeaderValue::from_bytes(kind) else { return };
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
    DESK.with(|desk| {
        let whole = desk.read(&headers, body, &[], granted);
        for cuts in [&cuts[..], &[1]] {
            let read = desk.read(&headers, body, cuts, granted);
            // Which of two faults is seen first may depend on what came together.
            assert!(read == whole || (read.is_err() && whole.is_err()), "{read:?} not {whole:?}");
        }
        let stock = desk.gallery.stock().expect("the directory can be listed");
        assert!(stock.drafts.is_empty(), "{} drafts are left", stock.drafts.len());
        match whole {
            Ok(form) => in_order(&form, granted),
            Err(code) => assert!(REFUSALS.contains(&code), "{code:?}"),
        }
    });
}

/// What a body alone can be refused for.
const REFUSALS: [Code; 8] = [
    Code::UnsupportedMediaType,
    Code::InvalidField,
    Code::RoomInvalid,
    Code::TextTooLong,
    Code::ImageTooLarge,
    Code::ImageUnsupported,
    Code::StorageFull,
    Code::PayloadTooLarge,
];

fn in_order(form: &Brought, granted: Allowance) {
    let size = form.file.as_ref().map_or(0, Vec::len) as u64;
    assert!(size <= granted.grant && size <= granted.picture, "{size} bytes");
    assert!(form.alt.chars().count() <= AltText::MAX_CHARS, "{}", form.alt);
    name(form.name.as_deref().unwrap_or_default());
}

/// A name that is safe on any system and in a header, and does not change a second time.
fn name(given: &str) {
    let name = download_name(Some(given), ImageKind::Webp);
    assert!(name.chars().count() <= NAME_CHARS && name.ends_with(".webp"), "{name:?}");
    assert!(name.len() <= NAME_BYTES, "{name:?} is too long for a directory");
    let odd = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    assert!(!name.contains(odd) && !name.starts_with(['.', ' ']), "{name:?}");
    assert_eq!(download_name(Some(&name), ImageKind::Webp), name, "from {given:?}");
    let header = disposition(&name).to_string();
    assert!(HeaderValue::from_str(&header).is_ok(), "{header:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: &str = "multipart/form-data; boundary=b\n";

    fn part() -> impl Strategy<Value = String> {
        let name = prop::sample::select(vec!["file", "room", "alt", "ttl", "x", ""]);
        let disposition = prop_oneof![
            name.prop_map(|name| format!("Content-Disposition: form-data; name=\"{name}\"")),
            "[a-z =;\"*]{0,12}".prop_map(|rest| {
                format!("Content-Disposition: form-data; name=file; filename{rest}")
            }),
            "\\PC{0,8}".prop_map(|name| {
                format!("Content-Disposition: form-data; name=file; filename=\"{name}\"")
            }),
            "[A-Za-z-]{0,8}: \\PC{0,20}",
        ];
        let content = prop_oneof![
            "GIF89a[a-z]{0,80}",
            "\\PC{0,30}",
            "[0-9]{0,21}",
            "(\r|\n|-|b){0,8}",
            Just("lobby".to_owned()),
        ];
        (disposition, content)
            .prop_map(|(head, content)| format!("--b\r\n{head}\r\n\r\n{content}\r\n"))
    }

    proptest! {
        #[test]
        fn any_form_cut_anywhere_is_read_as_if_it_came_at_once(
            allowance in 0..4u8,
            cuts in prop::collection::vec(any::<u8>(), 0..15),
            parts in prop::collection::vec(part(), 0..5),
            end in prop::sample::select(vec!["--b--\r\n", "--b--", "--b", ""]),
        ) {
            let head = [&[allowance, cuts.len() as u8][..], &cuts].concat();
            forms(&[&head, KIND.as_bytes(), parts.concat().as_bytes(), end.as_bytes()].concat());
        }

        #[test]
        fn a_picture_of_any_size_is_whole_or_beyond_what_was_granted(
            allowance in 0..4u8,
            cut in any::<u8>(),
            name in "[^\r\n\"]{0,12}",
            picture in "GIF89a[a-z]{26,62}",
        ) {
            let head = "Content-Disposition: form-data; name=file; filename=";
            let body = format!("--b\r\n{head}\"{name}\"\r\n\r\n{picture}\r\n--b--\r\n");
            forms(&[&[allowance, 1, cut], KIND.as_bytes(), body.as_bytes()].concat());
        }

        #[test]
        fn any_bytes_are_a_form_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            forms(&[&[2, 0], KIND.as_bytes(), &bytes].concat());
            forms(&bytes);
        }

        #[test]
        fn any_name_of_a_picture_is_safe_to_download(given in any::<String>()) {
            name(&given);
        }
    }
}
