//! Pictures are sent upright.

use image::{ImageFormat, metadata::Orientation};

use super::{decoded, files::with_exif, near, prepared};
use crate::factory::picture;

#[test]
fn every_orientation_leaves_upright() {
    // Wider than the squares in which pixels are turned, and no multiple of their side.
    let (width, height) = (75, 50);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        for orientation in 1..=8 {
            let file = with_exif(width, height, format, orientation);
            let mut upright = decoded(&picture(width, height, format));
            upright.apply_orientation(Orientation::from_exif(orientation).unwrap());

            let prepared = prepared(file);

            assert_eq!((prepared.width, prepared.height), (upright.width(), upright.height()));
            let (sent, upright) = (decoded(&prepared.data).into_rgb8(), upright.into_rgb8());
            assert_eq!(sent.dimensions(), upright.dimensions());
            for (sent, meant) in sent.pixels().zip(upright.pixels()) {
                assert!(near(sent.0, meant.0, 12), "{format:?} {orientation}: {sent:?} {meant:?}");
            }
        }
    }
}

#[test]
fn a_portrait_stays_a_portrait() {
    let lying = prepared(with_exif(60, 40, ImageFormat::Jpeg, 6));
    let standing = prepared(picture(40, 60, ImageFormat::Jpeg));

    for portrait in [lying, standing] {
        assert_eq!((portrait.width, portrait.height), (40, 60));
    }
}

#[test]
fn an_orientation_that_does_not_exist_turns_nothing() {
    let prepared = prepared(with_exif(60, 40, ImageFormat::Jpeg, 9));

    assert_eq!((prepared.width, prepared.height), (60, 40));
}
