//! Takes the metadata out of a file, and leaves the compressed picture as it is.
//!
//! The parts that stay are listed, so that unknown ones go too: EXIF with its places and thumbnails, XMP,
//! IPTC, comments, profiles, further frames, and whatever is appended to the file.

use std::ops::Range;

use bytes::Bytes;

use crate::images::{
    MediaType,
    jpeg::{self, Segment},
    png, webp,
};

/// The flag of a WebP file's header that announces transparency (source: RFC 9649, §2.7.1).
const WEBP_ALPHA: u8 = 0x10;

/// The position of the flags in a WebP file's header.
const WEBP_FLAGS: usize = 20;

/// The file without its metadata; `None` where it is damaged, or can only lose it by being encoded anew.
pub(super) fn metadata(original: &Bytes, media_type: MediaType) -> Option<Bytes> {
    match media_type {
        MediaType::Jpeg => jpeg(original),
        MediaType::Png => png(original),
        MediaType::WebP => webp(original),
        MediaType::Gif => None,
    }
}

fn jpeg(original: &Bytes) -> Option<Bytes> {
    let mut kept = Kept::from(jpeg::START_OF_IMAGE);
    for segment in jpeg::segments(original) {
        if stays(&segment, original.get(segment.body.clone())?)? {
            kept.push(segment.whole);
        }
    }
    Some(kept.of(original))
}

/// Whether a decoder needs a segment; `None` where it needs only a part of it.
fn stays(segment: &Segment, body: &[u8]) -> Option<bool> {
    match segment.marker {
        // Tables, restart interval, number of lines, scans, end of image.
        0xc4 | 0xcc | 0xd9..=0xdd => Some(true),
        _ if segment.is_start_of_frame() => Some(true),
        // Says that the channels are YCbCr; a thumbnail may follow in it (source: ITU-T T.871, §10.1).
        0xe0 if body.starts_with(b"JFIF\0") => (body.len() == 14).then_some(true),
        // Says whether the channels are YCbCr (source: Adobe Technical Note 5116, §18).
        0xee if body.starts_with(b"Adobe") => (body.len() == 12).then_some(true),
        _ => Some(false),
    }
}

fn png(original: &Bytes) -> Option<Bytes> {
    let mut kept = Kept::from(png::SIGNATURE);
    for chunk in png::chunks(original) {
        // The pixels, and the small chunks that say what their values mean.
        if matches!(
            &chunk.name,
            b"IHDR" | b"PLTE" | b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" | b"IDAT" | b"IEND"
        ) {
            if !chunk.is_sound(original) {
                return None;
            }
            kept.push(chunk.whole);
        }
    }
    Some(kept.of(original))
}

fn webp(original: &Bytes) -> Option<Bytes> {
    let kept: Vec<_> = webp::chunks(original)
        .filter(|chunk| matches!(&chunk.name, b"VP8X" | b"ALPH" | b"VP8 " | b"VP8L"))
        .collect();
    let frames = kept.iter().filter(|chunk| matches!(&chunk.name, b"VP8 " | b"VP8L"));
    if frames.count() != 1 {
        return None;
    }
    let length = b"WEBP".len() + kept.iter().map(|chunk| chunk.whole.len()).sum::<usize>();
    let mut data = Vec::with_capacity(length + 8);
    data.extend_from_slice(b"RIFF");
    data.extend_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
    data.extend_from_slice(b"WEBP");
    for chunk in &kept {
        data.extend_from_slice(original.get(chunk.whole.clone())?);
    }
    if kept.first()?.name == *b"VP8X" {
        *data.get_mut(WEBP_FLAGS)? &= WEBP_ALPHA;
    }
    Some(data.into())
}

/// The parts of a file that stay, in order.
struct Kept(Vec<Range<usize>>);

impl Kept {
    fn from(start: Range<usize>) -> Self {
        Self(Vec::from([start]))
    }

    /// Adds a range; one that continues the last one is merged with it.
    fn push(&mut self, range: Range<usize>) {
        match self.0.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.0.push(range),
        }
    }

    /// The parts that stay; without copying, where they are one range.
    fn of(self, original: &Bytes) -> Bytes {
        match self.0.as_slice() {
            [all] => original.slice(all.clone()),
            ranges => {
                let parts = ranges.iter().filter_map(|range| original.get(range.clone()));
                parts.collect::<Vec<_>>().concat().into()
            }
        }
    }
}
