//! What leaves the house.

use darkroom_core::images::{MAX_SIDE, MediaType, prepare};
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgba, RgbaImage,
    codecs::jpeg::JpegEncoder,
};

use crate::factory::picture;

const PIXELS: u64 = 50_000_000;

/// An EXIF block that says: turn by a quarter (source: Exif 2.32, tag 0x0112 = 6).
const TURNED: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn decoded(file: &[u8]) -> DynamicImage {
    image::load_from_memory(file).unwrap()
}

#[test]
fn a_photo_leaves_as_a_jpeg_of_the_same_size() {
    let prepared = prepare(&picture(400, 300, ImageFormat::Png), PIXELS).unwrap();

    assert_eq!(prepared.media_type, MediaType::Jpeg);
    assert_eq!((prepared.width, prepared.height), (400, 300));
    let sent = decoded(&prepared.data).into_rgb8();
    let corner = sent.get_pixel(399, 299).0;
    assert!(corner[0] > 240 && corner[1] > 240, "{corner:?}");
}

#[test]
fn a_turned_photo_leaves_upright_and_without_its_metadata() {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file);
    encoder.set_exif_metadata(TURNED.to_vec()).unwrap();
    let pixels = decoded(&picture(40, 20, ImageFormat::Png)).into_rgb8();
    encoder.write_image(&pixels, 40, 20, ExtendedColorType::Rgb8).unwrap();

    let prepared = prepare(&file, PIXELS).unwrap();

    assert_eq!((prepared.width, prepared.height), (20, 40));
    assert!(!prepared.data.windows(4).any(|four| four == b"Exif"));
}

#[test]
fn a_picture_with_transparency_keeps_it() {
    let half = RgbaImage::from_pixel(10, 10, Rgba([200, 100, 50, 128]));
    let mut file = std::io::Cursor::new(Vec::new());
    half.write_to(&mut file, ImageFormat::Png).unwrap();

    let prepared = prepare(&file.into_inner(), PIXELS).unwrap();

    assert_eq!(prepared.media_type, MediaType::Png);
    assert_eq!(decoded(&prepared.data).into_rgba8().get_pixel(5, 5).0[3], 128);
}

#[test]
fn a_picture_larger_than_the_model_takes_is_scaled_down_in_proportion() {
    let prepared = prepare(&picture(MAX_SIDE * 2, 100, ImageFormat::Png), PIXELS).unwrap();

    assert_eq!((prepared.width, prepared.height), (MAX_SIDE, 50));
}

#[test]
fn a_file_that_does_not_decode_is_an_error() {
    let mut damaged = picture(64, 64, ImageFormat::Png);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0);

    assert!(prepare(&damaged, PIXELS).is_err());
}

#[test]
fn decoding_is_bounded_in_memory() {
    assert!(prepare(&picture(1000, 1000, ImageFormat::Png), 1000).is_err());
}
