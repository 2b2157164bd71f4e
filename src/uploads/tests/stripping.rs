//! Nothing about the person leaves, and nothing of the picture is lost.

use jpeg_encoder::SamplingFactor;

use super::super::Removed::{self, *};
use super::made::{self, SECRET};
use super::{holds, taken};

const XMP: &[u8] =
    b"http://ns.adobe.com/xap/1.0/\0<x dc:creator='ada@example.org' exif:GPSLatitude='1'/>";

#[test]
fn a_jpeg_keeps_its_pixels_byte_for_byte_and_nothing_else() {
    let plain = made::jpeg(40, 24);
    let profile = [b"ICC_PROFILE\0\x01\x01", &made::profile()[..]].concat();
    let iptc = [b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x14\x1C\x02\x5A\0\x0F", SECRET].concat();
    let mut file = made::with_segment(&plain, 0xFE, SECRET);
    file = made::with_segment(&file, 0xED, &iptc);
    file = made::with_segment(&file, 0xE2, &profile);
    file = made::with_segment(&file, 0xE2, b"MPF\0II*\0");
    file = made::with_segment(&file, 0xE1, XMP);
    file = made::with_segment(&file, 0xE1, &made::exif_segment(1));
    file = made::with_segment(&file, 0xEB, SECRET);
    file.extend(SECRET);
    let prepared = taken(&file);
    assert_eq!(
        prepared.removed,
        [Appended, Author, Camera, Comment, Location, Other, Software, Thumbnail, Time]
    );
    assert!(!holds(&prepared.picture, SECRET));
    let mut expected = plain[..20].to_vec();
    // JFIF is first, the profile second.
    expected.extend([0xFF, 0xE2, 0, (profile.len() + 2) as u8]);
    expected.extend(&profile);
    expected.extend(&plain[20..]);
    assert_eq!(prepared.picture, expected);
    assert!(holds(&prepared.thumb.bytes, &made::profile()));
}

#[test]
fn jfif_loses_its_thumbnail_and_adobe_keeps_its_word() {
    let plain = made::jpeg(8, 8);
    let thumb = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01", &b"rgb"[..]].concat();
    let file = [&plain[..2], &plain[20..]].concat();
    let file = made::with_segment(&file, 0xEE, b"Adobe\0\x64\0\0\0\0\x01and more");
    let prepared = taken(&made::with_segment(&file, 0xE0, &thumb));
    assert_eq!(prepared.removed, [Thumbnail]);
    let jfif = b"\xFF\xE0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
    assert!(prepared.picture[2..].starts_with(jfif));
    assert!(prepared.picture[20..].starts_with(b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\x01\xFF"));
}

#[test]
fn what_is_no_profile_is_not_kept_as_one() {
    let profile = [b"ICC_PROFILE\0\x01\x01", SECRET].concat();
    let prepared = taken(&made::with_segment(&made::jpeg(8, 8), 0xE2, &profile));
    assert_eq!(prepared.removed, [Other]);
    assert!(!holds(&prepared.picture, SECRET));
    // The second of two parts is missing.
    let part = [b"ICC_PROFILE\0\x01\x02", &made::profile()[..]].concat();
    assert_eq!(taken(&made::with_segment(&made::jpeg(8, 8), 0xE2, &part)).removed, [Other]);
}

#[test]
fn a_png_keeps_the_chunks_that_shape_its_pixels() {
    let plain = made::with_chunk(&made::png(20, 12), b"gAMA", &[0, 0, 0xB1, 0x8F]);
    let mut file = made::with_chunk(&plain, b"tIME", &[7, 234, 11, 23, 12, 0, 0]);
    file = made::with_chunk(&file, b"tEXt", &[b"Author\0", SECRET].concat());
    file = made::with_chunk(&file, b"zTXt", b"Comment\0\0not even zlib");
    file = made::with_chunk(&file, b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat());
    file = made::with_chunk(&file, b"eXIf", &made::exif(1));
    file = made::with_chunk(&file, b"prVt", SECRET);
    file.extend(b"PK\x03\x04");
    let prepared = taken(&file);
    assert_eq!(prepared.picture, plain);
    assert_eq!(
        prepared.removed,
        [Appended, Author, Camera, Comment, Location, Other, Software, Thumbnail, Time]
    );
}

#[test]
fn a_profile_in_a_png_is_kept_under_another_name() {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&made::profile(), 9);
    let data = [SECRET, &[0, 0], &packed].concat();
    let prepared = taken(&made::with_chunk(&made::png(20, 12), b"iCCP", &data));
    assert!(holds(&prepared.picture, b"iCCPicc\0"));
    assert!(!holds(&prepared.picture, SECRET));
    assert!(holds(&prepared.thumb.bytes, b"acsp"), "the thumbnail has the same colours");
}

#[test]
fn an_animation_keeps_its_frames_its_timing_and_its_loop() {
    let plain = made::apng(9, 7);
    assert_eq!(taken(&made::with_chunk(&plain, b"tEXt", b"Title\0x")).picture, plain);
    let plain = made::gif(13, 9, 3);
    let end = plain.len() - 1;
    let comment = [&[0x21, 0xFE, 15], SECRET, &[0]].concat();
    let program = [&[0x21, 0xFF, 11], &b"ImageMagick"[..], &[15], SECRET, &[0]].concat();
    let text = [&[0x21, 0x01, 15], SECRET, &[0]].concat();
    let file = [&plain[..end], &comment, &program, &text, b"\x3B", SECRET].concat();
    let prepared = taken(&file);
    assert_eq!(prepared.picture, plain);
    assert_eq!(prepared.removed, [Appended, Comment, Other]);
    assert!(holds(&prepared.picture, b"NETSCAPE2.0"));
}

#[test]
fn a_webp_keeps_its_profile_and_its_pixels() {
    let plain = made::webp_with(20, 12, b"", b"");
    let mut file = made::webp_with(20, 12, &made::exif(1), XMP);
    file.extend(SECRET);
    let prepared = taken(&file);
    assert_eq!(prepared.picture, plain);
    assert_eq!(prepared.removed, [Appended, Author, Camera, Location, Software, Thumbnail, Time]);
}

#[test]
fn a_file_that_is_two_things_ends_as_a_picture() {
    let gif = made::gif(4, 4, 1);
    let script = [&gif[..gif.len() - 1], b"\x21\xFE\x0D=1;alert(1)//\0\x3B"].concat();
    assert!(!holds(&taken(&script).picture, b"alert"));
    let page = made::with_segment(&made::jpeg(8, 8), 0xFE, b"<html><script>alert(1)</script><!--");
    assert!(!holds(&taken(&page).picture, b"script"));
    let archive = [made::png(4, 4), b"PK\x03\x04PK\x05\x06".to_vec()].concat();
    assert_eq!(taken(&archive).picture, made::png(4, 4));
}

#[test]
fn a_clean_picture_comes_out_as_it_was() {
    for file in [made::jpeg(40, 24), made::png(20, 12), made::gif(5, 5, 1), made::webp(20, 12)] {
        let prepared = taken(&file);
        assert_eq!(prepared.picture, file);
        assert_eq!(prepared.removed, [] as [Removed; 0]);
        assert_eq!(taken(&prepared.picture).picture, file, "and it is taken again");
    }
}

#[test]
fn nothing_hides_between_the_pixels_of_a_jpeg_and_its_end() {
    let mut file = made::jpeg_with(48, 32, SamplingFactor::F_1_1, &[]);
    let end = file.len() - 2;
    file.splice(end..end, SECRET.iter().copied());
    assert!(!holds(&taken(&file).picture, SECRET));
}
