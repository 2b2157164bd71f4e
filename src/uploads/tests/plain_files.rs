//! What is kept is a picture and no other file, though its pixels were made to hide one.

use super::super::Unfit;
use super::refused;

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
