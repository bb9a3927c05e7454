//! Any picture, and any bytes.

use bytes::Bytes;
use darkroom_core::images::{Fit, prepare};
use image::{DynamicImage, ImageFormat};
use jpeg_encoder::ColorType;
use moxcms::ColorProfile;
use proptest::{prelude::*, sample::select};

use super::{
    PIXELS,
    colour::cmyk,
    decoded,
    files::{SECRET, exif, exif_segment, icc_segment, jpeg_with, png_chunk, png_with, with_exif},
    holds,
};
use crate::factory::picture;

const FORMATS: [ImageFormat; 4] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];

/// A PNG of any kind of pixels, at random.
fn png() -> impl Strategy<Value = (Vec<u8>, u32, u32)> {
    (1..40_u32, 1..40_u32, 0..8_u8, any::<[u8; 64]>()).prop_map(|(width, height, kind, seed)| {
        let mut picture = DynamicImage::new_rgba16(width, height);
        if let Some(pixels) = picture.as_mut_rgba16() {
            for (at, value) in pixels.iter_mut().enumerate() {
                *value = u16::from(seed[at % 61]) * 257;
            }
        }
        let picture = match kind {
            0 => picture.into_luma8().into(),
            1 => picture.into_luma_alpha8().into(),
            2 => picture.into_rgb8().into(),
            3 => picture.into_rgba8().into(),
            4 => picture.into_luma16().into(),
            5 => picture.into_luma_alpha16().into(),
            6 => picture.into_rgb16().into(),
            _ => picture,
        };
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, ImageFormat::Png).unwrap();
        (file.into_inner(), width, height)
    })
}

/// Asserts what holds for every picture that is sent.
fn check(file: Vec<u8>, sides: (u32, u32), orientation: u8, fit: Fit) {
    let prepared = prepare(&Bytes::from(file), PIXELS, fit).unwrap();

    let sent = decoded(&prepared.data);
    assert_eq!((sent.width(), sent.height()), (prepared.width, prepared.height));
    assert!(sent.width().max(sent.height()) <= fit.max_side);
    assert!(u64::try_from(prepared.data.len()).unwrap() <= fit.max_bytes);
    assert!(!holds(&prepared.data, SECRET));
    let (width, height) = if orientation >= 5 { (sides.1, sides.0) } else { sides };
    assert!(sent.width() <= width && sent.height() <= height, "never up");
    assert!(width < height || sent.width() >= sent.height(), "a landscape stays one");
    assert!(width > height || sent.width() <= sent.height(), "a portrait stays one");
}

fn fit() -> impl Strategy<Value = Fit> {
    (1..60_u32, 1_000..6_000_u64).prop_map(|(max_side, max_bytes)| Fit { max_side, max_bytes })
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

/// A whole file with EXIF and a colour profile in it.
fn rich(format: ImageFormat) -> Vec<u8> {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let file = picture(24, 18, format);
    match format {
        ImageFormat::Jpeg => jpeg_with(&file, &[exif_segment(6), icc_segment(&profile)]),
        ImageFormat::Png => png_with(&file, &[png_chunk(b"eXIf", &exif(6))]),
        _ => with_exif(24, 18, format, 6),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_picture_leaves_within_its_fit(
        (width, height) in (1..50_u32, 1..50_u32),
        format in select(FORMATS.to_vec()),
        orientation in 1..=8_u8,
        fit in fit(),
    ) {
        let turned = if format == ImageFormat::Gif { 1 } else { orientation };
        check(with_exif(width, height, format, orientation), (width, height), turned, fit);
    }

    #[test]
    fn any_kind_of_pixels_leaves_within_its_fit(
        (file, width, height) in png(),
        orientation in 1..=8_u8,
        fit in fit(),
    ) {
        let exif = png_chunk(b"eXIf", &exif(orientation));
        check(png_with(&file, &[exif]), (width, height), orientation, fit);
    }

    #[test]
    fn any_bytes_are_a_picture_or_an_error(
        format in select(FORMATS.to_vec()),
        kept in 0..40_usize,
        rest in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [&picture(8, 8, format)[..kept], &rest].concat();
        prepare(&bytes.into(), 1_000_000, Fit::default()).ok();
    }

    #[test]
    fn a_damaged_picture_is_a_picture_or_an_error(
        format in select(FORMATS.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = rich(format);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prepare(&bytes.into(), 1_000_000, Fit { max_side: 16, max_bytes: 5_000 }).ok();
    }

    #[test]
    fn a_damaged_profile_is_no_danger(
        is_a_press in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (picture, mut profile) = if is_a_press {
            (cmyk::file([255, 55, 0, 20], ColorType::Cmyk), cmyk::strange_press())
        } else {
            let profile = ColorProfile::new_display_p3().encode().unwrap();
            (picture(24, 18, ImageFormat::Jpeg), profile)
        };
        // Only in the first 400 bytes, which hold the headers: damage to mere values can do little.
        for (at, value) in damage {
            let at = at.index(profile.len().min(400));
            profile[at] = value;
        }
        let file = jpeg_with(&picture, &[icc_segment(&profile)]);
        prop_assert!(prepare(&file.into(), 1_000_000, Fit::default()).is_ok());
    }
}
