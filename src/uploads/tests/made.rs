//! Small pictures, and the things that hide in them, made by code.

use std::borrow::Cow;

use image_webp::WebPEncoder;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// What must never come out again.
pub const SECRET: &[u8] = b"ada@example.org";

/// Colours that differ in each corner, so that every turn can be told from the others.
pub fn rgb(width: usize, height: usize) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (x * 255 / width.max(1), y * 255 / height.max(1));
            pixels.extend([x, y, (x + y) / 2].map(|sample| sample as u8));
        }
    }
    pixels
}

/// A JPEG with these application segments.
pub fn jpeg_with(
    width: usize,
    height: usize,
    sampling: SamplingFactor,
    app: &[(u8, &[u8])],
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(sampling);
    for (number, data) in app {
        encoder.add_app_segment(*number, data.to_vec()).unwrap();
    }
    encoder.encode(&rgb(width, height), width as u16, height as u16, ColorType::Rgb).unwrap();
    file
}

pub fn jpeg(width: usize, height: usize) -> Vec<u8> {
    jpeg_with(width, height, SamplingFactor::F_2_2, &[])
}

pub fn progressive(width: usize, height: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_progressive(true);
    encoder.encode(&rgb(width, height), width as u16, height as u16, ColorType::Rgb).unwrap();
    file
}

/// EXIF as a phone writes it: its maker, an orientation, a time, a place, an author, a thumbnail.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut data = b"MM\0\x2A\0\0\0\x08".to_vec();
    let entries: [(u16, u16, u32, [u8; 4]); 6] = [
        (0x010F, 2, 4, *b"Acm\0"),
        (0x0112, 3, 1, [0, orientation, 0, 0]),
        (0x0131, 2, 4, *b"1.0\0"),
        (0x0132, 2, 20, 98u32.to_be_bytes()),
        (0x013B, 2, SECRET.len() as u32, 118u32.to_be_bytes()),
        (0x8825, 4, 1, 140u32.to_be_bytes()),
    ];
    data.extend((entries.len() as u16).to_be_bytes());
    for (tag, kind, count, value) in entries {
        data.extend(
            [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat(),
        );
    }
    data.extend(160u32.to_be_bytes());
    data.resize(98, 0);
    data.extend(b"2026:11:23 12:00:00\0");
    data.extend(SECRET);
    data.resize(140, 0);
    data.extend([0, 1, 0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0, 0, 0, 0, 0]);
    data.resize(160, 0);
    data.extend([0, 1, 1, 3, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
    data
}

/// The same with the name that JPEG puts before it.
pub fn exif_segment(orientation: u8) -> Vec<u8> {
    [&b"Exif\0\0"[..], &exif(orientation)].concat()
}

/// A small colour profile of version 4, as it is kept: two texts that share their data, and a white.
pub fn profile() -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[3] = 224;
    profile[8] = 4;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[24..30].copy_from_slice(&[0x07, 0xD0, 0, 1, 0, 1]);
    profile[36..40].copy_from_slice(b"acsp");
    profile.extend([0, 0, 0, 3]);
    for (name, at, size) in [(b"desc", 168, 34), (b"cprt", 168, 34), (b"wtpt", 204, 20)] {
        profile.extend([&name[..], &[0, 0, 0, at, 0, 0, 0, size]].concat());
    }
    profile.extend(b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS\0\0\0\x06\0\0\0\x1C\0I\0C\0C\0\0");
    profile.extend(b"XYZ \0\0\0\0\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D");
    profile
}

/// Puts a segment behind a JPEG's first marker.
pub fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, data, &jpeg[2..]].concat()
}

/// A chunk of a PNG.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(&[name, data].concat());
    [&(data.len() as u32).to_be_bytes(), &name[..], data, &sum.to_be_bytes()].concat()
}

/// Puts a chunk behind a PNG's header.
pub fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&png[..33], &chunk(name, data), &png[33..]].concat()
}

pub fn png_of(
    size: (u32, u32),
    colour: png::ColorType,
    depth: png::BitDepth,
    samples: &[u8],
) -> Vec<u8> {
    let mut info = png::Info::with_size(size.0, size.1);
    info.color_type = colour;
    info.bit_depth = depth;
    if colour == png::ColorType::Indexed {
        info.palette = Some(Cow::Borrowed(&[255, 0, 0, 0, 0, 255]));
    }
    let mut file = Vec::new();
    let mut writer = png::Encoder::with_info(&mut file, info).unwrap().write_header().unwrap();
    writer.write_image_data(samples).unwrap();
    writer.finish().unwrap();
    file
}

pub fn png(width: usize, height: usize) -> Vec<u8> {
    let size = (width as u32, height as u32);
    png_of(size, png::ColorType::Rgb, png::BitDepth::Eight, &rgb(width, height))
}

/// Three frames, with an end and a loop.
pub fn apng(width: usize, height: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(3, 2).unwrap();
    encoder.set_frame_delay(1, 10).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for _ in 0..3 {
        writer.write_image_data(&rgb(width, height)).unwrap();
    }
    writer.finish().unwrap();
    file
}

pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let palette = [0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255];
    let mut encoder = gif::Encoder::new(&mut file, width, height, &palette).unwrap();
    encoder.set_repeat(gif::Repeat::Infinite).unwrap();
    for frame in 0..frames {
        let pixels: Vec<u8> = (0..usize::from(width) * usize::from(height))
            .map(|at| ((at + frame) % 4) as u8)
            .collect();
        let frame =
            gif::Frame { delay: 7, ..gif::Frame::from_indexed_pixels(width, height, pixels, None) };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

pub fn webp(width: usize, height: usize) -> Vec<u8> {
    let mut file = Vec::new();
    WebPEncoder::new(&mut file)
        .encode(&rgb(width, height), width as u32, height as u32, image_webp::ColorType::Rgb8)
        .unwrap();
    file
}

/// With everything that the encoder can add.
pub fn webp_with(width: usize, height: usize, exif: &[u8], xmp: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new(&mut file);
    encoder.set_icc_profile(profile());
    encoder.set_exif_metadata(exif.to_vec());
    encoder.set_xmp_metadata(xmp.to_vec());
    encoder
        .encode(&rgb(width, height), width as u32, height as u32, image_webp::ColorType::Rgb8)
        .unwrap();
    file
}

/// One of each kind, with something hidden in each.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let exif = exif_segment(1);
    let sideways = exif_segment(6);
    vec![
        ("jpeg", jpeg_with(40, 24, SamplingFactor::F_2_2, &[(1, &exif)])),
        ("turned jpeg", jpeg_with(48, 32, SamplingFactor::F_2_1, &[(1, &sideways)])),
        ("uneven turned jpeg", jpeg_with(41, 23, SamplingFactor::F_2_2, &[(1, &sideways)])),
        ("progressive jpeg", progressive(33, 20)),
        ("png", with_chunk(&png(20, 12), b"tEXt", b"Comment\0hidden")),
        ("turned png", with_chunk(&png(20, 12), b"eXIf", &self::exif(5))),
        ("apng", apng(9, 7)),
        ("gif", gif(13, 9, 3)),
        ("webp", webp_with(20, 12, &self::exif(1), b"<x/>")),
        ("turned webp", webp_with(20, 12, &self::exif(8), b"<x/>")),
    ]
}

/// A lossless WebP of 16 by 16 pixels with so many groups of codes, each as large as it can be.
pub fn webp_of_codes(groups: u16) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut write = |value: usize, count: usize| {
        bits.extend((0..count).map(|bit| value >> bit & 1 == 1));
    };
    for (value, count) in
        [(0x2F, 8), (15, 14), (15, 14), (0, 4), (0, 1), (0, 1), (1, 1), (0, 3), (0, 1)]
    {
        write(value, count);
    }
    // The picture of groups: each pixel is the last group, so its codes have one symbol each.
    let last = usize::from(groups) - 1;
    for symbol in [last & 255, last >> 8, 0, 255, 0] {
        for (value, count) in [(1, 1), (0, 1), (1, 1), (symbol, 8)] {
            write(value, count);
        }
    }
    // Lengths 1 to 6 have codes of three bits, 7 to 10 of four; all of them come, 10 twice.
    let code = |length: usize| if length <= 6 { (length - 1, 3) } else { (length + 5, 4) };
    for _ in 0..usize::from(groups) * 5 {
        write(0, 1);
        write(10, 4);
        for length in [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10] {
            write(if (1..=10).contains(&length) { code(length).1 } else { 0 }, 3);
        }
        for (value, count) in [(1, 1), (1, 3), (9, 4)] {
            write(value, count);
        }
        for length in (1..=10).chain([10]) {
            let (value, count) = code(length);
            (0..count).rev().for_each(|bit| write(value >> bit & 1, 1));
        }
    }
    write(0, 64);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    let mut data: Vec<u8> = bits.chunks(8).map(byte).collect();
    data.resize(data.len().next_multiple_of(2), 0);
    let size = data.len() as u32;
    let head =
        [&b"RIFF"[..], &(size + 12).to_le_bytes(), b"WEBPVP8L", &size.to_le_bytes()].concat();
    [head, data].concat()
}
