//! The structure of a WebP file (source: RFC 9649, §2).

use std::{io::Cursor, ops::Range};

use image::ImageDecoder;

use super::inspect::Sides;

/// `RIFF`, the length of what follows, and `WEBP`.
const FILE_HEADER: usize = 12;

/// Name and length, before a chunk's data.
const CHUNK_HEADER: usize = 8;

/// One chunk of a file.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// Four letters.
    pub(super) name: [u8; 4],
    /// From its name to the byte that pads it to an even length.
    pub(super) whole: Range<usize>,
}

/// The container states its length; the decoder's header reader knows the three kinds of frame.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    if bytes.len() < end(bytes)? {
        return None;
    }
    let decoder = image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).ok()?;
    Some(decoder.dimensions())
}

/// The chunks that the container's length covers, as far as they are whole.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk> {
    let end = end(bytes).unwrap_or_default().min(bytes.len());
    let mut at = FILE_HEADER;
    std::iter::from_fn(move || {
        let chunk = chunk(bytes, at).filter(|chunk| chunk.whole.end <= end)?;
        at = chunk.whole.end;
        Some(chunk)
    })
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk> {
    let name = bytes.get(at..at + 4)?.try_into().ok()?;
    let length = usize::try_from(le32(bytes, at + 4)?).ok()?;
    let end = at.checked_add(CHUNK_HEADER)?.checked_add(length)?.checked_next_multiple_of(2)?;
    Some(Chunk { name, whole: at..end })
}

/// Where the container ends, by its own word.
fn end(bytes: &[u8]) -> Option<usize> {
    usize::try_from(le32(bytes, 4)?).ok()?.checked_add(8)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
