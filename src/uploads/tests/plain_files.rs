//! What is kept is a picture and no other file, though its pixels were made to hide one.

use proptest::prelude::*;

use super::super::{Removed, Unfit};
use super::{made, refused, taken};

#[test]
fn a_picture_whose_pixels_are_a_page_is_refused() {
    let mut pixels = vec![0; 40 * 40 * 3];
    let page = b"<script>alert(1)</script>";
    pixels[300..300 + page.len()].copy_from_slice(page);
    let size = (40, 40);
    // Stored, not packed: the pixels are in the file as they are.
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::NoCompression);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    let unfit = refused(&file);
    assert!(matches!(unfit, Unfit::Broken(_)), "{unfit}");
    assert!(unfit.sentence().contains("another kind"), "{unfit}");
}

/// A frame's data taken apart: where its first block begins, and where the empty one is.
fn blocks_of(gif: &[u8]) -> (usize, usize) {
    let image = gif.iter().rposition(|byte| *byte == 0x2C).unwrap();
    let start = image + 11;
    let mut at = start;
    while gif[at] != 0 {
        at += 1 + usize::from(gif[at]);
    }
    (start, at)
}

#[test]
fn what_stands_behind_the_last_pixel_of_a_gif_goes() {
    let plain = made::gif(13, 9, 1);
    let (start, end) = blocks_of(&plain);
    let script = b"*/=1;alert(1)//";
    let block = [&[script.len() as u8][..], script].concat();
    // As a block of its own, and in the last block behind the end code.
    let apart = [&plain[..end], &block, &plain[end..]].concat();
    let mut inside = plain.clone();
    inside[start] += script.len() as u8;
    inside.splice(end..end, script.iter().copied());
    for file in [apart, inside] {
        let prepared = taken(&file);
        assert_eq!(prepared.picture, plain);
        assert_eq!(prepared.removed, [Removed::Appended]);
    }
}

#[test]
fn a_gif_without_an_end_code_ends_with_its_pixels() {
    // Two bits a pixel: clear, then four times the pixel 1, each in three bits; no end.
    let data = 0b001_001_001_100u16 | 0b001 << 12;
    let head =
        b"GIF89a\x04\0\x01\0\x91\0\0\0\0\0\xFF\0\0\0\xFF\0\0\0\xFF\x2C\0\0\0\0\x04\0\x01\0\0\x02";
    let plain = [&head[..], &[2], &data.to_le_bytes(), &[0, 0x3B]].concat();
    assert_eq!(taken(&plain).picture, plain);
    let file = [&head[..], &[2], &data.to_le_bytes(), b"\x08<script>", &[0, 0x3B]].concat();
    let prepared = taken(&file);
    assert_eq!(prepared.picture, plain);
    assert_eq!(prepared.removed, [Removed::Appended]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_coded_in_a_gif_stays_as_it_was(
        depth in 1usize..=8,
        width in 1u16..200,
        height in 1u16..200,
        seed in any::<u32>(),
        tail in prop::collection::vec(1u8.., 1..20),
    ) {
        let colours = 1usize << depth;
        let mut state = seed | 1;
        let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height))
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 & (colours - 1) as u8 & (state >> 8) as u8
            })
            .collect();
        let mut plain = Vec::new();
        let palette = vec![7; colours * 3];
        let mut encoder = gif::Encoder::new(&mut plain, width, height, &palette).unwrap();
        let frame = gif::Frame::from_indexed_pixels(width, height, pixels, None);
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        let prepared = taken(&plain);
        prop_assert_eq!(&prepared.picture, &plain);
        prop_assert_eq!(prepared.removed, []);
        let end = plain.len() - 2;
        let block = [&[tail.len() as u8][..], &tail].concat();
        let prepared = taken(&[&plain[..end], &block, &plain[end..]].concat());
        prop_assert_eq!(&prepared.picture, &plain);
        prop_assert_eq!(prepared.removed, [Removed::Appended]);
    }
}
