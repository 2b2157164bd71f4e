//! Pictures that were made to hurt: small files that unpack to much, large ones that are just
//! allowed, files that are two things at once.

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::pictures::{chunk, gif, jpeg_with, noise, png};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A PNG of these parts; `zeros` is what its data unpack to, in bytes.
pub fn png_by_hand(
    (width, height): (u32, u32),
    [depth, colours, interlace]: [u8; 3],
    more: &[Vec<u8>],
    zeros: usize,
) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = [sides.as_slice(), &[depth, colours, 0, 0, interlace]].concat();
    let data = compress_to_vec_zlib(&vec![0; zeros], 1);
    let mut bytes = [SIGNATURE, &chunk(b"IHDR", &header)].concat();
    bytes.extend(more.concat());
    bytes.extend(chunk(b"IDAT", &data));
    bytes.extend(chunk(b"IEND", b""));
    bytes
}

/// 20,000 by 20,000 pixels in black and white, all of them there: 50 MB in 50 kB.
pub fn wide_and_high() -> Vec<u8> {
    png_by_hand((20_000, 20_000), [1, 0, 0], &[], 20_000 * (1 + 2500))
}

/// 66 bytes that say that they are 2³¹ − 1 pixels wide and high.
pub fn sixty_six_bytes() -> Vec<u8> {
    let side = i32::MAX as u32;
    let bytes = png_by_hand((side, side), [8, 6, 0], &[], 0);
    // The data of no pixels take 8 bytes; one more makes it the 66 of the story.
    [bytes, vec![0]].concat()
}

/// A small picture with a compressed part that unpacks to 200 MB.
pub fn bomb(kind: &[u8; 4]) -> Vec<u8> {
    let zeros = compress_to_vec_zlib(&vec![b' '; 200_000_000], 1);
    let head: &[u8] = match kind {
        b"iTXt" => b"Comment\0\x01\0en\0\0",
        _ => b"Comment\0\0",
    };
    png_by_hand((4, 4), [8, 2, 0], &[chunk(kind, &[head, &zeros].concat())], 4 * 13)
}

/// A picture of 4 by 4 pixels whose data go on for 200 MB.
pub fn endless_data() -> Vec<u8> {
    png_by_hand((4, 4), [8, 2, 0], &[], 200_000_000)
}

/// An animation of very many frames.
pub fn many_frames() -> Vec<u8> {
    gif(1, 1, 10_000)
}

/// A GIF that a browser would run as a script, if it were told that it is one.
pub fn gif_and_script() -> Vec<u8> {
    let mut bytes = gif(0x2f, 0x2a, 1);
    // The width is `/*` then: whatever follows is a comment, up to the trailer and beyond.
    bytes[6..8].copy_from_slice(b"/*");
    [bytes, b"*/=1;alert('gossamer-script')//".to_vec()].concat()
}

/// A PNG with an archive behind it.
pub fn png_and_archive() -> Vec<u8> {
    let archive = b"PK\x03\x04\x14\0gossamer-archive.txtPK\x05\x06".as_slice();
    [png(20, 20, 1), archive.to_vec(), vec![0; 18]].concat()
}

/// The same with the archive inside, behind the pixels' data.
pub fn png_around_archive() -> Vec<u8> {
    let picture = png(20, 20, 1);
    let archive = b"PK\x03\x04\x14\0gossamer-archive.txtPK\x05\x06";
    let at = memchr::memmem::find(&picture, b"IDAT").expect("it has pixels");
    let head = [picture[at - 4], picture[at - 3], picture[at - 2], picture[at - 1]];
    let end = at + 4 + u32::from_be_bytes(head) as usize;
    let data = [&picture[at + 4..end], archive].concat();
    [&picture[..at - 4], &chunk(b"IDAT", &data), &picture[end + 4..]].concat()
}

/// A GIF with a script in a block behind its last pixel.
pub fn gif_around_script() -> Vec<u8> {
    let plain = gif(20, 20, 1);
    let script = b"*/=1;alert('gossamer-script')//";
    let end = plain.len() - 2;
    [&plain[..end], &[script.len() as u8], script, &plain[end..]].concat()
}

/// A JPEG with a page in its comment.
pub fn jpeg_and_page() -> Vec<u8> {
    let page = b"\xff\xfe\0\x40<html><script>alert('gossamer-page')</script></html>";
    let plain = jpeg_with((20, 20), &noise(1, 1200), |_| {});
    let mut comment = page.to_vec();
    comment.resize(2 + 0x40, b' ');
    [&plain[..2], &comment, &plain[2..]].concat()
}

/// What is no picture here, with a word of the sentence that says so.
pub fn strangers() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08mdat".as_slice();
    let avif = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\0\x08mdat".as_slice();
    let page = b"<!DOCTYPE html><script>alert(1)</script>";
    let exe = [b"MZ\x90\0".as_slice(), &noise(1, 1000)].concat();
    vec![
        ("svg", "SVG", svg.to_vec()),
        ("svg with a declaration", "SVG", [b"<?xml version='1.0'?>\n".as_slice(), svg].concat()),
        ("heic", "HEIC", heic.to_vec()),
        ("avif", "AVIF", avif.to_vec()),
        ("a page", "PNG", page.to_vec()),
        ("a program", "PNG", exe),
        ("noise", "PNG", noise(7, 10_000)),
        ("a bitmap", "PNG", [b"BM".as_slice(), &noise(2, 1000)].concat()),
    ]
}

/// The heaviest that may come: many pixels in few bytes, of every kind, allowed or just not.
pub fn heavyweights() -> Vec<(&'static str, Vec<u8>)> {
    let side = 6300_u32;
    let flat = vec![120_u8; (side * side * 3) as usize];
    let at = (side as u16, side as u16);
    let interlaced = |bytes_each: usize| {
        // Seven passes; each row of each has its filter byte in front.
        let passes: [(usize, usize, usize, usize); 7] = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ];
        let of = |(x, y, across, down): (usize, usize, usize, usize)| {
            let side = side as usize;
            (side - y).div_ceil(down) * (1 + bytes_each * (side - x).div_ceil(across))
        };
        passes.into_iter().map(of).sum::<usize>()
    };
    let size = (side, side);
    vec![
        ("interlaced PNG", png_by_hand(size, [8, 6, 1], &[], interlaced(4))),
        ("deep interlaced PNG", png_by_hand(size, [16, 6, 1], &[], interlaced(8))),
        ("JPEG", jpeg_with(at, &flat, |_| {})),
        ("progressive JPEG", jpeg_with(at, &flat, |encoder| encoder.set_progressive(true))),
        ("20,000 by 20,000", wide_and_high()),
        ("bomb", bomb(b"zTXt")),
    ]
}
