//! Decodes an input picture, within limits.

use std::io::Cursor;

use bytes::Bytes;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use serde_json::{Value, json};

use crate::answer::Detail;

/// The longest side that is decoded.
const LONGEST_SIDE: u32 = 16_384;

/// The memory that one picture may take, in bytes.
const DECODED_BYTES: u64 = 512 * 1024 * 1024;

/// Decodes a picture the way up it was taken.
pub(crate) fn decode(
    bytes: Bytes,
    field: &str,
    index: usize,
    url: &str,
) -> Result<DynamicImage, Detail> {
    read(bytes).map_err(|error| refusal(&error, field, index, url))
}

fn read(bytes: Bytes) -> Result<DynamicImage, ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(DECODED_BYTES);

    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refusal(error: &ImageError, field: &str, index: usize, url: &str) -> Detail {
    let (kind, msg, ctx) = match error {
        ImageError::Unsupported(_) => (
            "unsupported_image_format",
            "Unsupported image format.",
            Some(json!({"supported_formats": ["jpeg", "png", "webp", "gif"]})),
        ),
        ImageError::Limits(_) => (
            "image_too_large",
            "Image dimensions are too large.",
            Some(json!({"max_width": LONGEST_SIDE, "max_height": LONGEST_SIDE})),
        ),
        _ => (
            "image_load_error",
            "Failed to load the image. Please ensure the image file is not corrupted.",
            None,
        ),
    };
    let detail = Detail::about(field, kind, msg, &Value::from(url)).at(index);
    match ctx {
        Some(ctx) => detail.with(ctx),
        None => detail,
    }
}
