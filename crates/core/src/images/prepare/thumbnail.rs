//! A picture made small for a page that shows many.

use bytes::Bytes;

use super::{PrepareError, Prepared, encode, remade, source::Source};
use crate::images::inspect;

/// Nobody looks closely.
const QUALITY: u8 = 80;

/// Scales a picture of up to `max_pixels` down to this width: upright, in sRGB, without metadata, a JPEG,
/// or a PNG where there is transparency. Nothing, where it is no wider.
///
/// Of an animation, the first frame. May be slow: call it on a blocking thread.
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

/// How long the longest side is when the picture is this wide. Where that is the height, its rounding is
/// too small to change the width that follows from it.
fn longest_side((wide, high): (u32, u32), width: u32) -> u32 {
    let longest = u64::from(wide.max(high));
    let scaled = (longest * u64::from(width) + u64::from(wide) / 2) / u64::from(wide.max(1));
    u32::try_from(scaled).unwrap_or(u32::MAX)
}
