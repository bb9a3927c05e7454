//! The structure of a PNG file (source: W3C PNG, third edition, §5).

use super::inspect::Sides;

/// Length, type and checksum, around a chunk's data.
const CHUNK_FRAME: usize = 12;

/// Walks the chunks up to `IEND`.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let mut sides = None;
    let mut has_data = false;
    let mut at = 8; // past the signature
    loop {
        let length = be32(bytes, at)?;
        let length_bytes = usize::try_from(length).ok()?;
        match bytes.get(at + 4..at + 8)? {
            b"IHDR" => sides = Some((be32(bytes, at + 8)?, be32(bytes, at + 12)?)),
            b"IDAT" => has_data = true,
            b"IEND" => return sides.filter(|_| has_data && bytes.len() >= at + CHUNK_FRAME),
            _ => {}
        }
        at = at.checked_add(CHUNK_FRAME)?.checked_add(length_bytes)?;
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
