//! A profile says which colours a picture has, and nothing else.

use super::super::Removed;
use super::{holds, made, taken};

/// A profile of these tags, as a camera's maker might write it.
fn profile_of(version: u8, tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut profile = vec![0; 128];
    profile[4..8].copy_from_slice(b"Acme");
    profile[8] = version;
    profile[12..24].copy_from_slice(b"mntrRGB XYZ ");
    profile[24..36].fill(7);
    profile[36..44].copy_from_slice(b"acspAPPL");
    profile[48..56].copy_from_slice(b"AdasCam1");
    profile[80..100].fill(9);
    profile.extend((tags.len() as u32).to_be_bytes());
    let mut at = 132 + 12 * tags.len();
    for (name, data) in tags {
        profile.extend(&name[..]);
        profile.extend([at as u32, data.len() as u32].map(u32::to_be_bytes).concat());
        at += data.len();
    }
    profile.extend(tags.iter().flat_map(|(_, data)| data).copied());
    let size = (profile.len() as u32).to_be_bytes();
    profile[..4].copy_from_slice(&size);
    profile
}

/// A tag that shapes colours, with something behind it.
fn with_secret(data: &[u8]) -> Vec<u8> {
    [data, made::SECRET, &[0]].concat()
}

fn in_jpeg(profile: &[u8]) -> Vec<u8> {
    made::with_segment(&made::jpeg(8, 8), 0xE2, &[b"ICC_PROFILE\0\x01\x01", profile].concat())
}

#[test]
fn a_profile_says_which_colours_and_not_whose() {
    let text = with_secret(b"text\0\0\0\0");
    let white = with_secret(b"XYZ \0\0\0\0\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D");
    let curve = with_secret(b"curv\0\0\0\0\0\0\0\x01\x02\x33");
    let power = with_secret(b"para\0\0\0\0\0\0\0\0\0\x02\0\0");
    for version in [2, 4] {
        let profile = profile_of(
            version,
            &[
                (b"desc", text.clone()),
                (b"cprt", text.clone()),
                (b"dmnd", text.clone()),
                (b"priv", text.clone()),
                (b"wtpt", white.clone()),
                (b"rTRC", curve.clone()),
                (b"gTRC", power.clone()),
            ],
        );
        let png = [b"x\0\0", &miniz_oxide::deflate::compress_to_vec_zlib(&profile, 6)[..]].concat();
        let png = taken(&made::with_chunk(&made::png(5, 5), b"iCCP", &png));
        let jpeg = taken(&in_jpeg(&profile));
        assert!(holds(&jpeg.picture, b"wtpt") && holds(&jpeg.picture, &curve[..14]));
        assert!(holds(&png.thumb.bytes, &power[..16]));
        for secret in [made::SECRET, b"Acme", b"APPL", b"AdasCam1", &[7; 12], &[9; 16]] {
            assert!(!holds(&jpeg.picture, secret) && !holds(&png.thumb.bytes, secret));
        }
        assert_eq!(jpeg.removed, []);
        assert_eq!(png.removed, jpeg.removed);
        let again = taken(&jpeg.picture);
        assert_eq!((again.picture, again.removed), (jpeg.picture, vec![]));
    }
}

#[test]
fn a_profile_that_makes_no_sense_is_dropped() {
    let white = b"XYZ \0\0\0\0\0\0\xF6\xD6\0\x01\0\0\0\0\xD3\x2D".to_vec();
    let good = profile_of(4, &[(b"wtpt", white.clone())]);
    assert!(holds(&taken(&in_jpeg(&good)).picture, b"acsp"));
    let mut outside = good.clone();
    outside[139] = 250;
    let mut many = good.clone();
    many[129] = 1;
    let mut link = good;
    link[12..16].copy_from_slice(b"link");
    let short = profile_of(4, &[(b"wtpt", white[..19].to_vec())]);
    let nothing = profile_of(4, &[(b"priv", white)]);
    for profile in [outside, many, link, short, nothing] {
        let prepared = taken(&in_jpeg(&profile));
        assert!(!holds(&prepared.picture, b"acsp"));
        assert!(prepared.removed.contains(&Removed::Other));
    }
}

#[test]
fn tags_that_share_their_data_still_do_and_those_that_overlap_are_refused() {
    let curve = [&b"curv\0\0\0\0\0\0\x03\xE8"[..], &[1; 2000]].concat();
    let mut profile = profile_of(2, &[(b"rTRC", vec![]), (b"gTRC", vec![]), (b"bTRC", curve)]);
    let place = profile[160..168].to_vec();
    profile[136..144].copy_from_slice(&place);
    profile[148..156].copy_from_slice(&place);
    let kept = taken(&in_jpeg(&profile)).picture;
    assert!(holds(&kept, b"bTRC") && kept.len() < made::jpeg(8, 8).len() + profile.len() + 200);
    // Each a little shorter than the other: not the same, and together more than there is.
    profile[154..156].copy_from_slice(&2013u16.to_be_bytes());
    profile[142..144].copy_from_slice(&2014u16.to_be_bytes());
    profile.extend([1, 1, 1, 1]);
    let size = (profile.len() as u32).to_be_bytes();
    profile[..4].copy_from_slice(&size);
    assert!(!holds(&taken(&in_jpeg(&profile)).picture, b"acsp"));
}
