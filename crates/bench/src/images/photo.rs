//! Pictures that weigh what photos weigh: soft and hard shapes of all sizes, and a sensor's grain.

use image::{DynamicImage, RgbImage, RgbaImage};
use rayon::prelude::*;

/// Sizes of the shapes, in pixels, and how far they go from dark to light.
const SHAPES: [(u32, f32); 7] =
    [(600, 85.0), (270, 47.0), (120, 26.0), (55, 14.0), (25, 8.0), (11, 4.0), (5, 2.5)];

/// How many values lie between two contours, at which a soft shade breaks off in an edge.
const CONTOUR: f32 = 12.0;

/// The grain of the sensor, in values.
const GRAIN: f32 = 6.0;

/// A landscape of sorts; the same at each run.
pub(super) fn taken(width: u32, height: u32) -> RgbImage {
    let mut photo = RgbImage::new(width, height);
    let row = usize::try_from(width).unwrap_or(usize::MAX).saturating_mul(3).max(1);
    photo.par_chunks_mut(row).zip(0_u32..height).for_each(|(row, y)| {
        let (pixels, _) = row.as_chunks_mut::<3>();
        for (pixel, x) in pixels.iter_mut().zip(0..) {
            *pixel = color(x, y);
        }
    });
    photo
}

/// The same with a border that fades away, as around a cut-out object.
pub(super) fn cut_out(photo: &RgbImage) -> RgbaImage {
    let (width, height) = photo.dimensions();
    let mut cut = DynamicImage::from(photo.clone()).into_rgba8();
    for (x, y, pixel) in cut.enumerate_pixels_mut() {
        let from_edge = x.min(y).min(width - 1 - x).min(height - 1 - y);
        pixel.0[3] = u8::try_from(from_edge / 2).unwrap_or(u8::MAX);
    }
    cut
}

fn color(x: u32, y: u32) -> [u8; 3] {
    let shapes: f32 = SHAPES.iter().map(|(size, reach)| reach * shape(x, y, *size)).sum();
    let edge = if (shapes / CONTOUR) % 1.0 < 0.5 { 20.0 } else { -20.0 };
    let sharpness = shape(x, y, 300);
    let grain = GRAIN * (random(x, y, 1) - 0.5);
    let light = 30.0 + shapes + edge * sharpness + grain;
    let warmth = shape(x, y, 900);
    [light * (0.7 + 0.5 * warmth), light, light * (1.2 - 0.5 * warmth)].map(value)
}

/// A smooth surface from 0 to 1, through a random height at every `size` pixels.
fn shape(x: u32, y: u32, size: u32) -> f32 {
    let part = |at: u32| {
        let part = small(at % size) / small(size);
        part * part * (3.0 - 2.0 * part)
    };
    let (column, row) = (x / size, y / size);
    let between = |from: f32, to: f32, part: f32| from + (to - from) * part;
    let along = |row| between(random(column, row, size), random(column + 1, row, size), part(x));
    between(along(row), along(row + 1), part(y))
}

/// A pseudorandom number from 0 to 1, the same each time for the same place and seed.
fn random(x: u32, y: u32, seed: u32) -> f32 {
    let mut mixed =
        x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed.wrapping_mul(0xc2b2_ae3d);
    for factor in [0x2c1b_3c6d, 0x297a_2d39] {
        mixed ^= mixed >> 15;
        mixed = mixed.wrapping_mul(factor);
    }
    small(mixed >> 16) / f32::from(u16::MAX)
}

fn small(number: u32) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}

fn value(level: f32) -> u8 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u8 holds"
    )]
    let rounded = level.round().clamp(0.0, 255.0) as u8;
    rounded
}
