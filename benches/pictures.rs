//! What preparing a picture costs, as a ratio to what nobody can do without: decoding it with the
//! `image` crate and resizing it once.
//!
//! All contestants take turns in each round, so that whatever else the machine does hits all of them;
//! time is CPU time of this thread. `cargo bench --bench pictures`.

use std::hint::black_box;

use image::imageops::FilterType;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use parlor::uploads::{Bounds, prepare};

const WIDTH: u16 = 4032;
const HEIGHT: u16 = 3024;
const ROUNDS: usize = 11;

/// A contestant: its name and its work.
type Contestant<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn main() {
    let pixels = scene();
    let upright = photograph(&pixels, 1);
    let sideways = photograph(&pixels, 6);
    println!("a photograph of {WIDTH} by {HEIGHT}, {} bytes, {ROUNDS} rounds", upright.len());
    let contestants: Vec<Contestant<'_>> = vec![
        ("image: decode", Box::new(|| drop(black_box(decoded(&upright))))),
        (
            "image: decode + thumbnail",
            Box::new(|| drop(black_box(decoded(&upright).thumbnail(960, 720)))),
        ),
        (
            "image: decode + resize (triangle)",
            Box::new(|| drop(black_box(decoded(&upright).resize(960, 720, FilterType::Triangle)))),
        ),
        ("parlor: prepare, upright", Box::new(|| prepared(&upright))),
        ("parlor: prepare, to be turned", Box::new(|| prepared(&sideways))),
    ];
    report(&contestants, &measure(&contestants));
}

fn decoded(file: &[u8]) -> image::DynamicImage {
    image::load_from_memory(file).expect("it was encoded just now")
}

fn prepared(file: &[u8]) {
    drop(black_box(prepare(file, &Bounds::default()).expect("it was encoded just now")));
}

/// CPU milliseconds of each contestant in each round.
fn measure(contestants: &[Contestant<'_>]) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..=ROUNDS {
        for ((_, work), times) in contestants.iter().zip(&mut times) {
            let start = cpu_millis();
            work();
            // The first round warms up.
            if round > 0 {
                times.push(cpu_millis() - start);
            }
        }
    }
    times
}

fn report(contestants: &[Contestant<'_>], times: &[Vec<f64>]) {
    println!(
        "{:36} {:>8} {:>8} {:>8}   of thumbnail  of triangle",
        "CPU ms", "median", "min", "max"
    );
    for ((name, _), of) in contestants.iter().zip(times) {
        let sorted = sorted(of);
        let [min, max] = [sorted[0], sorted[sorted.len() - 1]];
        // Round by round, so that both sides of a ratio met the same machine.
        let ratio = |to: &[f64]| {
            median(&of.iter().zip(to).map(|(mine, theirs)| mine / theirs).collect::<Vec<_>>())
        };
        println!(
            "{name:36} {:8.1} {min:8.1} {max:8.1}   {:12.2}  {:11.2}",
            median(of),
            ratio(&times[1]),
            ratio(&times[2])
        );
    }
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(times: &[f64]) -> f64 {
    sorted(times)[times.len() / 2]
}

/// What this thread has run so far; the kernel counts it in nanoseconds.
fn cpu_millis() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let nanos: f64 = told.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    nanos / 1e6
}

/// Smooth shapes with a little noise: about as hard to code as a photograph.
fn scene() -> Vec<u8> {
    let mut seed = 1u32;
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (x, y) = (f32::from(x) / 97.0, f32::from(y) / 61.0);
            let light =
                120.0 + 60.0 * (x * 0.7 + (y * 0.3).sin() * 2.0).sin() + 40.0 * (y * 1.9).cos();
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f32::from((seed >> 24) as u8) / 12.0;
            for tint in [1.0, 0.9 + 0.1 * (x * 0.1).cos(), 0.7 + 0.2 * (y * 0.2).sin()] {
                pixels.push((light * tint + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    pixels
}

/// As a phone writes it: 4:2:0, good quality, with EXIF.
fn photograph(pixels: &[u8], orientation: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 93);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let exif = [
        &b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x02\x01\x0F\0\x02\0\0\0\x04Acm\0"[..],
        &[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
    ];
    encoder.add_app_segment(1, exif.concat()).expect("it is short");
    encoder.encode(pixels, WIDTH, HEIGHT, ColorType::Rgb).expect("a Vec takes everything");
    file
}
