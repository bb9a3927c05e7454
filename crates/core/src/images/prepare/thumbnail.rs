//! Makes a picture small, for a page that shows many.

use bytes::Bytes;

use super::{PrepareError, Prepared, encode, remade, source::Source};
use crate::images::inspect;

/// Lower than for models, because nobody looks closely.
const QUALITY: u8 = 80;

/// Scales a picture of up to `max_pixels` down to this width: upright, in sRGB, without metadata, a JPEG,
/// or a PNG where there is transparency. `None` where it is no wider.
///
/// An animation gives its first frame. It may be slow: call it on a blocking thread.
pub fn thumbnail(
    original: &Bytes,
    max_pixels: u64,
    width: u16,
) -> Result<Option<Prepared>, PrepareError> {
    let source = Source::open(original, inspect(original, max_pixels)?)?;
    let sides = source.upright_sides();
    let width = u32::from(width);
    if sides.0 <= width {
        return Ok(None);
    }
    let pixels = remade(source, longest_side(sides, width))?;
    encode::plain(&pixels, QUALITY).map(Some)
}

/// How long the longest side is when the picture is this wide. If that is the height, rounding it changes too
/// little to change the width that is computed from it.
fn longest_side((wide, high): (u32, u32), width: u32) -> u32 {
    let longest = u64::from(wide.max(high));
    let scaled = (longest * u64::from(width) + u64::from(wide) / 2) / u64::from(wide.max(1));
    u32::try_from(scaled).unwrap_or(u32::MAX)
}
