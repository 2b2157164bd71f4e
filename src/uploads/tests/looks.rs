//! What is seen: pictures stand upright, thumbnails look like them.

use std::io::Cursor;

use jpeg_encoder::SamplingFactor;
use zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

use crate::model::ImageKind;

use super::super::orientation::Orientation;
use super::super::{Thumb, prepare};
use super::{made, taken};

/// RGB of a JPEG.
fn jpeg_pixels(file: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut decoder = JpegDecoder::new(ZCursor::new(file));
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    (width, height, pixels)
}

fn png_pixels(file: &[u8]) -> (png::OutputInfo, Vec<u8>) {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info, pixels)
}

fn furthest(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn a_jpeg_stands_upright_whatever_way_it_lay() {
    for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_2_2] {
        // The second size does not fill its blocks.
        for (width, height) in [(48, 32), (41, 23)] {
            for value in 1..=8u8 {
                let exif = made::exif_segment(value);
                let file = made::jpeg_with(width, height, sampling, &[(1, &exif)]);
                let prepared = taken(&file);
                let turn = Orientation::of_exif(value.into());
                let expected = turn.turn(&jpeg_pixels(&file).2, width, height, 3);
                let (w, h, pixels) = jpeg_pixels(&prepared.picture);
                assert_eq!((w, h), turn.size(width, height));
                assert_eq!((w as u32, h as u32), (prepared.width, prepared.height));
                let far = furthest(&pixels, &expected);
                assert!(far < 24, "{value} {sampling:?} {width}: {far}");
                let (_, _, thumb) = jpeg_pixels(&prepared.thumb.bytes);
                assert!(furthest(&thumb, &expected) < 64, "{value} {sampling:?} {width}");
            }
        }
    }
}

#[test]
fn a_png_stands_upright_without_losing_a_bit() {
    let deep: Vec<u8> = (0..6 * 4 * 6).map(|at| (at * 37 % 256) as u8).collect();
    for value in 2..=8u8 {
        let turn = Orientation::of_exif(value.into());
        let file = made::png_of((6, 4), png::ColorType::Rgb, png::BitDepth::Sixteen, &deep);
        let prepared = taken(&made::with_chunk(&file, b"eXIf", &made::exif(value)));
        let (info, pixels) = png_pixels(&prepared.picture);
        assert_eq!(info.bit_depth, png::BitDepth::Sixteen);
        assert_eq!(pixels, turn.turn(&deep, 6, 4, 6));
        let file = made::webp_with(6, 4, &made::exif(value), b"");
        let prepared = taken(&file);
        let mut decoder = image_webp::WebPDecoder::new(Cursor::new(&prepared.picture)).unwrap();
        let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut pixels).unwrap();
        assert_eq!(pixels, turn.turn(&made::rgb(6, 4), 6, 4, 3));
    }
}

#[test]
fn a_thumbnail_is_no_larger_than_its_place() {
    for (size, expected) in
        [((2000, 1000), (960, 480)), ((500, 1500), (240, 720)), ((30, 20), (30, 20))]
    {
        let Thumb { kind, width, height, bytes } = taken(&made::png(size.0, size.1)).thumb;
        assert_eq!(
            (kind, width as usize, height as usize),
            (ImageKind::Jpeg, expected.0, expected.1)
        );
        let (w, h, pixels) = jpeg_pixels(&bytes);
        assert_eq!((w, h), expected);
        assert!(furthest(&pixels, &made::rgb(w, h)) < 24);
    }
}

#[test]
fn what_shines_through_does_so_in_the_thumbnail() {
    // Left half: red that cannot be seen. Right half: blue.
    let row: Vec<u8> = [[255, 0, 0, 0].repeat(1000), [0, 0, 255, 255].repeat(1000)].concat();
    let file =
        made::png_of((2000, 10), png::ColorType::Rgba, png::BitDepth::Eight, &row.repeat(10));
    let thumb = taken(&file).thumb;
    assert_eq!(thumb.kind, ImageKind::Png);
    let (_, pixels) = png_pixels(&thumb.bytes);
    assert_eq!(pixels[3], 0);
    assert_eq!(pixels[480 * 4..481 * 4], [0, 0, 255, 255], "nothing bleeds out of what is unseen");
    let opaque: Vec<u8> = [1, 2, 3, 255].repeat(20);
    let file = made::png_of((5, 4), png::ColorType::Rgba, png::BitDepth::Eight, &opaque);
    assert_eq!(taken(&file).thumb.kind, ImageKind::Jpeg);
}

#[test]
fn grey_and_palettes_and_deep_pixels_have_thumbnails() {
    use png::{BitDepth, ColorType};
    let cases: [(ColorType, BitDepth, Vec<u8>, [u8; 3]); 5] = [
        (ColorType::Grayscale, BitDepth::One, vec![0xFF; 8], [255; 3]),
        (ColorType::Grayscale, BitDepth::Sixteen, [0x80, 0].repeat(64), [128; 3]),
        (ColorType::GrayscaleAlpha, BitDepth::Eight, [77, 255].repeat(64), [77; 3]),
        (ColorType::Indexed, BitDepth::One, vec![0xFF; 8], [0, 0, 255]),
        (
            ColorType::Rgba,
            BitDepth::Sixteen,
            [9, 0, 9, 0, 200, 0, 255, 255].repeat(64),
            [9, 9, 200],
        ),
    ];
    for (colour, depth, samples, expected) in cases {
        let thumb = taken(&made::png_of((8, 8), colour, depth, &samples)).thumb;
        let mut decoder = JpegDecoder::new(ZCursor::new(&thumb.bytes));
        let options =
            decoder.options().jpeg_set_out_colorspace(zune_core::colorspace::ColorSpace::RGB);
        decoder.set_options(options);
        let pixels = decoder.decode().unwrap();
        assert!(furthest(&pixels[..3], &expected) < 6, "{colour:?} {depth:?} {:?}", &pixels[..3]);
    }
}

#[test]
fn a_large_jpeg_has_the_thumbnail_of_its_pixels() {
    for value in [1u8, 6] {
        let exif = made::exif_segment(value);
        let file = made::jpeg_with(2000, 1504, SamplingFactor::F_2_2, &[(1, &exif)]);
        let prepared = prepare(&file, &super::Bounds::default()).unwrap();
        let (w, h, pixels) = jpeg_pixels(&prepared.thumb.bytes);
        let turn = Orientation::of_exif(value.into());
        let stored = turn.size(w, h);
        let expected = turn.turn(&made::rgb(stored.0, stored.1), stored.0, stored.1, 3);
        assert!(furthest(&pixels, &expected) < 12);
    }
}
