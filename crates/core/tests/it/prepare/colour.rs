//! Colours come out as they were meant, in sRGB.

pub(super) mod cmyk;

use image::{
    DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use moxcms::ColorProfile;

use super::{
    decoded,
    files::{png_chunk, png_with},
    holds, near, prepared,
};

/// From linear Display P3 to linear sRGB, by rows (source: CSS Color 4, §17).
const FROM_P3: [[f64; 3]; 3] =
    [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]];

/// From linear Adobe RGB (1998) to linear sRGB, by rows (source: CSS Color 4, §17).
const FROM_ADOBE: [[f64; 3]; 3] = [[1.3983, -0.3983, 0.0], [0.0, 1.0, 0.0], [0.0, -0.0429, 1.0429]];

fn from_srgb_curve(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn to_srgb_curve(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// A colour converted to sRGB, calculated here.
fn in_srgb(color: [u8; 3], matrix: [[f64; 3]; 3], curve: fn(f64) -> f64) -> [u8; 3] {
    let light = color.map(|value| curve(f64::from(value) / 255.0));
    matrix.map(|row| {
        let sum: f64 = row.iter().zip(light).map(|(a, b)| a * b).sum();
        byte(to_srgb_curve(sum.clamp(0.0, 1.0)) * 255.0)
    })
}

/// The nearest byte.
fn byte(value: f64) -> u8 {
    let distance = |byte: u8| (f64::from(byte) - value).abs();
    (0..=u8::MAX).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap()
}

fn tagged(mut encoder: impl ImageEncoder, color: [u8; 3], profile: &ColorProfile) {
    encoder.set_icc_profile(profile.encode().unwrap()).unwrap();
    let pixels = RgbImage::from_pixel(32, 24, Rgb(color));
    encoder.write_image(&pixels, 32, 24, ExtendedColorType::Rgb8).unwrap();
}

#[test]
fn wide_colours_are_converted() {
    let p3: (_, _, fn(f64) -> f64) = (ColorProfile::new_display_p3(), FROM_P3, from_srgb_curve);
    let adobe: (_, _, fn(f64) -> f64) =
        (ColorProfile::new_adobe_rgb(), FROM_ADOBE, |value| value.powf(2.199));
    for (profile, matrix, curve) in [p3, adobe] {
        for color in [[200, 60, 50], [60, 180, 90], [120, 120, 120], [30, 40, 160]] {
            let (mut jpeg, mut png) = (Vec::new(), Vec::new());
            tagged(JpegEncoder::new_with_quality(&mut jpeg, 100), color, &profile);
            tagged(PngEncoder::new(&mut png), color, &profile);
            for file in [jpeg, png] {
                let prepared = prepared(file);

                let sent = decoded(&prepared.data).into_rgb8().get_pixel(16, 12).0;
                let meant = in_srgb(color, matrix, curve);
                assert!(near(sent, meant, 4), "{color:?}: {sent:?} for {meant:?}");
                assert!(!holds(&prepared.data, b"ICC_PROFILE"));
            }
        }
    }
}

#[test]
fn a_profile_that_says_srgb_is_dropped_and_the_data_kept() {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    tagged(JpegEncoder::new(&mut with), [200, 60, 50], &ColorProfile::new_srgb());
    let pixels = RgbImage::from_pixel(32, 24, Rgb([200, 60, 50]));
    JpegEncoder::new(&mut without).write_image(&pixels, 32, 24, ExtendedColorType::Rgb8).unwrap();

    assert_eq!(prepared(with).data, without);
}

#[test]
fn grey_of_another_curve_is_converted() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let pixels = GrayImage::from_pixel(32, 24, Luma([55]));
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 100);
    encoder.set_icc_profile(linear).unwrap();
    encoder.write_image(&pixels, 32, 24, ExtendedColorType::L8).unwrap();

    let prepared = prepared(file);

    let sent = decoded(&prepared.data).into_rgb8().get_pixel(16, 12).0;
    let meant = byte(to_srgb_curve(55.0 / 255.0) * 255.0);
    assert!(near(sent, [meant; 3], 3), "{sent:?} for {meant}");
}

#[test]
fn a_profile_for_other_values_or_a_damaged_one_changes_nothing() {
    let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let mut damaged = ColorProfile::new_display_p3().encode().unwrap();
    damaged.truncate(200);
    for profile in [grey, damaged] {
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_icc_profile(profile).unwrap();
        let pixels = RgbImage::from_pixel(32, 24, Rgb([200, 60, 50]));
        encoder.write_image(&pixels, 32, 24, ExtendedColorType::Rgb8).unwrap();

        let sent = prepared(file).data;

        assert_eq!(decoded(&sent).into_rgb8().get_pixel(16, 12).0, [200, 60, 50]);
    }
}

#[test]
fn grey_without_a_profile_keeps_its_values() {
    let pixels = GrayImage::from_pixel(32, 24, Luma([77]));
    for deep in [
        DynamicImage::ImageLuma8(pixels.clone()),
        DynamicImage::ImageLuma16(DynamicImage::ImageLuma8(pixels).into_luma16()),
    ] {
        let mut file = std::io::Cursor::new(Vec::new());
        deep.write_to(&mut file, ImageFormat::Png).unwrap();

        let sent = decoded(&prepared(file.into_inner()).data).into_rgb8();

        assert!(near(sent.get_pixel(16, 12).0, [77; 3], 1));
    }
}

#[test]
fn a_palette_with_transparency_keeps_both() {
    // A palette of 256 colours, all of them half transparent; a byte a pixel.
    let grey = {
        let mut file = Vec::new();
        let pixels = [0b0101_0101; 8];
        PngEncoder::new(&mut file).write_image(&pixels, 8, 1, ExtendedColorType::L8).unwrap();
        file
    };
    let header = png_chunk(b"IHDR", &[0, 0, 0, 8, 0, 0, 0, 1, 8, 3, 0, 0, 0]);
    let palette: Vec<u8> = (0..=u8::MAX).flat_map(|index| [index, 200, 30]).collect();
    let rest = [png_chunk(b"PLTE", &palette), png_chunk(b"tRNS", &[128; 256])];
    let file = png_with(&[&grey[..8], &header, &grey[33..]].concat(), &rest);

    // Once as it is, and once turned.
    for orientation in [1, 3] {
        let exif = png_chunk(b"eXIf", &super::files::exif(orientation));
        let sent = decoded(&prepared(png_with(&file, &[exif])).data).into_rgba8();

        assert_eq!(sent.get_pixel(3, 0).0, [0b0101_0101, 200, 30, 128]);
    }
}
