//! The structure of a JPEG file (source: ITU-T T.81, annex B).

use super::inspect::Sides;

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Walks the segments up to the end-of-image marker. Bytes after it are let be: cameras append
/// thumbnails and phones whole films there.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let mut sides = None;
    let mut at = 2; // past start-of-image
    loop {
        let (marker, after) = next_marker(bytes, at)?;
        match marker {
            END_OF_IMAGE => return sides,
            // Markers without a segment: TEM, RST0 to RST7.
            0x01 | 0xd0..=0xd7 => at = after,
            _ => {
                let length = usize::from(be16(bytes, after)?);
                if is_start_of_frame(marker) && sides.is_none() {
                    let height = be16(bytes, after + 3)?;
                    let width = be16(bytes, after + 5)?;
                    sides = Some((u32::from(width), u32::from(height)));
                }
                at = after + length.max(2);
                if marker == START_OF_SCAN {
                    at = end_of_scan(bytes, at)?;
                }
            }
        }
    }
}

/// The next marker at `at`, after any fill bytes, and the position after it.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    // Some writers leave stray bytes between segments; decoders pass them over.
    at += memchr::memchr(0xff, bytes.get(at..)?)?;
    while *bytes.get(at)? == 0xff {
        at += 1;
    }
    Some((*bytes.get(at)?, at + 1))
}

/// The position of the marker that ends the entropy-coded data: the first `ff` that is followed
/// neither by a stuffed zero, nor by a restart marker, nor by another `ff`.
fn end_of_scan(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)?;
        match *bytes.get(at + 1)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Some(at),
        }
    }
}

/// SOF0 to SOF15, without DHT, JPG and DAC, which share the range.
fn is_start_of_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}
