//! A last look at a finished picture: whether it is another file as well.
//!
//! Everything beside the pixels is gone by then, but pixels can be chosen so that their bytes are an
//! archive or a page. What cannot be cut is refused here. Each mark is long enough, or asks for
//! enough around it, that chance does not put it into a photograph.

use memchr::{memchr_iter, memmem};

use super::unfit::Unfit;

/// As far as readers of PDF look for its first line.
const PDF_REACH: usize = 1024;
/// An archive's last record and its longest comment.
const ZIP_REACH: usize = 22 + 65_535;
/// As much text behind a short mark as chance does not write.
const TEXT: usize = 8;

/// What must stand behind a mark.
enum Behind {
    Anything,
    /// The end of a tag's name.
    Space,
    /// That, and text.
    Words,
}

/// Beginnings of pages and scripts, in any case.
const MARKS: &[(&[u8], Behind)] = &[
    (b"<script", Behind::Anything),
    (b"<!doctype", Behind::Anything),
    (b"<html", Behind::Space),
    (b"<?php", Behind::Space),
    (b"<svg", Behind::Words),
];

/// Refuses a picture that is another file as well.
pub(super) fn none(picture: &[u8]) -> Result<(), Unfit> {
    if is_document(picture) || is_page(picture) || is_archive(picture) {
        return Err(Unfit::broken("it is also a file of another kind"));
    }
    Ok(())
}

fn is_document(picture: &[u8]) -> bool {
    let head = picture.get(..PDF_REACH).unwrap_or(picture);
    memmem::find(head, b"%PDF-").is_some()
}

fn is_page(picture: &[u8]) -> bool {
    memchr_iter(b'<', picture).any(|at| {
        let rest = picture.get(at..).unwrap_or_default();
        MARKS.iter().any(|(mark, behind)| {
            let name = rest.get(..mark.len()).is_some_and(|name| name.eq_ignore_ascii_case(mark));
            name && behind.fits(rest.get(mark.len()..).unwrap_or_default())
        })
    })
}

impl Behind {
    fn fits(&self, rest: &[u8]) -> bool {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
        match self {
            Self::Anything => true,
            Self::Space => rest.first().is_none_or(ends),
            Self::Words => {
                rest.first().is_none_or(ends) && rest.iter().take(TEXT).all(|byte| is_text(*byte))
            }
        }
    }
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_graphic()
}

/// Whether a ZIP archive ends in the picture: its last record leads to a directory.
fn is_archive(picture: &[u8]) -> bool {
    let from = picture.len().saturating_sub(ZIP_REACH);
    let tail = picture.get(from..).unwrap_or_default();
    memmem::find_iter(tail, b"PK\x05\x06").any(|at| leads_to_directory(picture, from + at))
}

fn leads_to_directory(picture: &[u8], end: usize) -> bool {
    let word = |at: usize| {
        let bytes = picture.get(end + at..end + at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let is_at = |at: Option<usize>, mark: &[u8]| {
        at.and_then(|at| picture.get(at..)).is_some_and(|part| part.starts_with(mark))
    };
    let (Some(size), Some(offset)) = (word(12), word(16)) else { return false };
    // Right before the record, whatever was put before the archive; or where the record says; or the
    // record only leads to a longer one, which large archives have.
    is_at(end.checked_sub(size), b"PK\x01\x02")
        || is_at(Some(offset), b"PK\x01\x02")
        || is_at(end.checked_sub(20), b"PK\x06\x07")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of one empty file called `a`, put behind something.
    fn archive(before: &[u8], offset: u32) -> Vec<u8> {
        let directory = [&b"PK\x01\x02"[..], &[0; 24], &[1, 0], &[0; 16], b"a"].concat();
        let size = (directory.len() as u32).to_le_bytes();
        let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &size[..], &offset.to_le_bytes(), &[0, 0]];
        [before, &directory, &end.concat(), b"behind"].concat()
    }

    #[test]
    fn an_archive_is_found_wherever_it_begins() {
        assert!(none(&archive(&[7; 300], 0)).is_err());
        assert!(none(&archive(&[7; 300], 300)).is_err());
        let mut file = archive(&[7; 300], 300);
        file.splice(347..347, [9; 50]);
        assert!(none(&file).is_err(), "something lies between the directory and the record");
    }

    #[test]
    fn an_archive_of_which_only_the_end_is_there_is_none() {
        let file = archive(&[], 0);
        assert!(none(&file[1..]).is_ok());
        assert!(none(b"PK\x05\x06").is_ok());
        assert!(none(&[&file[..], &[0; 70_000]].concat()).is_ok(), "nobody looks so far");
    }

    #[test]
    fn a_document_is_found_at_the_front_only() {
        assert!(none(&[&[0; 1000][..], b"%PDF-1.4"].concat()).is_err());
        assert!(none(&[&[0; 1024][..], b"%PDF-1.4"].concat()).is_ok());
    }

    #[test]
    fn a_page_is_found_anywhere_and_chance_is_no_page() {
        for page in
            ["<SCRIPT\u{80}", "<html>", "<Html\n", "<?php echo", "<svg/onload=x>", "<!DocType"]
        {
            assert!(none(&[b"\0<<", page.as_bytes(), b"<"].concat()).is_err(), "{page}");
        }
        for chance in [&b"<svg"[..], b"<svg \0", b"<htmlx", b"<?phpx", b"<scrip", b"<!doc"] {
            assert!(none(&[b"\0<", chance, b"\x90\x90"].concat()).is_ok(), "{chance:?}");
        }
    }
}
