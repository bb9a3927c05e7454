//! Of an animated picture, the first frame is sent.

use darkroom_core::images::MediaType;
use image::{Frame, ImageFormat, Rgba, RgbaImage, codecs::gif::GifEncoder};

use super::{
    decoded,
    files::{png_chunk, png_with, webp_chunk, webp_frame, webp_of},
    holds, near, prepared,
};
use crate::factory::picture;

fn gif(frames: &[Rgba<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for color in frames {
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(40, 30, *color))).unwrap();
    }
    drop(encoder);
    file
}

#[test]
fn a_gif_leaves_as_its_first_frame() {
    let prepared = prepared(gif(&[Rgba([200, 40, 40, 255]), Rgba([40, 40, 200, 255])]));

    // Flat colour: a PNG is the smaller one.
    assert_eq!(prepared.media_type, MediaType::Png);
    let sent = decoded(&prepared.data).into_rgb8();
    assert!(near(sent.get_pixel(20, 15).0, [200, 40, 40], 4));
}

#[test]
fn a_gif_of_a_photo_leaves_as_a_jpeg() {
    let grain = RgbaImage::from_fn(200, 150, |x, y| {
        let level = u8::try_from((x * 31 + y * 17 + x * y) % 97 + x / 2).unwrap();
        Rgba([level, level / 2 + 60, 255 - level, 255])
    });
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frame(Frame::new(grain)).unwrap();

    assert_eq!(prepared(file).media_type, MediaType::Jpeg);
}

#[test]
fn a_gif_with_transparency_keeps_it() {
    let prepared = prepared(gif(&[Rgba([0, 0, 0, 0])]));

    assert_eq!(prepared.media_type, MediaType::Png);
    assert_eq!(decoded(&prepared.data).into_rgba8().get_pixel(20, 15).0[3], 0);
}

#[test]
fn an_animated_png_leaves_as_its_still_picture() {
    let still = picture(40, 30, ImageFormat::Png);
    let frame = [&[0; 4][..], &40_u32.to_be_bytes(), &30_u32.to_be_bytes(), &[0; 14]].concat();
    let animation = [png_chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), png_chunk(b"fcTL", &frame)];

    let prepared = prepared(png_with(&still, &animation));

    assert_eq!(prepared.data, still);
}

#[test]
fn an_animated_webp_leaves_as_its_first_frame() {
    // 24 bits each: corner, sides less one, duration; then flags (source: RFC 9649, §2.7.1.1).
    let head = [0, 0, 0, 0, 0, 0, 39, 0, 0, 29, 0, 0, 100, 0, 0, 0];
    let first = [&head[..], &webp_frame(40, 30)].concat();
    let mut other = std::io::Cursor::new(Vec::new());
    RgbaImage::from_pixel(40, 30, Rgba([9, 9, 9, 255]))
        .write_to(&mut other, ImageFormat::WebP)
        .unwrap();
    let second = [&head[..], &other.into_inner()[12..]].concat();
    let chunks =
        [webp_chunk(b"ANIM", &[0; 6]), webp_chunk(b"ANMF", &first), webp_chunk(b"ANMF", &second)];

    let prepared = prepared(webp_of(0x02, 40, 30, &chunks));

    assert!(!holds(&prepared.data, b"ANMF"));
    let sent = decoded(&prepared.data).into_rgb8();
    let meant = decoded(&picture(40, 30, ImageFormat::WebP)).into_rgb8();
    for (sent, meant) in sent.pixels().zip(meant.pixels()) {
        assert!(near(sent.0, meant.0, 8), "{sent:?} for {meant:?}");
    }
}
