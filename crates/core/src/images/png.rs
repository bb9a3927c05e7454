//! The structure of a PNG file (source: W3C PNG, third edition, §5).

use std::ops::Range;

use super::inspect::Sides;

/// The signature that every file begins with.
pub(super) const SIGNATURE: Range<usize> = 0..8;

/// Length, type and checksum, around a chunk's data.
const CHUNK_FRAME: usize = 12;

/// One chunk of a file.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// Four letters.
    pub(super) name: [u8; 4],
    /// From its length to its checksum.
    pub(super) whole: Range<usize>,
}

/// The sides that the header states, if the walk comes to `IEND` past some data. What follows is not checked.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let mut sides = None;
    let mut has_data = false;
    for chunk in chunks(bytes) {
        match &chunk.name {
            b"IHDR" => {
                let body = chunk.whole.start + 8;
                sides = Some((be32(bytes, body)?, be32(bytes, body + 4)?));
            }
            b"IDAT" => has_data = true,
            b"IEND" => return sides.filter(|_| has_data),
            _ => {}
        }
    }
    None
}

/// The chunks after the signature; the last one is `IEND`, in a file that is whole.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk> {
    let mut at = Some(SIGNATURE.end);
    std::iter::from_fn(move || {
        let chunk = chunk(bytes, at?)?;
        at = (chunk.name != *b"IEND").then_some(chunk.whole.end);
        Some(chunk)
    })
}

fn chunk(bytes: &[u8], at: usize) -> Option<Chunk> {
    let length = usize::try_from(be32(bytes, at)?).ok()?;
    let name = bytes.get(at + 4..at + 8)?.try_into().ok()?;
    let whole = at..at.checked_add(CHUNK_FRAME)?.checked_add(length)?;
    (whole.end <= bytes.len()).then_some(Chunk { name, whole })
}

impl Chunk {
    /// Whether type and data match the checksum.
    pub(super) fn is_sound(&self, bytes: &[u8]) -> bool {
        let (from, to) = (self.whole.start + 4, self.whole.end - 4);
        bytes.get(from..to).map(crc32fast::hash) == be32(bytes, to)
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
