//! The structure of a WebP file (source: RFC 9649, §2).

use std::io::Cursor;

use image::ImageDecoder;

use super::inspect::Sides;

/// The container states its length; the decoder's header reader knows the three kinds of frame.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let riff_length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    if bytes.len() < usize::try_from(riff_length).ok()?.checked_add(8)? {
        return None;
    }
    let decoder = image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).ok()?;
    Some(decoder.dimensions())
}
