//! Metadata taken out of a file, the compressed picture left as it is.
//!
//! What stays is listed, so that what nobody has heard of goes too: EXIF with its places and thumbnails,
//! XMP, IPTC, comments, profiles, further frames, and whatever is appended to the file.

use std::ops::Range;

use bytes::Bytes;

use crate::images::{
    MediaType,
    jpeg::{self, Segment},
    png, webp,
};

/// The flag of a WebP file's header that announces transparency (source: RFC 9649, §2.7.1).
const WEBP_ALPHA: u8 = 0x10;

/// Where a WebP file's header has its flags.
const WEBP_FLAGS: usize = 20;

/// The file without its metadata; nothing, where it is damaged or must be encoded anew for that.
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

/// Whether a decoder needs a segment; nothing, where it needs only part of it.
fn stays(segment: &Segment, body: &[u8]) -> Option<bool> {
    match segment.marker {
        // Tables, restart interval, number of lines, scans, end of image.
        0xc4 | 0xcc | 0xd9..=0xdd => Some(true),
        _ if segment.is_start_of_frame() => Some(true),
        // Says that the channels are YCbCr; its thumbnail follows (source: ITU-T T.871, §10.1).
        0xe0 if body.starts_with(b"JFIF\0") => (body.len() == 14).then_some(true),
        // Says whether the channels are YCbCr (source: Adobe Technical Note 5116, §18).
        0xee if body.starts_with(b"Adobe") => (body.len() == 12).then_some(true),
        _ => Some(false),
    }
}

fn png(original: &Bytes) -> Option<Bytes> {
    let mut kept = Kept::from(png::SIGNATURE);
    for chunk in png::chunks(original) {
        // The small ones that tell how values are meant stay with what is drawn.
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

/// What stays of a file, in its order.
struct Kept(Vec<Range<usize>>);

impl Kept {
    fn from(start: Range<usize>) -> Self {
        Self(Vec::from([start]))
    }

    /// Neighbours become one range.
    fn push(&mut self, range: Range<usize>) {
        match self.0.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.0.push(range),
        }
    }

    /// Without copying, where nothing lies between.
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
