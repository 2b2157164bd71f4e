//! Pictures that are made here, and how the server shows them.

use serde::Deserialize;

use super::{Answer, Form, Person, TestApp};

/// A picture of a message: alive, or the place where it was.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Picture {
    Alive(Alive),
    Gone(Gone),
}

/// Exactly the fields of a picture that lives.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Alive {
    pub id: String,
    pub url: String,
    pub thumb_url: String,
    pub width: u32,
    pub height: u32,
    pub r#type: String,
    pub bytes: u64,
    pub alt: String,
    pub expires_at: String,
    /// It waits for a moderator.
    #[serde(default)]
    pub pending: bool,
}

/// Exactly the fields of a picture that is gone.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    pub id: String,
    pub gone: String,
    pub width: u32,
    pub height: u32,
    pub alt: String,
}

impl Picture {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Alive(alive) => &alive.id,
            Self::Gone(gone) => &gone.id,
        }
    }

    /// Why it is gone and what words are left; panics where it lives.
    pub fn gone(&self) -> (&str, &str) {
        match self {
            Self::Alive(alive) => panic!("it is there: {alive:?}"),
            Self::Gone(gone) => (&gone.gone, &gone.alt),
        }
    }

    /// Whether it lives.
    pub fn lives(&self) -> bool {
        matches!(self, Self::Alive(_))
    }
}

/// The answer to an upload, as it is kept by who goes on with it.
#[derive(Clone, Debug, Deserialize)]
pub struct Uploaded {
    pub id: String,
    pub url: String,
    pub thumb_url: String,
    pub expires_at: String,
}

impl Person {
    /// Uploads a picture for a room.
    pub fn upload(&self, app: &TestApp, room: &str, picture: &[u8]) -> Uploaded {
        self.upload_form(app, Form::of(room, picture))
    }

    /// Uploads a picture that lives for `ttl` seconds.
    pub fn upload_for(&self, app: &TestApp, room: &str, ttl: u64, picture: &[u8]) -> Uploaded {
        self.upload_form(app, Form::of(room, picture).field("ttl", &ttl.to_string()))
    }

    /// Uploads a form that is fine.
    pub fn upload_form(&self, app: &TestApp, form: Form) -> Uploaded {
        app.upload(&self.token, form).json(201)
    }

    /// Asks for a path with the token.
    pub fn fetch(&self, app: &TestApp, path: &str) -> Answer {
        self.fetch_with(app, path, &[])
    }

    /// The same with more headers.
    pub fn fetch_with(&self, app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        app.ask("GET", path, &headers, "")
    }

    /// The bytes of picture and thumbnail.
    pub fn both(&self, app: &TestApp, uploaded: &Uploaded) -> [Vec<u8>; 2] {
        [&uploaded.url, &uploaded.thumb_url].map(|path| {
            let answer = self.fetch(app, path);
            assert_eq!(answer.status, 200, "{}", answer.body);
            answer.bytes
        })
    }
}

/// A picture that everybody may see, and its bytes.
pub async fn shown_in_the_lobby(app: &TestApp, who: &mut Person) -> (Uploaded, Vec<u8>) {
    let uploaded = who.upload(app, "lobby", &png(40, 30, 1));
    who.show("lobby", &[&uploaded.id]).await;
    let [picture, _] = who.both(app, &uploaded);
    (uploaded, picture)
}

/// Neither picture nor thumbnail can be fetched any more.
pub fn is_gone(app: &TestApp, who: &Person, picture: &Uploaded) {
    for path in [&picture.url, &picture.thumb_url] {
        let refused = who.fetch(app, path);
        refused.refused(410, "image_gone");
        assert_eq!(refused.header("cache-control"), "no-store");
    }
}

/// Nothing of these bytes is in any file of the server.
pub fn nowhere(app: &TestApp, copies: &[Vec<u8>]) {
    for copy in copies {
        assert_eq!(app.files_with_part_of(copy), Vec::<std::path::PathBuf>::new());
    }
}

/// `count` bytes that nothing compresses and no other seed has.
pub fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let mut next = || {
        // SplitMix64: short, and good enough to be told apart.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as u8
    };
    (0..count).map(|_| next()).collect()
}

/// A PNG of noise.
pub fn png(width: u32, height: u32, seed: u64) -> Vec<u8> {
    png_of(width, height, &noise(seed, (width * height * 3) as usize))
}

/// A PNG of these RGB pixels.
pub fn png_of(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("a sound header");
    writer.write_image_data(rgb).expect("as many pixels as it says");
    writer.finish().expect("a whole picture");
    bytes
}

/// A chunk of a PNG, with its checksum.
pub fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("chunks are short").to_be_bytes();
    let sum = crc32fast::hash(&[kind.as_slice(), data].concat()).to_be_bytes();
    [length.as_slice(), kind, data, &sum].concat()
}

/// The RGB pixels of a PNG.
pub fn pixels(bytes: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a small picture")];
    let frame = reader.next_frame(&mut pixels).expect("a whole PNG");
    assert_eq!(frame.color_type, png::ColorType::Rgb);
    pixels.truncate(frame.buffer_size());
    pixels
}

/// A JPEG; `tune` may ask for more than a plain one.
pub fn jpeg_with(
    (width, height): (u16, u16),
    rgb: &[u8],
    tune: impl FnOnce(&mut jpeg_encoder::Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 60);
    tune(&mut encoder);
    encoder.encode(rgb, width, height, jpeg_encoder::ColorType::Rgb).expect("it can be encoded");
    bytes
}

/// A JPEG of noise.
pub fn jpeg(width: u16, height: u16, seed: u64) -> Vec<u8> {
    let rgb = noise(seed, usize::from(width) * usize::from(height) * 3);
    jpeg_with((width, height), &rgb, |_| {})
}

/// A GIF whose frames are noise in two colours.
pub fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut bytes, width, height, &[0, 0, 0, 255, 255, 255]).expect("a GIF");
    for n in 0..frames {
        let dots = noise(n as u64, usize::from(width) * usize::from(height));
        let dots: Vec<u8> = dots.into_iter().map(|dot| dot & 1).collect();
        let frame =
            gif::Frame { width, height, delay: 10, buffer: dots.into(), ..Default::default() };
        encoder.write_frame(&frame).expect("a frame");
    }
    drop(encoder);
    bytes
}

/// A WebP without loss.
pub fn webp(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let rgb = noise(seed, (width * height * 3) as usize);
    let encoder = image_webp::WebPEncoder::new(&mut bytes);
    encoder.encode(&rgb, width, height, image_webp::ColorType::Rgb8).expect("a WebP");
    bytes
}
