//! Writes pixels as a file that is not too large.

mod jpeg;

use std::error::Error;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::{
    PrepareError, Prepared,
    pixels::{Kind, Pixels},
    scale,
};
use crate::images::MediaType;

/// High enough that the model sees no blocks, while the file is a fraction of a PNG's size.
const QUALITY: u8 = 92;

/// With this, blocks show only in skies.
const LOWER_QUALITY: u8 = 80;

/// How often at most a picture whose file is too large is scaled down; each time its sides lose a third.
const MAX_SHRINKS: usize = 24;

/// Whether a file has no more than `max_bytes`.
pub(super) fn fits(data: &[u8], max_bytes: u64) -> bool {
    u64::try_from(data.len()).is_ok_and(|length| length <= max_bytes)
}

/// A PNG where there is transparency, else a JPEG; from a GIF, whose areas are flat, the smaller of the two.
///
/// If the file is too large, it loses quality first and then pixels. A PNG cannot lose quality.
pub(super) fn within(
    mut pixels: Pixels,
    original: MediaType,
    max_bytes: u64,
) -> Result<Prepared, PrepareError> {
    for _ in 0..MAX_SHRINKS {
        let mut file = encode(&pixels, original, QUALITY)?;
        if !fits(&file.data, max_bytes) && file.media_type == MediaType::Jpeg {
            file = encode(&pixels, original, LOWER_QUALITY)?;
        }
        if fits(&file.data, max_bytes) {
            return Ok(file);
        }
        let longest = pixels.width.max(pixels.height);
        if longest == 1 {
            break;
        }
        pixels = scale::within(pixels, longest - longest.div_ceil(3))?;
    }
    Err(PrepareError::TooHeavy { max_bytes })
}

fn encode(pixels: &Pixels, original: MediaType, quality: u8) -> Result<Prepared, PrepareError> {
    let file = plain(pixels, quality)?;
    if original == MediaType::Gif && file.media_type == MediaType::Jpeg {
        let lossless = png(pixels, ExtendedColorType::Rgb8)?;
        if lossless.data.len() <= file.data.len() {
            return Ok(lossless);
        }
    }
    Ok(file)
}

/// A PNG where there is transparency, else a JPEG.
pub(super) fn plain(pixels: &Pixels, quality: u8) -> Result<Prepared, PrepareError> {
    match pixels.kind {
        Kind::Rgba => png(pixels, ExtendedColorType::Rgba8),
        _ => Ok(file(pixels, MediaType::Jpeg, jpeg::encode(pixels, quality)?)),
    }
}

fn png(pixels: &Pixels, color: ExtendedColorType) -> Result<Prepared, PrepareError> {
    let mut data = Vec::new();
    PngEncoder::new(&mut data)
        .write_image(&pixels.data, pixels.width, pixels.height, color)
        .map_err(unencodable)?;
    Ok(file(pixels, MediaType::Png, data))
}

fn file(pixels: &Pixels, media_type: MediaType, data: Vec<u8>) -> Prepared {
    Prepared { data: data.into(), media_type, width: pixels.width, height: pixels.height }
}

fn unencodable(error: impl Error + Send + Sync + 'static) -> PrepareError {
    PrepareError::Encode(Box::new(error))
}
