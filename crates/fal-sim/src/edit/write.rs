//! Encodes a print as a file.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageError, ImageFormat, RgbImage};

/// High enough that a small caption stays clean.
const JPEG_QUALITY: u8 = 90;

/// The bytes of a picture; the same picture gives the same bytes.
pub(crate) fn write(picture: RgbImage, format: ImageFormat) -> Result<Bytes, ImageError> {
    let picture = DynamicImage::ImageRgb8(picture);
    let mut file = Cursor::new(Vec::new());
    if format == ImageFormat::Jpeg {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY))?;
    } else {
        picture.write_to(&mut file, format)?;
    }
    Ok(file.into_inner().into())
}
