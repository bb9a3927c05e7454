//! The structure of a GIF file (source: the `GIF89a` specification, §17 to §27).

use super::inspect::Sides;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;

/// Walks the blocks up to the end of the first frame, which is all that is edited. What follows is
/// not checked: some writers pad, and some leave out the trailer.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let screen = (le16(bytes, 6)?, le16(bytes, 8)?);
    let mut at = 13 + color_table(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            EXTENSION => at = end_of_blocks(bytes, at + 2)?,
            IMAGE => {
                let table = color_table(*bytes.get(at + 9)?);
                return end_of_blocks(bytes, at + 11 + table).map(|_end| screen);
            }
            _ => return None,
        }
    }
}

/// Bytes of the color table that the flags announce.
fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 0x07) + 1) }
}

/// The position after a chain of sub-blocks, each led by its length; an empty one ends it.
fn end_of_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}
