//! Thumbnails: pictures that are made small for a page.

use bytes::Bytes;
use darkroom_core::images::{MediaType, Prepared, thumbnail};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage, metadata::Orientation};

use super::{
    PIXELS, decoded,
    files::{SECRET, with_exif},
    holds, near,
};
use crate::factory::picture;

fn small(file: Vec<u8>, width: u16) -> Option<Prepared> {
    thumbnail(&Bytes::from(file), PIXELS, width).unwrap()
}

#[test]
fn a_thumbnail_is_as_wide_as_asked_for_and_has_the_proportions_of_its_picture() {
    let sides = [(400, 300), (300, 400), (161, 4000), (4000, 161), (997, 1009), (1009, 997)];
    for (width, height) in sides {
        let small = small(picture(width, height, ImageFormat::Jpeg), 160).unwrap();

        let exact = f64::from(height) * 160.0 / f64::from(width);
        assert_eq!(small.width, 160, "{width} × {height}");
        assert!((f64::from(small.height) - exact).abs() <= 0.5, "{width} × {height}");
        let decoded = decoded(&small.data);
        assert_eq!((decoded.width(), decoded.height()), (small.width, small.height));
    }
}

#[test]
fn a_picture_that_is_no_wider_has_no_thumbnail() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        assert!(small(picture(160, 400, format), 160).is_none(), "{format:?}");
        assert!(small(picture(161, 100, format), 160).is_some(), "{format:?}");
    }
    // Upright, these are 160 and 161 wide.
    assert!(small(with_exif(400, 160, ImageFormat::Jpeg, 6), 160).is_none());
    assert!(small(with_exif(100, 161, ImageFormat::Jpeg, 6), 160).is_some());
}

#[test]
fn a_thumbnail_is_upright_and_tells_nothing_of_where_its_picture_was_taken() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let mut upright = decoded(&picture(400, 300, format));
        upright.apply_orientation(Orientation::Rotate90);

        let small = small(with_exif(400, 300, format, 6), 150).unwrap();

        assert_eq!((small.width, small.height), (150, 200));
        assert!(!holds(&small.data, SECRET), "{format:?}");
        let meant = upright.resize_exact(150, 200, image::imageops::FilterType::Triangle);
        let (made, meant) = (decoded(&small.data).into_rgb8(), meant.into_rgb8());
        for (x, y) in [(10, 10), (140, 10), (10, 190), (140, 190)] {
            let (made, meant) = (made.get_pixel(x, y).0, meant.get_pixel(x, y).0);
            assert!(near(made, meant, 16), "{format:?} at {x}, {y}: {made:?} for {meant:?}");
        }
    }
}

#[test]
fn a_thumbnail_is_a_jpeg_unless_there_is_transparency() {
    let opaque = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
    for format in opaque {
        let small = small(picture(400, 300, format), 160).unwrap();
        assert_eq!(small.media_type, MediaType::Jpeg, "{format:?}");
    }
    let glass = RgbaImage::from_pixel(400, 300, Rgba([200, 100, 50, 128]));
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(glass).write_to(&mut file, ImageFormat::WebP).unwrap();

    let small = small(file.into_inner(), 160).unwrap();

    assert_eq!(small.media_type, MediaType::Png);
    assert!(near(decoded(&small.data).into_rgba8().get_pixel(80, 60).0, [200, 100, 50, 128], 2));
}

#[test]
fn a_picture_that_does_not_decode_has_no_thumbnail() {
    let mut damaged = picture(400, 300, ImageFormat::Png);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0);

    assert!(thumbnail(&damaged.into(), PIXELS, 160).is_err());
}
