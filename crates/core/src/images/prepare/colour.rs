//! Converts pixels to sRGB, because models read the values and ignore colour profiles.

use std::sync::Arc;

use moxcms::{
    CmsError, ColorProfile, DataColorSpace, Layout, ParsingOptions, Transform8BitExecutor,
    TransformOptions,
};
use rayon::prelude::*;

use super::pixels::{Kind, Pixels};

/// No honest colour profile is larger; those of printing presses come close to three million bytes.
const MAX_PROFILE_BYTES: usize = 4 * 1024 * 1024;

/// Values that differ by no more than this look the same. The profiles that cameras and programs call
/// sRGB differ in their rounding.
const SAME: u8 = 2;

/// The step between the values of the colours that a profile is tried on: a divisor of 255.
const SAMPLE_STEP: usize = 15;

/// Pixels that a thread converts at a time.
const PORTION: usize = 64 * 1024;

/// How the values that a profile describes become sRGB.
#[derive(Clone)]
pub(super) struct Conversion(Arc<Transform8BitExecutor>);

impl Conversion {
    /// `None` where the profile describes sRGB, or values of another kind, or is damaged: then the
    /// values are taken as they are.
    pub(super) fn new(icc_profile: &[u8], kind: Kind) -> Option<Self> {
        let options =
            ParsingOptions { max_profile_size: MAX_PROFILE_BYTES, ..ParsingOptions::default() };
        let profile = ColorProfile::new_from_slice_with_options(icc_profile, options).ok()?;
        let (color_space, from, to) = match kind {
            Kind::Grey => (DataColorSpace::Gray, Layout::Gray, Layout::Rgb),
            Kind::GreyAlpha => (DataColorSpace::Gray, Layout::GrayAlpha, Layout::Rgba),
            Kind::Rgb => (DataColorSpace::Rgb, Layout::Rgb, Layout::Rgb),
            Kind::Rgba => (DataColorSpace::Rgb, Layout::Rgba, Layout::Rgba),
            // For inks, only the number of channels counts: four.
            Kind::Cmyk => (DataColorSpace::Cmyk, Layout::Rgba, Layout::Rgb),
        };
        if profile.color_space != color_space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        let transform = profile.create_transform_8bit(from, &srgb, to, options).ok()?;
        let conversion = Self(transform);
        (!conversion.changes_nothing(kind)).then_some(conversion)
    }

    /// Whether sample colours from the whole range come out as they went in.
    fn changes_nothing(&self, kind: Kind) -> bool {
        let values = || (0..=u8::MAX).step_by(SAMPLE_STEP);
        let samples: Vec<u8> = match kind {
            Kind::Grey => values().collect(),
            Kind::GreyAlpha => values().flat_map(|grey| [grey, u8::MAX]).collect(),
            Kind::Rgb | Kind::Rgba => values()
                .flat_map(|red| values().map(move |green| (red, green)))
                .flat_map(|(red, green)| values().map(move |blue| [red, green, blue, u8::MAX]))
                .flat_map(|pixel| pixel.into_iter().take(kind.channels()))
                .collect(),
            // Inks are never sRGB.
            Kind::Cmyk => return false,
        };
        let same = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= SAME;
        self.convert(&samples, kind)
            .is_ok_and(|converted| converted.iter().zip(&as_they_are(&samples, kind)).all(same))
    }

    fn convert(&self, data: &[u8], kind: Kind) -> Result<Vec<u8>, CmsError> {
        let (from, to) = (kind.channels(), in_srgb(kind).channels());
        let mut converted = vec![0; data.len() / from * to];
        converted
            .par_chunks_mut(PORTION * to)
            .zip(data.par_chunks(PORTION * from))
            .try_for_each(|(converted, data)| self.0.transform(data, converted))?;
        Ok(converted)
    }
}

/// Converts a picture to sRGB.
pub(super) fn to_srgb(pixels: Pixels, conversion: Option<&Conversion>) -> Pixels {
    let kind = in_srgb(pixels.kind);
    let converted = conversion.and_then(|it| it.convert(&pixels.data, pixels.kind).ok());
    let data = match converted {
        Some(converted) => converted,
        None if kind == pixels.kind => return pixels,
        None => as_they_are(&pixels.data, pixels.kind),
    };
    Pixels { kind, data, ..pixels }
}

/// The kind that pixels of this kind have in sRGB.
fn in_srgb(kind: Kind) -> Kind {
    if kind.has_alpha() { Kind::Rgba } else { Kind::Rgb }
}

/// Turns values into sRGB that no profile describes.
fn as_they_are(data: &[u8], kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Grey => data.iter().flat_map(|grey| [*grey; 3]).collect(),
        Kind::GreyAlpha => {
            let (pixels, _) = data.as_chunks::<2>();
            pixels.iter().flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect()
        }
        Kind::Rgb | Kind::Rgba => data.to_vec(),
        Kind::Cmyk => {
            let (pixels, _) = data.as_chunks::<4>();
            pixels
                .iter()
                .flat_map(|[inks @ .., black]| inks.map(|ink| light(ink, *black)))
                .collect()
        }
    }
}

/// The light that passes through an ink and then through black.
fn light(ink: u8, black: u8) -> u8 {
    let through = u16::from(u8::MAX - ink) * u16::from(u8::MAX - black);
    u8::try_from((through + 127) / 255).unwrap_or(u8::MAX)
}
