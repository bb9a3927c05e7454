//! A picture made right for the model: upright, without metadata, no larger than it takes.

use std::io::Cursor;

use bytes::Bytes;
use fast_image_resize::{IntoImageView, Resizer, images::Image};
use image::{
    DynamicImage, ImageDecoder, ImageEncoder, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

use super::{ImageProblem, MediaType, inspect};

/// Longest side that leaves the house, in pixels: what Seedream takes at most (source: the
/// model's 2025 pages).
pub const MAX_SIDE: u32 = 4096;

/// High enough that the model sees no blocks; the file is a fraction of a PNG.
const JPEG_QUALITY: u8 = 92;

/// A decoder's working memory for each pixel: four channels of 16 bits, and as much again.
const BYTES_PER_PIXEL: u64 = 16;

/// A decoder's working memory beside that, metadata included.
const BYTES_BESIDE: u64 = 8 * 1024 * 1024;

/// No honest colour profile is larger; it is sent along with the picture.
const MAX_PROFILE_BYTES: usize = 1024 * 1024;

/// A picture that is ready to be uploaded.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// JPEG, or PNG where the picture has transparency.
    pub data: Bytes,
    /// Of `data`.
    pub media_type: MediaType,
    /// In pixels, upright.
    pub width: u32,
    /// In pixels, upright.
    pub height: u32,
}

/// The picture cannot be made ready, now or later.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It looked whole, but does not decode.
    #[error("the picture does not decode")]
    Decode(#[source] image::ImageError),
    /// It is not a whole picture, or too large a one to be held in memory.
    #[error("the picture is not taken")]
    NotTaken(#[from] ImageProblem),
    /// It cannot be written again.
    #[error("the picture does not encode")]
    Encode(#[source] image::ImageError),
    /// It cannot be scaled down.
    #[error("the picture does not scale")]
    Scale(#[source] fast_image_resize::ResizeError),
    /// Its pixels are of a kind that cannot be scaled.
    #[error("the picture's pixels are of an unknown kind")]
    UnknownPixels,
}

/// Decodes, turns upright, scales down and encodes. Slow: call it on a blocking thread.
pub fn prepare(original: &[u8], max_pixels: u64) -> Result<Prepared, PrepareError> {
    let (picture, icc_profile) = decode(original, max_pixels)?;
    let picture = to_eight_bits(scale_down(picture)?);
    let mut data = Vec::new();
    let media_type = if picture.color().has_alpha() {
        encode(PngEncoder::new(&mut data), &picture, icc_profile)?;
        MediaType::Png
    } else {
        encode(JpegEncoder::new_with_quality(&mut data, JPEG_QUALITY), &picture, icc_profile)?;
        MediaType::Jpeg
    };
    Ok(Prepared { data: data.into(), media_type, width: picture.width(), height: picture.height() })
}

/// The first frame, upright, and the colour profile that its values are meant in.
fn decode(
    original: &[u8],
    max_pixels: u64,
) -> Result<(DynamicImage, Option<Vec<u8>>), PrepareError> {
    // By its own size and not by the most that is allowed: a small file gets little memory.
    let picture = inspect(original, max_pixels)?;
    let pixels = u64::from(picture.width) * u64::from(picture.height);
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels * BYTES_PER_PIXEL + BYTES_BESIDE);
    let mut reader = ImageReader::new(Cursor::new(original));
    reader.limits(limits);
    let reader = reader
        .with_guessed_format()
        .map_err(|error| PrepareError::Decode(image::ImageError::IoError(error)))?;
    let mut decoder = reader.into_decoder().map_err(PrepareError::Decode)?;
    let orientation = decoder.orientation().map_err(PrepareError::Decode)?;
    let icc_profile =
        decoder.icc_profile().map_err(PrepareError::Decode)?.filter(|profile| is_rgb(profile));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(PrepareError::Decode)?;
    picture.apply_orientation(orientation);
    Ok((picture, icc_profile))
}

/// A profile that may go along. What leaves is RGB: one for grey or CMYK values would colour it wrongly (source:
/// ICC.1:2022 §7.2, the header's data colour space).
fn is_rgb(icc_profile: &[u8]) -> bool {
    icc_profile.len() <= MAX_PROFILE_BYTES && icc_profile.get(16..20) == Some(b"RGB ")
}

fn scale_down(picture: DynamicImage) -> Result<DynamicImage, PrepareError> {
    let longest = picture.width().max(picture.height());
    if longest <= MAX_SIDE {
        return Ok(picture);
    }
    let side = |length: u32| {
        let scaled = u64::from(length) * u64::from(MAX_SIDE) / u64::from(longest);
        u32::try_from(scaled.max(1)).unwrap_or(MAX_SIDE)
    };
    let (width, height) = (side(picture.width()), side(picture.height()));
    let picture = to_eight_bits(picture);
    let pixel_type = picture.pixel_type().ok_or(PrepareError::UnknownPixels)?;
    let mut scaled = Image::new(width, height, pixel_type);
    Resizer::new().resize(&picture, &mut scaled, None).map_err(PrepareError::Scale)?;
    let buffer = scaled.into_vec();
    let scaled = match picture {
        DynamicImage::ImageRgba8(_) => {
            image::RgbaImage::from_raw(width, height, buffer).map(DynamicImage::ImageRgba8)
        }
        _ => image::RgbImage::from_raw(width, height, buffer).map(DynamicImage::ImageRgb8),
    };
    scaled.ok_or(PrepareError::UnknownPixels)
}

/// What both encoders write: RGB, with transparency where there is any.
fn to_eight_bits(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => picture,
        other if other.color().has_alpha() => other.into_rgba8().into(),
        other => other.into_rgb8().into(),
    }
}

fn encode(
    mut encoder: impl ImageEncoder,
    picture: &DynamicImage,
    icc_profile: Option<Vec<u8>>,
) -> Result<(), PrepareError> {
    if let Some(profile) = icc_profile {
        // An encoder that cannot carry a profile says so; the values are then read as sRGB.
        drop(encoder.set_icc_profile(profile));
    }
    let color = picture.color().into();
    encoder
        .write_image(picture.as_bytes(), picture.width(), picture.height(), color)
        .map_err(PrepareError::Encode)
}
