//! A picture prepared for the model: upright, in sRGB, without metadata, no larger than the model takes.
//!
//! A picture that needs nothing else only loses its metadata; its compressed data stays as it is. Any other is
//! decoded, scaled down, turned, converted and encoded, in this order, so that the fewest pixels are touched.

mod colour;
mod encode;
mod pixels;
mod scale;
mod source;
mod strip;
mod thumbnail;
mod turn;

use std::error::Error;

use bytes::Bytes;

use self::{pixels::Pixels, source::Source};
use super::{ImageProblem, MediaType, inspect};

pub use thumbnail::thumbnail;

/// What the model takes at most.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    /// Longest side, in pixels.
    pub max_side: u32,
    /// Most bytes of the file.
    pub max_bytes: u64,
}

impl Default for Fit {
    /// What Seedream takes (source: the model's 2025 pages).
    fn default() -> Self {
        Self { max_side: 4096, max_bytes: 10 * 1024 * 1024 }
    }
}

/// A picture that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The file: the original without its metadata, or else a JPEG, or a PNG where there is transparency.
    pub data: Bytes,
    /// The kind of `data`.
    pub media_type: MediaType,
    /// In pixels, upright.
    pub width: u32,
    /// In pixels, upright.
    pub height: u32,
}

/// The picture can never be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It is not a whole picture, or too large a one to be held in memory.
    #[error("the picture is not taken")]
    NotTaken(#[from] ImageProblem),
    /// It looked whole, but does not decode.
    #[error("the picture does not decode")]
    Decode(#[source] Box<dyn Error + Send + Sync>),
    /// Its header declares another size than its pixels have.
    #[error("the picture is not of the size that it declares")]
    SizeDiffers,
    /// It cannot be scaled down.
    #[error("the picture does not scale")]
    Scale(#[source] Box<dyn Error + Send + Sync>),
    /// It cannot be written again.
    #[error("the picture does not encode")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
    /// Even scaled down to a few pixels, its file is larger than the model takes.
    #[error("the picture cannot be made smaller than {max_bytes} bytes")]
    TooHeavy {
        /// The limit from [`Fit`].
        max_bytes: u64,
    },
}

/// Prepares a picture of up to `max_pixels` for a model that takes what fits `fit`.
///
/// It may be slow, and uses all cores that are free: call it on a blocking thread.
pub fn prepare(original: &Bytes, max_pixels: u64, fit: Fit) -> Result<Prepared, PrepareError> {
    let inspected = inspect(original, max_pixels)?;
    let source = Source::open(original, inspected)?;
    if source.is_right_already(fit.max_side)
        && let Some(data) = strip::metadata(original, inspected.media_type)
        && encode::fits(&data, fit.max_bytes)
    {
        let (width, height) = (inspected.width, inspected.height);
        return Ok(Prepared { data, media_type: inspected.media_type, width, height });
    }
    encode::within(remade(source, fit.max_side)?, inspected.media_type, fit.max_bytes)
}

/// The picture's pixels, scaled down until no side is longer than `max_side`, upright and in sRGB.
fn remade(source: Source<'_>, max_side: u32) -> Result<Pixels, PrepareError> {
    let (orientation, conversion) = (source.orientation, source.conversion.clone());
    let pixels = scale::within(source.decode()?, max_side)?;
    let pixels = turn::upright(pixels, orientation);
    Ok(colour::to_srgb(pixels, conversion.as_ref()).without_idle_alpha())
}
