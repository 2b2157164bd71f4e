//! What is kept is a picture and no other file, though its pixels were made to hide one.

use proptest::prelude::*;

use super::super::{Removed, Unfit};
use super::{holds, made, refused, taken};

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

/// The chunks of a PNG: their names and their data.
fn chunks_of(png: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut chunks = Vec::new();
    let mut rest = &png[8..];
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        chunks.push((rest[4..8].try_into().unwrap(), &rest[8..8 + length]));
        rest = &rest[length + 12..];
    }
    chunks
}

/// The same PNG with other chunks for each of one name.
fn with_other(png: &[u8], name: &[u8; 4], other: impl Fn(&[u8]) -> Vec<Vec<u8>>) -> Vec<u8> {
    let mut file = png[..8].to_vec();
    for (of, data) in chunks_of(png) {
        let parts = if of == *name { other(data) } else { vec![data.to_vec()] };
        file.extend(parts.iter().flat_map(|part| made::chunk(&of, part)));
    }
    file
}

const ARCHIVE: &[u8] = b"PK\x03\x04 an archive";

#[test]
fn the_pixels_of_a_png_become_one_chunk() {
    let plain = made::png(20, 12);
    let parts = |data: &[u8]| {
        let empty = vec![Vec::new(); 1000];
        data.chunks(3).map(<[u8]>::to_vec).chain(empty).collect()
    };
    let prepared = taken(&with_other(&plain, b"IDAT", parts));
    assert_eq!(prepared.picture, plain);
    assert_eq!(prepared.removed, []);
}

#[test]
fn a_png_of_too_many_chunks_is_refused() {
    let empty =
        |data: &[u8]| std::iter::once(data.to_vec()).chain(vec![Vec::new(); 65_536]).collect();
    let unfit = refused(&with_other(&made::png(20, 12), b"IDAT", empty));
    assert!(unfit.sentence().contains("65536 parts"), "{unfit}");
}

#[test]
fn what_stands_behind_the_pixels_of_a_png_goes() {
    let plain = made::png(20, 12);
    let inside = with_other(&plain, b"IDAT", |data| vec![[data, ARCHIVE].concat()]);
    let apart = with_other(&plain, b"IDAT", |data| vec![data.to_vec(), ARCHIVE.to_vec()]);
    let later = with_other(&plain, b"IEND", |_| vec![]);
    let text = made::chunk(b"tEXt", b"Comment\0x");
    let later = [later, text, made::chunk(b"IDAT", ARCHIVE), made::chunk(b"IEND", b"")].concat();
    for file in [inside, apart, later] {
        let prepared = taken(&file);
        assert_eq!(prepared.picture, plain);
        assert!(prepared.removed.contains(&Removed::Appended));
    }
}

/// Two rows more than the picture has, not packed, with something in them.
fn longer(data: &[u8]) -> Vec<u8> {
    let mut rows = miniz_oxide::inflate::decompress_to_vec_zlib(data).unwrap();
    rows.extend(ARCHIVE.repeat(10));
    miniz_oxide::deflate::compress_to_vec_zlib(&rows, 0)
}

fn samples_of(png: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut samples).unwrap();
    samples
}

#[test]
fn what_is_packed_behind_the_last_row_of_a_png_goes_and_its_pixels_stay() {
    use png::{BitDepth, ColorType};
    let bits = vec![0b1010_0101; 3 * 12];
    for plain in [
        made::png(20, 12),
        made::png_of((20, 12), ColorType::Indexed, BitDepth::One, &bits),
        made::png_of(
            (6, 6),
            ColorType::Grayscale,
            BitDepth::Sixteen,
            &[bits.clone(), bits].concat(),
        ),
    ] {
        let file = with_other(&plain, b"IDAT", |data| vec![longer(data)]);
        assert!(holds(&file, ARCHIVE));
        let prepared = taken(&file);
        assert!(!holds(&prepared.picture, ARCHIVE));
        assert_eq!(prepared.removed, [Removed::Appended]);
        assert_eq!(samples_of(&prepared.picture), samples_of(&plain));
        assert_eq!(prepared.thumb, taken(&plain).thumb);
        assert_eq!(taken(&prepared.picture).picture, prepared.picture);
    }
}

#[test]
fn a_frame_of_an_animated_png_that_has_more_than_its_pixels_is_broken() {
    let plain = made::apng(9, 7);
    assert_eq!(taken(&plain).picture, plain);
    let behind = with_other(&plain, b"fdAT", |data| vec![[data, ARCHIVE].concat()]);
    let more = |data: &[u8]| vec![[&data[..4], &longer(&data[4..])].concat()];
    for file in [behind, with_other(&plain, b"fdAT", more)] {
        assert!(refused(&file).sentence().contains("more than its pixels"));
    }
    let first = with_other(&plain, b"IDAT", |data| vec![longer(data)]);
    assert!(!holds(&taken(&first).picture, ARCHIVE));
}

/// An interlaced picture of one colour: each pass has rows of its own.
fn interlaced(width: u32, height: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for (left, top, across, down) in [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ] {
        let in_row = (left..width).step_by(across).count();
        for _ in (top..height).step_by(down).filter(|_| in_row > 0) {
            rows.extend(std::iter::once(0).chain(vec![9; in_row * 3]));
        }
    }
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = [&size[..], &[8, 2, 0, 0, 1]].concat();
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&rows, 6);
    let chunks =
        [made::chunk(b"IHDR", &header), made::chunk(b"IDAT", &packed), made::chunk(b"IEND", b"")];
    [&made::png(1, 1)[..8], &chunks.concat()].concat()
}

#[test]
fn an_interlaced_png_of_any_size_stays_as_it_was() {
    for (width, height) in (1..12).flat_map(|width| (1..12).map(move |height| (width, height))) {
        let plain = interlaced(width, height);
        assert_eq!(taken(&plain).picture, plain);
        let file = with_other(&plain, b"IDAT", |data| vec![longer(data)]);
        let prepared = taken(&file);
        assert_eq!(samples_of(&prepared.picture), samples_of(&plain));
        assert_eq!(prepared.removed, [Removed::Appended]);
    }
}
