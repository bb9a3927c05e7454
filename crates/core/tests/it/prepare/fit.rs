//! Pictures are made no larger, in pixels and in bytes, than the model takes.

use bytes::Bytes;
use darkroom_core::images::{Fit, MediaType, PrepareError, prepare};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use super::{PIXELS, decoded, near};
use crate::factory::picture;

fn fitted(file: Vec<u8>, max_side: u32, max_bytes: u64) -> (u32, u32, usize, MediaType) {
    let fit = Fit { max_side, max_bytes };
    let prepared = prepare(&Bytes::from(file), PIXELS, fit).unwrap();
    let sent = decoded(&prepared.data);
    assert_eq!((sent.width(), sent.height()), (prepared.width, prepared.height));
    (prepared.width, prepared.height, prepared.data.len(), prepared.media_type)
}

/// Noise, which no encoder can make small.
fn grain(width: u32, height: u32, alpha: u8) -> Vec<u8> {
    let mut noise = 0x2545_f491_u32;
    let grain = RgbaImage::from_fn(width, height, |_, _| {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let [red, green, blue, _] = noise.to_be_bytes();
        Rgba([red, green, blue, alpha])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    grain.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

#[test]
fn a_picture_larger_than_the_model_takes_is_scaled_down_in_proportion() {
    let max_side = Fit::default().max_side;
    let (width, height, ..) =
        fitted(picture(max_side * 2, 100, ImageFormat::Png), max_side, u64::MAX);

    assert_eq!((width, height), (max_side, 50));
}

#[test]
fn a_picture_is_never_scaled_up_nor_to_nothing() {
    let (width, height, ..) = fitted(picture(30, 20, ImageFormat::Jpeg), 4096, u64::MAX);
    assert_eq!((width, height), (30, 20));

    let (width, height, ..) = fitted(picture(1000, 2, ImageFormat::Png), 10, u64::MAX);
    assert_eq!((width, height), (10, 1));
}

#[test]
fn colours_do_not_shift_when_scaled() {
    let fit = Fit { max_side: 50, max_bytes: u64::MAX };
    let file = picture(400, 320, ImageFormat::Png);
    let meant = decoded(&file).into_rgb8();

    let prepared = prepare(&file.into(), PIXELS, fit).unwrap();

    let sent = decoded(&prepared.data).into_rgb8();
    for (x, y, sent) in sent.enumerate_pixels() {
        let meant = meant.get_pixel(x * 8 + 4, y * 8 + 4);
        assert!(near(sent.0, meant.0, 6), "{sent:?} for {meant:?} at {x}, {y}");
    }
}

#[test]
fn what_is_transparent_does_not_shine_through_when_scaled() {
    // Stripes of opaque red and of fully transparent green.
    let striped = RgbaImage::from_fn(400, 400, |x, _| {
        if x % 2 == 0 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 255, 0, 0]) }
    });
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(striped).write_to(&mut file, ImageFormat::Png).unwrap();

    let fit = Fit { max_side: 100, max_bytes: u64::MAX };
    let prepared = prepare(&file.into_inner().into(), PIXELS, fit).unwrap();

    let middle = decoded(&prepared.data).into_rgba8().get_pixel(50, 50).0;
    assert!(near(middle, [255, 0, 0, 128], 6), "{middle:?}");
}

#[test]
fn a_png_that_is_too_heavy_leaves_as_a_jpeg() {
    let file = grain(300, 200, 255);
    assert!(file.len() > 150_000);

    let (width, height, length, media_type) = fitted(file, 4096, 150_000);

    assert_eq!((width, height, media_type), (300, 200, MediaType::Jpeg));
    assert!(length <= 150_000);
}

#[test]
fn a_jpeg_that_is_still_too_heavy_loses_pixels() {
    let (width, height, length, media_type) = fitted(grain(300, 200, 255), 4096, 20_000);

    assert!((10..300).contains(&width) && length <= 20_000, "{width} {length}");
    assert!(height.abs_diff(width * 2 / 3) <= 1, "{width} {height}");
    assert_eq!(media_type, MediaType::Jpeg);
}

#[test]
fn a_transparent_picture_that_is_too_heavy_loses_pixels_and_keeps_its_transparency() {
    let (width, _, length, media_type) = fitted(grain(300, 200, 128), 4096, 20_000);

    assert!((10..300).contains(&width) && length <= 20_000, "{width} {length}");
    assert_eq!(media_type, MediaType::Png);
}

#[test]
fn a_limit_that_no_picture_can_keep_is_an_error() {
    let fit = Fit { max_side: 4096, max_bytes: 10 };

    let refused = prepare(&picture(30, 20, ImageFormat::Png).into(), PIXELS, fit).unwrap_err();

    assert!(matches!(refused, PrepareError::TooHeavy { max_bytes: 10 }), "{refused}");
}
