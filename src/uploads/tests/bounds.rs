//! What costs too much is refused by its headers.

use super::super::{Bounds, Unfit, prepare, weight};
use super::{made, refused, taken};
use crate::protocol::{Code, Refusal};

fn too_many(unfit: &Unfit, word: &str) {
    assert!(matches!(unfit, Unfit::TooManyPixels(text) if text.contains(word)), "{unfit:?}");
}

fn header(width: u32, height: u32) -> Vec<u8> {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend([8, 2, 0, 0, 0]);
    [&b"\x89PNG\r\n\x1a\n"[..], &made::chunk(b"IHDR", &data), &made::chunk(b"IEND", b"")].concat()
}

#[test]
fn size_is_checked_before_anything_is_decoded() {
    too_many(&refused(&header(0x7FFF_FFFF, 0x7FFF_FFFF)), "16384");
    too_many(&refused(&header(20_000, 20_000)), "16384");
    too_many(&refused(&header(16_384, 16_384)), "40000000");
    for (width, height) in [(0, 5), (5, 0)] {
        assert!(matches!(refused(&header(width, height)), Unfit::Broken(_)));
    }
    let small = Bounds { pixels: 100, ..Bounds::default() };
    for file in [made::jpeg(11, 10), made::gif(11, 10, 1), made::webp(11, 10)] {
        too_many(&prepare(&file, &small).unwrap_err(), "110 pixels; 100 are allowed");
    }
}

#[test]
fn animations_are_bounded_in_frames_and_in_pixels() {
    let bounds = Bounds { frames: 2, ..Bounds::default() };
    for file in [made::gif(4, 4, 3), made::apng(4, 4)] {
        too_many(&prepare(&file, &bounds).unwrap_err(), "2 are allowed");
        let bounds = Bounds { animation_pixels: 40, ..Bounds::default() };
        too_many(&prepare(&file, &bounds).unwrap_err(), "40 are allowed");
    }
    too_many(&refused(&made::gif(1, 1, 1001)), "1000 are allowed");
}

#[test]
fn memory_is_estimated_from_headers_and_bounded() {
    for (name, file) in made::all() {
        let bytes = weight(&file, &Bounds::default()).unwrap();
        assert!(bytes > 1 << 20, "{name}");
        let bounds = Bounds { memory: bytes - 1, ..Bounds::default() };
        too_many(&prepare(&file, &bounds).unwrap_err(), "MiB are allowed");
        too_many(&weight(&file, &bounds).unwrap_err(), "MiB are allowed");
    }
}

#[test]
fn what_would_inflate_is_dropped_without_inflating() {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 50 << 20], 9);
    let text = [b"Comment\0\0", &packed[..]].concat();
    let profile = [b"x\0\0", &packed[..]].concat();
    let plain = made::png(5, 5);
    assert_eq!(taken(&made::with_chunk(&plain, b"zTXt", &text)).picture, plain);
    assert_eq!(taken(&made::with_chunk(&plain, b"iCCP", &profile)).picture, plain);
}

#[test]
fn each_reason_has_its_code() {
    let code = |unfit: Unfit| Refusal::from(unfit).code;
    assert_eq!(code(refused(b"BM")), Code::ImageUnsupported);
    assert_eq!(code(refused(b"GIF89a")), Code::ImageBroken);
    assert_eq!(code(refused(&header(20_000, 1))), Code::ImageTooManyPixels);
}
