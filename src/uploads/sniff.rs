//! What a file is, by its first bytes. Its name and its Content-Type have no say.

use crate::model::ImageKind;

use super::unfit::Unfit;

/// As many bytes as [`sniff`] looks at; fewer only if the file is shorter.
pub const SNIFFED_BYTES: usize = 32;

const HEIC: &str = "HEIC and HEIF pictures cannot be shown here; export it as JPEG and send that.";
const AVIF: &str =
    "AVIF pictures cannot be shown here; export it as WebP, PNG or JPEG and send that.";
const SVG: &str = "SVG drawings cannot be shown here, because they can hold programs; \
                   export it as PNG and send that.";
const OTHER: &str = "This file is no picture that can be shown here; \
                     JPEG, PNG, GIF and WebP can.";

/// Says what a file is from its first [`SNIFFED_BYTES`] bytes, or all of it if it has fewer, so that
/// a wrong file is refused while it is still on its way.
///
/// # Errors
/// [`Unfit::Unsupported`] with a sentence that says what to do instead.
pub fn sniff(head: &[u8]) -> Result<ImageKind, Unfit> {
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Ok(ImageKind::Jpeg);
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(ImageKind::Png);
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return Ok(ImageKind::Gif);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Ok(ImageKind::Webp);
    }
    Err(Unfit::unsupported(other(head)))
}

fn other(head: &[u8]) -> &'static str {
    if head.get(4..8) == Some(b"ftyp") {
        // The main brand, then the version, then the compatible ones: `mif1` alone may be either.
        let brands = head.get(8..).unwrap_or_default();
        let has = |names: &[&[u8]]| brands.chunks(4).any(|brand| names.contains(&brand));
        if has(&[b"avif", b"avis"]) {
            return AVIF;
        }
        if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]) {
            return HEIC;
        }
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let drawn = [&b"<svg"[..], b"<?xml", b"<!DOCTYPE svg"];
    if drawn.iter().any(|start| text.starts_with(start)) { SVG } else { OTHER }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_say_what_a_file_is() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE0"), Ok(ImageKind::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Ok(ImageKind::Png));
        assert_eq!(sniff(b"GIF87a"), Ok(ImageKind::Gif));
        assert_eq!(sniff(b"GIF89a"), Ok(ImageKind::Gif));
        assert_eq!(sniff(b"RIFF\x10\0\0\0WEBPVP8 "), Ok(ImageKind::Webp));
    }

    #[test]
    fn what_is_not_taken_has_a_sentence_of_its_own() {
        let says = |head: &[u8], word: &str| {
            let unfit = sniff(head).unwrap_err();
            assert!(unfit.sentence().contains(word), "{unfit}");
            assert!(matches!(unfit, Unfit::Unsupported(_)));
        };
        says(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "JPEG");
        says(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC");
        says(b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "AVIF");
        says(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF");
        says(b"\xEF\xBB\xBF \n<svg xmlns='http://www.w3", "SVG");
        says(b"<?xml version='1.0'?><svg>", "SVG");
        for head in [&b""[..], b"BM", b"II*\0", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE", b"\xFF\xD8"] {
            says(head, "JPEG, PNG, GIF and WebP");
        }
    }
}
