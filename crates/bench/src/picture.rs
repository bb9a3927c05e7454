//! The picture that is posted: a JPEG as large as a phone's photo that a messenger app has compressed.

use anyhow::Context;
use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder};

/// Width and height, in pixels.
pub(crate) const SIDES: (u32, u32) = (1024, 768);

/// Width and height of the small picture.
const SMALL_SIDES: (u32, u32) = (64, 48);

/// The least size of the file, in bytes.
const BYTES: usize = 200_000;

/// A gradient with noise, in the lowest quality that gives at least [`BYTES`] bytes. The same at each run.
pub(crate) fn jpeg() -> anyhow::Result<Vec<u8>> {
    let picture = noisy_gradient(SIDES);
    (30..=100)
        .map(|quality| encode(&picture, quality))
        .find(|file| file.as_ref().map_or(true, |file| file.len() >= BYTES))
        .context("no quality makes the picture heavy enough")?
}

/// Encodes a picture as JPEG.
pub(crate) fn encode(picture: &RgbImage, quality: u8) -> anyhow::Result<Vec<u8>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality).encode(
        picture,
        picture.width(),
        picture.height(),
        ExtendedColorType::Rgb8,
    )?;
    Ok(file)
}

/// A small one of the same kind, for benchmarks that are not about pictures.
pub(crate) fn small() -> anyhow::Result<Vec<u8>> {
    encode(&noisy_gradient(SMALL_SIDES), 80)
}

fn noisy_gradient((width, height): (u32, u32)) -> RgbImage {
    let mut noise = 0x2545_f491_u32;
    RgbImage::from_fn(width, height, |x, y| {
        // Xorshift: noise needs no better randomness, and is to be the same each time.
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let level = |part: u32, whole: u32, shift: u32| {
            let value = part * 200 / whole + (noise >> shift) % 48;
            u8::try_from(value).unwrap_or(u8::MAX)
        };
        image::Rgb([level(x, width, 0), level(y, height, 8), level(width - x, width, 16)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_a_whole_jpeg_of_the_weight_that_is_reported() {
        let file = jpeg().unwrap();

        assert!((BYTES..BYTES + BYTES / 10).contains(&file.len()), "{} bytes", file.len());
        let picture = image::load_from_memory(&file).unwrap();
        assert_eq!((picture.width(), picture.height()), SIDES);
    }
}
