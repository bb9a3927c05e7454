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

/// The sides that the decoder reads from the first header, if the container is as long as it states. The decoder
/// does not check that the chunk is long enough for that header, so it is checked here.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let first = chunk(bytes, FILE_HEADER)?;
    if bytes.len() < end(bytes)? || first.whole.len() < CHUNK_HEADER + frame_header(first.name)? {
        return None;
    }
    let decoder = image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).ok()?;
    Some(decoder.dimensions())
}

/// How many bytes of this chunk's data are needed to read the picture's sides. `None` for other chunks: a picture
/// begins with one of these.
fn frame_header(chunk: [u8; 4]) -> Option<usize> {
    match &chunk {
        b"VP8 " | b"VP8X" => Some(10),
        // Padded to an even length.
        b"VP8L" => Some(6),
        _ => None,
    }
}

/// The chunks within the container's length, up to the first one that is not whole.
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

/// Where the container ends, by the length that it states.
fn end(bytes: &[u8]) -> Option<usize> {
    usize::try_from(le32(bytes, 4)?).ok()?.checked_add(8)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
