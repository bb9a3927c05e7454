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

/// Walks the chunks up to `IEND`; what follows it is let be.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let chunks = chunks(bytes)?;
    let named = |name: &[u8; 4]| chunks.iter().find(|chunk| chunk.name == *name);
    named(b"IDAT")?;
    let header = named(b"IHDR")?.whole.start + 8;
    Some((be32(bytes, header)?, be32(bytes, header + 4)?))
}

/// The chunks up to `IEND`; nothing, where that is missing.
pub(super) fn chunks(bytes: &[u8]) -> Option<Vec<Chunk>> {
    let mut chunks = Vec::new();
    let mut at = SIGNATURE.end;
    loop {
        let length = usize::try_from(be32(bytes, at)?).ok()?;
        let name = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        let whole = at..at.checked_add(CHUNK_FRAME)?.checked_add(length)?;
        at = whole.end;
        chunks.push(Chunk { name, whole });
        if name == *b"IEND" {
            return (bytes.len() >= at).then_some(chunks);
        }
    }
}

impl Chunk {
    /// Whether the checksum says that type and data are as they were written.
    pub(super) fn is_sound(&self, bytes: &[u8]) -> bool {
        let (from, to) = (self.whole.start + 4, self.whole.end - 4);
        bytes.get(from..to).map(crc32fast::hash) == be32(bytes, to)
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
