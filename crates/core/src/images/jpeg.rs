//! The structure of a JPEG file (source: ITU-T T.81, annex B).

use std::ops::Range;

use super::inspect::Sides;

/// The marker that every file begins with.
pub(super) const START_OF_IMAGE: Range<usize> = 0..2;

/// Start of scan: a header, followed by entropy-coded data.
pub(super) const START_OF_SCAN: u8 = 0xda;

/// The marker that every file ends with, whatever follows.
const END_OF_IMAGE: u8 = 0xd9;

/// One marker of a file, with all that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The marker's second byte.
    pub(super) marker: u8,
    /// From the marker's first byte to its last: a scan's data is part of the scan.
    pub(super) whole: Range<usize>,
    /// What the segment holds, without marker, length and a scan's data.
    pub(super) body: Range<usize>,
}

/// The sides of the first frame, if the walk comes to the end of the image. Bytes after it are not
/// checked: cameras append thumbnails there, and phones whole films.
pub(super) fn sides(bytes: &[u8]) -> Sides {
    let mut sides = None;
    for segment in segments(bytes) {
        if segment.marker == END_OF_IMAGE {
            return sides;
        }
        if segment.is_start_of_frame() && sides.is_none() {
            let height = be16(bytes, segment.body.start + 1)?;
            let width = be16(bytes, segment.body.start + 3)?;
            sides = Some((u32::from(width), u32::from(height)));
        }
    }
    None
}

/// The segments after the start of the image; the last one is the end of it, in a file that is whole.
pub(super) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment> {
    let mut at = Some(START_OF_IMAGE.end);
    std::iter::from_fn(move || {
        let segment = segment(bytes, at?)?;
        at = (segment.marker != END_OF_IMAGE).then_some(segment.whole.end);
        Some(segment)
    })
}

/// The first segment from here on.
fn segment(bytes: &[u8], mut at: usize) -> Option<Segment> {
    loop {
        let (marker, after) = next_marker(bytes, at)?;
        match marker {
            // Markers without a segment: TEM, RST0 to RST7.
            0x01 | 0xd0..=0xd7 => at = after,
            END_OF_IMAGE => {
                return Some(Segment { marker, whole: after - 2..after, body: after..after });
            }
            _ => {
                let length = usize::from(be16(bytes, after)?).max(2);
                let body = after + 2..after + length;
                let end =
                    if marker == START_OF_SCAN { end_of_scan(bytes, body.end)? } else { body.end };
                return Some(Segment { marker, whole: after - 2..end, body });
            }
        }
    }
}

impl Segment {
    /// SOF0 to SOF15, without DHT, JPG and DAC, which share the range.
    pub(super) fn is_start_of_frame(&self) -> bool {
        matches!(self.marker, 0xc0..=0xcf) && !matches!(self.marker, 0xc4 | 0xc8 | 0xcc)
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

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}
