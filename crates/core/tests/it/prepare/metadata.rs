//! A picture's metadata is not sent.

use image::ImageFormat;
use moxcms::ColorProfile;

use super::{
    decoded,
    files::{
        SECRET, exif, exif_segment, icc_segment, jpeg_with, png_chunk, png_with, webp_chunk,
        webp_frame, webp_of,
    },
    holds, prepared,
};
use crate::factory::picture;

/// The words with which blocks of metadata begin.
const NAMES: [&[u8]; 10] = [
    SECRET,
    b"Exif",
    b"EXIF",
    b"eXIf",
    b"ns.adobe.com",
    b"Photoshop",
    b"ICC_PROFILE",
    b"iCCP",
    b"tEXt",
    b"XMP ",
];

fn silent(file: &[u8]) {
    for name in NAMES {
        assert!(!holds(file, name), "{}", String::from_utf8_lossy(name));
    }
}

/// A block of metadata with this name.
fn secret(name: &[u8]) -> Vec<u8> {
    [name, SECRET].concat()
}

fn talkative_jpeg(orientation: u8) -> Vec<u8> {
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let segments = [
        exif_segment(orientation),
        (0xe1, secret(b"http://ns.adobe.com/xap/1.0/\0")),
        icc_segment(&srgb),
        (0xed, secret(b"Photoshop 3.0\0")),
        (0xe0, secret(b"JFXX\0")),
        (0xef, secret(b"")),
        (0xfe, secret(b"")),
    ];
    let mut file = jpeg_with(&picture(60, 40, ImageFormat::Jpeg), &segments);
    // The film that phones append.
    file.extend_from_slice(&secret(b"\0\0\0\x18ftypmp42"));
    file
}

#[test]
fn a_jpeg_loses_its_metadata_and_keeps_its_data() {
    let prepared = prepared(talkative_jpeg(1));

    silent(&prepared.data);
    assert_eq!(prepared.data, picture(60, 40, ImageFormat::Jpeg));
}

#[test]
fn a_jpeg_that_is_turned_loses_its_metadata_too() {
    let prepared = prepared(talkative_jpeg(6));

    silent(&prepared.data);
    assert_eq!((prepared.width, prepared.height), (40, 60));
}

#[test]
fn a_thumbnail_in_the_first_segment_does_not_leave() {
    let mut file = picture(60, 40, ImageFormat::Jpeg);
    let jfif = usize::from(u16::from_be_bytes([file[4], file[5]])) + 4;
    assert!(holds(&file[..jfif], b"JFIF"));
    let mut header = b"JFIF\0\x01\x02\0\0\x01\0\x01\x02\x02".to_vec();
    header.extend_from_slice(SECRET);
    file.drain(2..jfif);

    let prepared = prepared(jpeg_with(&file, &[(0xe0, header)]));

    silent(&prepared.data);
    assert_eq!((prepared.width, prepared.height), (60, 40));
}

#[test]
fn a_png_loses_its_metadata_and_keeps_its_data() {
    let chunks = [
        png_chunk(b"eXIf", &exif(1)),
        png_chunk(b"tEXt", &secret(b"Comment\0")),
        png_chunk(b"iTXt", &secret(b"XML:com.adobe.xmp\0\0\0\0\0")),
        png_chunk(b"tIME", &secret(b"")),
        png_chunk(b"prVt", &secret(b"")),
    ];
    let file = picture(60, 40, ImageFormat::Png);
    let mut talkative = png_with(&file, &chunks);
    talkative.extend_from_slice(SECRET);

    let prepared = prepared(talkative);

    silent(&prepared.data);
    assert_eq!(prepared.data, file);
}

#[test]
fn a_webp_loses_its_metadata_and_keeps_its_data() {
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    let frame = webp_frame(60, 40);
    let chunks = [
        webp_chunk(b"ICCP", &srgb),
        frame.clone(),
        webp_chunk(b"EXIF", &exif(1)),
        webp_chunk(b"XMP ", SECRET),
        webp_chunk(b"prVt", SECRET),
    ];
    let mut file = webp_of(0x2c, 60, 40, &chunks);
    file.extend_from_slice(SECRET);

    let prepared = prepared(file);

    silent(&prepared.data);
    assert_eq!(prepared.data, webp_of(0, 60, 40, &[frame]));
    assert_eq!(decoded(&prepared.data), decoded(&picture(60, 40, ImageFormat::WebP)));
}

#[test]
fn a_picture_that_is_encoded_anew_says_nothing_either() {
    let file = png_with(
        &picture(60, 40, ImageFormat::Png),
        &[png_chunk(b"eXIf", &exif(3)), png_chunk(b"tEXt", &secret(b"Comment\0"))],
    );

    silent(&prepared(file).data);
}
