//! An open file: first what its header declares, then its pixels.

mod jpeg;

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageReader, Limits, metadata::Orientation};

use super::{
    PrepareError,
    colour::Conversion,
    pixels::{Kind, Pixels},
    turn,
};
use crate::images::{Inspected, MediaType};

/// A decoder's working memory for each pixel: four channels of 16 bits, and as much again.
const BYTES_PER_PIXEL: u64 = 16;

/// A decoder's further working memory, metadata included.
const BYTES_BESIDE: u64 = 8 * 1024 * 1024;

/// A file whose pixels are not decoded yet.
pub(super) struct Source<'a> {
    decoder: Decoder<'a>,
    /// As stored, not turned.
    sides: (u32, u32),
    /// How the picture has to be turned.
    pub(super) orientation: Orientation,
    /// How its values become sRGB; `None` where they are already.
    pub(super) conversion: Option<Conversion>,
    /// Whether every reader shows it the same: one picture, eight bits a channel, grey or RGB.
    is_plain: bool,
}

enum Decoder<'a> {
    Jpeg(Box<jpeg::Decoder<'a>>),
    Other(Box<dyn ImageDecoder + 'a>),
}

impl<'a> Source<'a> {
    /// Reads the header of a file that was inspected.
    pub(super) fn open(original: &'a [u8], inspected: Inspected) -> Result<Self, PrepareError> {
        let source = match inspected.media_type {
            MediaType::Jpeg => jpeg::open(original)?,
            MediaType::Png | MediaType::WebP | MediaType::Gif => open(original, inspected)?,
        };
        // Memory was only allowed for the size that the inspection saw.
        if source.sides == (inspected.width, inspected.height) {
            Ok(source)
        } else {
            Err(PrepareError::SizeDiffers)
        }
    }

    /// Whether the model can take the pixels as they are stored.
    pub(super) fn is_right_already(&self, max_side: u32) -> bool {
        self.is_plain
            && self.conversion.is_none()
            && self.orientation == Orientation::NoTransforms
            && self.sides.0.max(self.sides.1) <= max_side
    }

    /// Width and height of the picture once it is turned.
    pub(super) fn upright_sides(&self) -> (u32, u32) {
        let (width, height) = self.sides;
        if turn::is_sideways(self.orientation) { (height, width) } else { (width, height) }
    }

    /// The pixels of the first frame, not turned yet.
    pub(super) fn decode(self) -> Result<Pixels, PrepareError> {
        match self.decoder {
            Decoder::Jpeg(decoder) => decoder.decode(),
            Decoder::Other(decoder) => DynamicImage::from_decoder(decoder)
                .map(eight_bits)
                .map_err(|error| PrepareError::Decode(error.into())),
        }
    }
}

fn open(original: &[u8], inspected: Inspected) -> Result<Source<'_>, PrepareError> {
    let decode = |error: image::ImageError| PrepareError::Decode(error.into());
    let mut reader = ImageReader::new(Cursor::new(original))
        .with_guessed_format()
        .map_err(|error| PrepareError::Decode(error.into()))?;
    reader.limits(limits(inspected));
    let mut decoder = reader.into_decoder().map_err(decode)?;
    let color = decoder.color_type();
    let kind = kind(color);
    let orientation = decoder.orientation().map_err(decode)?;
    let icc_profile = decoder.icc_profile().map_err(decode)?;
    // The further frames of an animation go with the metadata; where they cannot, the first one is decoded.
    let is_shallow =
        matches!(color, ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8);
    Ok(Source {
        sides: decoder.dimensions(),
        decoder: Decoder::Other(Box::new(decoder)),
        orientation,
        conversion: icc_profile.and_then(|profile| Conversion::new(&profile, kind)),
        is_plain: is_shallow && inspected.media_type != MediaType::Gif,
    })
}

/// Set by the picture's own size and not by the largest allowed, so that a small picture gets little memory.
fn limits(inspected: Inspected) -> Limits {
    let pixels = u64::from(inspected.width) * u64::from(inspected.height);
    let mut limits = Limits::default();
    limits.max_alloc = Some(pixels * BYTES_PER_PIXEL + BYTES_BESIDE);
    limits
}

/// The kind of a colour type's pixels in eight bits a channel.
fn kind(color: ColorType) -> Kind {
    match (color.has_color(), color.has_alpha()) {
        (false, false) => Kind::Grey,
        (false, true) => Kind::GreyAlpha,
        (true, false) => Kind::Rgb,
        (true, true) => Kind::Rgba,
    }
}

fn eight_bits(picture: DynamicImage) -> Pixels {
    let (width, height) = (picture.width(), picture.height());
    let kind = kind(picture.color());
    let data = match kind {
        Kind::Grey => picture.into_luma8().into_raw(),
        Kind::GreyAlpha => picture.into_luma_alpha8().into_raw(),
        Kind::Rgba => picture.into_rgba8().into_raw(),
        Kind::Rgb | Kind::Cmyk => picture.into_rgb8().into_raw(),
    };
    Pixels { width, height, kind, data }
}
