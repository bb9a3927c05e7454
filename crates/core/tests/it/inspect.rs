//! Which files are accepted as pictures and which are refused, without decoding them.

use darkroom_core::images::{ImageProblem, MediaType, inspect};
use image::ImageFormat;

use crate::factory::picture;

const FORMATS: [(ImageFormat, MediaType); 4] = [
    (ImageFormat::Jpeg, MediaType::Jpeg),
    (ImageFormat::Png, MediaType::Png),
    (ImageFormat::WebP, MediaType::WebP),
    (ImageFormat::Gif, MediaType::Gif),
];

#[test]
fn whole_pictures_are_taken_and_their_size_is_known() {
    for (format, media_type) in FORMATS {
        let inspected = inspect(&picture(40, 30, format), 10_000).unwrap();

        assert_eq!(inspected.media_type, media_type);
        assert_eq!((inspected.width, inspected.height), (40, 30));
    }
}

#[test]
fn a_picture_that_is_cut_off_anywhere_is_refused() {
    for (format, media_type) in FORMATS {
        let whole = picture(40, 30, format);
        // A GIF is whole without its last byte, the trailer.
        let enough = whole.len() - usize::from(format == ImageFormat::Gif);
        for length in 12..enough {
            let refused = inspect(&whole[..length], 10_000);

            let expected = [ImageProblem::Damaged(media_type), ImageProblem::UnsupportedType];
            assert!(expected.contains(&refused.unwrap_err()), "{media_type} at {length}");
        }
    }
}

#[test]
fn bytes_after_the_end_are_let_be() {
    for (format, _) in FORMATS {
        let mut padded = picture(40, 30, format);
        padded.extend_from_slice(b"appended by a camera");

        assert!(inspect(&padded, 10_000).is_ok(), "{format:?}");
    }
}

#[test]
fn a_bomb_is_refused_by_what_it_declares() {
    // A PNG of 65,000 × 65,000 pixels in a few hundred bytes, its one IDAT empty.
    let mut bomb = picture(8, 8, ImageFormat::Png);
    for at in [16, 20] {
        bomb[at..at + 4].copy_from_slice(&65_000_u32.to_be_bytes());
    }

    let refused = inspect(&bomb, 50_000_000).unwrap_err();

    assert!(matches!(refused, ImageProblem::TooManyPixels { width: 65_000, .. }), "{refused}");
}

#[test]
fn other_files_are_refused_whatever_they_are_called() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".as_slice();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".as_slice();
    let text = b"hello, I am a picture".as_slice();

    for file in [svg, heic, text, b"\0"] {
        assert_eq!(inspect(file, 10_000), Err(ImageProblem::UnsupportedType));
    }
    assert_eq!(inspect(b"", 10_000), Err(ImageProblem::Empty));
}

#[test]
fn random_damage_never_panics() {
    for (format, _) in FORMATS {
        let whole = picture(24, 24, format);
        for at in 0..whole.len() {
            for value in [0x00, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                inspect(&damaged, 10_000).ok();
            }
        }
    }
}

#[test]
fn stray_bytes_between_the_segments_of_a_jpeg_are_passed_over() {
    let mut odd = picture(40, 30, ImageFormat::Jpeg);
    let first_length = usize::from(u16::from_be_bytes([odd[4], odd[5]]));
    let after_first = 4 + first_length;
    odd.splice(after_first..after_first, [0x00, 0x00]);

    assert!(inspect(&odd, 10_000).is_ok());
    assert!(image::load_from_memory(&odd).is_ok(), "decoders do the same");
}

#[test]
fn a_webp_whose_frame_is_too_short_for_its_own_header_is_refused() {
    // The length of the first chunk, which a decoder does not check before it reads the header.
    const LENGTH: std::ops::Range<usize> = 16..20;
    for claimed in 0..5_u32 {
        let mut short = picture(40, 30, ImageFormat::WebP);
        short[LENGTH].copy_from_slice(&claimed.to_le_bytes());

        assert_eq!(
            inspect(&short, 10_000),
            Err(ImageProblem::Damaged(MediaType::WebP)),
            "{claimed}"
        );
    }
}
