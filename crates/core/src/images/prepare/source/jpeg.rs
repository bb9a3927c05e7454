//! JPEG files, with their own decoder because inks are needed as they are stored.

use image::metadata::Orientation;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, errors::DecodeErrors};

use super::Source;
use crate::images::{
    jpeg::segments,
    prepare::{
        PrepareError,
        colour::Conversion,
        pixels::{Kind, Pixels},
    },
};

/// Adobe's own segment (source: Adobe Technical Note 5116, §18).
const ADOBE: (u8, &[u8]) = (0xee, b"Adobe");

/// A decoder that has read the header.
pub(super) struct Decoder<'a> {
    file: JpegDecoder<ZCursor<&'a [u8]>>,
    sides: (u32, u32),
    stored: Stored,
}

/// What a file's channels are.
#[derive(Clone, Copy)]
enum Stored {
    Grey,
    Rgb,
    /// Inks; Adobe's programs store them inverted, 0 being full ink.
    Cmyk {
        is_inverted: bool,
    },
    /// Inks, with cyan, magenta and yellow stored as luma and chroma; always from Adobe's programs.
    Ycck,
}

/// Reads up to the first scan.
pub(super) fn open(original: &[u8]) -> Result<Source<'_>, PrepareError> {
    // Damage that a decoder can repair is accepted, as everywhere on the web.
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(original), options);
    decoder.decode_headers().map_err(undecodable)?;
    let sides = decoder
        .dimensions()
        .and_then(|(width, height)| Some((width.try_into().ok()?, height.try_into().ok()?)))
        .ok_or(PrepareError::SizeDiffers)?;
    let color_space = decoder.input_colorspace().unwrap_or(ColorSpace::Unknown);
    let (stored, wanted) = match color_space {
        ColorSpace::Luma => (Stored::Grey, ColorSpace::Luma),
        ColorSpace::CMYK => (Stored::Cmyk { is_inverted: is_adobes(original) }, ColorSpace::CMYK),
        ColorSpace::YCCK => (Stored::Ycck, ColorSpace::YCCK),
        _ => (Stored::Rgb, ColorSpace::RGB),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let conversion =
        decoder.icc_profile().and_then(|profile| Conversion::new(&profile, stored.kind()));
    Ok(Source {
        sides,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        conversion,
        is_plain: matches!(color_space, ColorSpace::Luma | ColorSpace::YCbCr | ColorSpace::RGB),
        decoder: super::Decoder::Jpeg(Box::new(Decoder { file: decoder, sides, stored })),
    })
}

impl Decoder<'_> {
    /// The pixels, not turned yet.
    pub(super) fn decode(mut self) -> Result<Pixels, PrepareError> {
        let mut data = self.file.decode().map_err(undecodable)?;
        let (width, height) = self.sides;
        let kind = self.stored.kind();
        match self.stored {
            Stored::Grey | Stored::Rgb | Stored::Cmyk { is_inverted: false } => {}
            Stored::Cmyk { is_inverted: true } => data.iter_mut().for_each(|byte| *byte = !*byte),
            Stored::Ycck => {
                let (pixels, _) = data.as_chunks_mut::<4>();
                for pixel in pixels {
                    *pixel = inks(*pixel);
                }
            }
        }
        Ok(Pixels { width, height, kind, data })
    }
}

impl Stored {
    fn kind(self) -> Kind {
        match self {
            Self::Grey => Kind::Grey,
            Self::Rgb => Kind::Rgb,
            Self::Cmyk { .. } | Self::Ycck => Kind::Cmyk,
        }
    }
}

fn is_adobes(original: &[u8]) -> bool {
    segments(original).any(|segment| {
        let body = original.get(segment.body).unwrap_or_default();
        segment.marker == ADOBE.0 && body.starts_with(ADOBE.1)
    })
}

/// Cyan, magenta, yellow and black of a YCCK pixel: the first three are stored as YCbCr (source: ITU-T
/// T.871, §7), and black is stored inverted.
fn inks([luma, blue, red, black]: [u8; 4]) -> [u8; 4] {
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    let cyan = 1.402f32.mul_add(red, luma);
    let magenta = luma - 0.344_136 * blue - 0.714_136 * red;
    let yellow = 1.772f32.mul_add(blue, luma);
    [value(cyan), value(magenta), value(yellow), !black]
}

fn value(level: f32) -> u8 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u8 holds"
    )]
    let rounded = level.round().clamp(0.0, 255.0) as u8;
    rounded
}

fn undecodable(error: DecodeErrors) -> PrepareError {
    PrepareError::Decode(Box::new(error))
}
