//! No bytes make it panic, and what is cut or damaged is found where it can be.

use proptest::prelude::*;

use super::super::{Bounds, Unfit, prepare, sniff, weight};
use super::{made, refused};

const SMALL: Bounds = Bounds {
    pixels: 4_000_000,
    side: 4096,
    frames: 50,
    animation_pixels: 8_000_000,
    memory: 64 << 20,
};

/// Ok or unfit, and what is ok is taken again as it is.
fn survives(file: &[u8]) {
    let weighed = weight(file, &SMALL);
    if let Ok(prepared) = prepare(file, &SMALL) {
        assert!(weighed.is_ok());
        assert!(prepared.width > 0 && prepared.height > 0);
        let again = prepare(&prepared.picture, &SMALL).expect("what is kept is a picture");
        assert_eq!(again.picture, prepared.picture);
        assert_eq!(again.removed, []);
    }
}

#[test]
fn a_picture_that_was_cut_is_broken() {
    for (name, file) in made::all() {
        for end in 0..file.len() {
            let unfit = refused(&file[..end]);
            let few = end < 12 && matches!(unfit, Unfit::Unsupported(_));
            assert!(few || matches!(unfit, Unfit::Broken(_)), "{name} cut at {end}: {unfit}");
        }
    }
}

#[test]
fn a_jpeg_whose_pixels_were_cut_is_broken_though_its_end_is_there() {
    let file = made::jpeg(64, 64);
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14;
    for end in scan..file.len() - 4 {
        let cut = [&file[..end], &[0xFF, 0xD9]].concat();
        // Cutting may leave half of a pair that means something else.
        if file[end - 1] != 0xFF {
            assert!(matches!(refused(&cut), Unfit::Broken(_)), "cut at {end} of {}", file.len());
        }
    }
}

#[test]
fn a_flipped_bit_in_a_png_is_found() {
    let file = made::png(20, 12);
    for at in 8..file.len() {
        for bit in 0..8 {
            let mut file = file.clone();
            file[at] ^= 1 << bit;
            refused(&file);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0..4) {
        let _ = sniff(&bytes);
        survives(&bytes);
        let start: &[u8] = match kind {
            0 => b"\xFF\xD8",
            1 => b"\x89PNG\r\n\x1a\n",
            2 => b"GIF89a",
            _ => b"RIFF\xFF\0\0\0WEBP",
        };
        survives(&[start, &bytes].concat());
    }

    #[test]
    fn damaged_pictures_are_taken_or_refused(
        which in 0..made::all().len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let (_, mut file) = made::all().swap_remove(which);
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        survives(&file);
    }

    #[test]
    fn damaged_png_with_right_checksums_is_taken_or_refused(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        animated in any::<bool>(),
    ) {
        let file = if animated { made::apng(9, 7) } else { made::png(20, 12) };
        let mut damaged = file[..8].to_vec();
        let hit = at.index(file.len() - 8) + 8;
        let mut from = 8;
        while from < file.len() {
            let length = u32::from_be_bytes(file[from..from + 4].try_into().unwrap()) as usize;
            let name: [u8; 4] = file[from + 4..from + 8].try_into().unwrap();
            let mut data = file[from + 8..from + 8 + length].to_vec();
            if let Some(at) = hit.checked_sub(from + 8).filter(|at| *at < length) {
                data[at] = byte;
            }
            damaged.extend(made::chunk(&name, &data));
            from += length + 12;
        }
        survives(&damaged);
    }
}
