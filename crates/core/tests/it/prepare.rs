//! Pictures as they are sent to fal.

mod arbitrary;
mod colour;
mod files;
mod fit;
mod frames;
mod metadata;
mod orientation;
mod thumbnail;

use bytes::Bytes;
use darkroom_core::images::{Fit, MediaType, Prepared, prepare};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use crate::factory::picture;

const PIXELS: u64 = 50_000_000;

fn prepared(file: Vec<u8>) -> Prepared {
    prepare(&Bytes::from(file), PIXELS, Fit::default()).unwrap()
}

fn decoded(file: &[u8]) -> DynamicImage {
    image::load_from_memory(file).unwrap()
}

/// Whether two colours are the same, apart from what an encoder loses.
fn near<const N: usize>(a: [u8; N], b: [u8; N], tolerance: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

fn holds(file: &[u8], bytes: &[u8]) -> bool {
    file.windows(bytes.len()).any(|window| window == bytes)
}

#[test]
fn a_picture_that_is_right_already_leaves_as_it_came() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let file = picture(400, 300, format);

        let prepared = prepared(file.clone());

        assert_eq!(prepared.data, file, "{format:?}");
        assert_eq!(MediaType::of(&file), Some(prepared.media_type));
        assert_eq!((prepared.width, prepared.height), (400, 300));
    }
}

#[test]
fn a_png_of_sixteen_bits_leaves_as_a_jpeg_of_eight() {
    let deep = DynamicImage::ImageRgb16(decoded(&picture(64, 48, ImageFormat::Png)).into_rgb16());
    let mut file = std::io::Cursor::new(Vec::new());
    deep.write_to(&mut file, ImageFormat::Png).unwrap();

    let prepared = prepared(file.into_inner());

    assert_eq!(prepared.media_type, MediaType::Jpeg);
    let (sent, meant) = (decoded(&prepared.data).into_rgb8(), deep.into_rgb8());
    for (sent, meant) in sent.pixels().zip(meant.pixels()) {
        assert!(near(sent.0, meant.0, 6), "{sent:?} for {meant:?}");
    }
}

#[test]
fn the_strips_of_a_jpeg_are_joined_at_restart_markers_in_their_order() {
    let deep = decoded(&picture(40, 330, ImageFormat::Png)).into_rgb16();
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb16(deep).write_to(&mut file, ImageFormat::Png).unwrap();

    let sent = prepared(file.into_inner()).data;

    // In a scan, a marker's first byte is never data.
    let restarts = sent.windows(2).filter(|two| two[0] == 0xff && (0xd0..=0xd7).contains(&two[1]));
    let numbers: Vec<u8> = restarts.map(|two| two[1] - 0xd0).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]);
}

#[test]
fn a_jpeg_that_declares_two_sizes_is_an_error() {
    let file = picture(64, 48, ImageFormat::Jpeg);
    let small = (0xc0, [8, 0, 8, 0, 8, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1].to_vec());

    let refused = prepare(&files::jpeg_with(&file, &[small]).into(), PIXELS, Fit::default());

    assert!(refused.is_err());
}

#[test]
fn transparency_of_sixteen_bits_is_kept_in_eight() {
    let half = RgbaImage::from_pixel(10, 10, Rgba([200, 100, 50, 128]));
    let deep = DynamicImage::ImageRgba16(DynamicImage::ImageRgba8(half).into_rgba16());
    let mut file = std::io::Cursor::new(Vec::new());
    deep.write_to(&mut file, ImageFormat::Png).unwrap();

    let prepared = prepared(file.into_inner());

    assert_eq!(prepared.media_type, MediaType::Png);
    assert_eq!(decoded(&prepared.data).into_rgba8().get_pixel(5, 5).0, [200, 100, 50, 128]);
}

#[test]
fn a_transparency_that_nothing_uses_does_not_make_a_photo_a_png() {
    let opaque = decoded(&picture(64, 48, ImageFormat::Png)).into_rgba16();
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgba16(opaque).write_to(&mut file, ImageFormat::Png).unwrap();

    assert_eq!(prepared(file.into_inner()).media_type, MediaType::Jpeg);
}

#[test]
fn a_file_that_does_not_decode_is_an_error() {
    let mut damaged = picture(64, 64, ImageFormat::Png);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0);

    assert!(prepare(&damaged.into(), PIXELS, Fit::default()).is_err());
}

#[test]
fn decoding_is_bounded_in_memory() {
    let large = picture(1000, 1000, ImageFormat::Png);

    assert!(prepare(&large.into(), 1000, Fit::default()).is_err());
}
