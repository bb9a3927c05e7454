//! Pictures in CMYK: the colours of inks.

use jpeg_encoder::{ColorType, Encoder};

use super::super::{
    decoded,
    files::{icc_segment, jpeg_with},
    near, prepared,
};

/// A flat JPEG, as Adobe's programs write it: the inks inverted.
pub(in super::super) fn file(inks: [u8; 4], color: ColorType) -> Vec<u8> {
    let mut file = Vec::new();
    Encoder::new(&mut file, 100).encode(&inks.repeat(32 * 24), 32, 24, color).unwrap();
    file
}

fn sent(file: Vec<u8>) -> [u8; 3] {
    decoded(&prepared(file).data).into_rgb8().get_pixel(16, 12).0
}

/// A profile of a strange press (source: ICC.1:2022, §7 and §10.11): its cyan is a bright red, and
/// every other ink or mixture is black.
pub(in super::super) fn strange_press() -> Vec<u8> {
    let mut table = b"mft1\0\0\0\0\x04\x03\x02\0".to_vec();
    let one = 0x0001_0000_u32.to_be_bytes();
    for at in 0..9 {
        table.extend_from_slice(if at % 4 == 0 { &one } else { &[0; 4] });
    }
    let straight: Vec<u8> = (0..=u8::MAX).collect();
    table.extend_from_slice(&straight.repeat(4));
    for corner in 0..16 {
        // L*, a* and b*; cyan varies slowest, and 54, 80, 67 is the red of sRGB.
        let lab: [u8; 3] = match corner {
            0b0000 => [255, 128, 128],
            0b1000 => [137, 208, 195],
            _ => [0, 128, 128],
        };
        table.extend_from_slice(&lab);
    }
    table.extend_from_slice(&straight.repeat(3));

    let mut profile = vec![0; 128];
    profile[8] = 4;
    profile[12..24].copy_from_slice(b"prtrCMYKLab ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    profile.extend_from_slice(&[0, 0, 0, 1]);
    profile.extend_from_slice(b"A2B0\0\0\0\x90");
    profile.extend_from_slice(&u32::try_from(table.len()).unwrap().to_be_bytes());
    profile.extend_from_slice(&table);
    let length = u32::try_from(profile.len()).unwrap().to_be_bytes();
    profile[..4].copy_from_slice(&length);
    profile
}

#[test]
fn inks_without_a_profile_take_light_away() {
    for color in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        for (inks, meant) in [
            ([0, 0, 0, 0], [255, 255, 255]),
            ([255, 0, 0, 0], [0, 255, 255]),
            ([0, 200, 100, 0], [255, 55, 155]),
            ([0, 0, 0, 255], [0, 0, 0]),
            ([55, 100, 0, 128], [100, 77, 127]),
        ] {
            let sent = sent(file(inks, color));

            assert!(near(sent, meant, 6), "{inks:?} as {color:?}: {sent:?} for {meant:?}");
        }
    }
}

#[test]
fn inks_that_are_not_adobes_are_stored_as_they_are() {
    // The encoder inverts what it is given; without Adobe's segment, no decoder inverts it back.
    let mut file = file([255, 55, 155, 255], ColorType::Cmyk);
    let adobe = file.windows(5).position(|window| window == b"Adobe").unwrap();
    file.drain(adobe - 4..adobe + 12);

    let sent = sent(file);

    assert!(near(sent, [255, 55, 155], 6), "{sent:?}");
}

#[test]
fn inks_with_a_profile_are_what_it_says() {
    let profile = strange_press();
    for color in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        for (inks, meant) in [
            ([0, 0, 0, 0], [255, 255, 255]),
            ([255, 0, 0, 0], [255, 0, 0]),
            ([0, 255, 0, 0], [0, 0, 0]),
        ] {
            let sent = sent(jpeg_with(&file(inks, color), &[icc_segment(&profile)]));

            assert!(near(sent, meant, 12), "{inks:?} as {color:?}: {sent:?} for {meant:?}");
        }
    }
}
