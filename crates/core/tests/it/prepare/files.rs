//! Files with metadata that encoders do not write, built byte by byte.

use image::ImageFormat;

use crate::factory::picture;

/// Is put into every kind of metadata, and must not be in the prepared file.
pub(super) const SECRET: &[u8] = b"SECRET-PLACE";

/// An EXIF block with an orientation, a place and something after them (source: Exif 2.32, tags
/// 0x0112, 0x8825 and GPS tag 0x001c).
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    block.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    block.extend_from_slice(&[0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    block.extend_from_slice(&[0, 0, 0, 0, 0, 1]);
    block.extend_from_slice(&[0, 0x1c, 0, 7, 0, 0, 0, 12, 0, 0, 0, 56, 0, 0, 0, 0]);
    block.truncate(56);
    block.extend_from_slice(SECRET);
    block
}

/// A JPEG with segments put in before all others.
pub(super) fn jpeg_with(file: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut with = file[..2].to_vec();
    for (marker, body) in segments {
        let length = u16::try_from(body.len() + 2).unwrap();
        with.extend_from_slice(&[0xff, *marker]);
        with.extend_from_slice(&length.to_be_bytes());
        with.extend_from_slice(body);
    }
    with.extend_from_slice(&file[2..]);
    with
}

/// An APP1 segment with EXIF in it.
pub(super) fn exif_segment(orientation: u8) -> (u8, Vec<u8>) {
    (0xe1, [b"Exif\0\0", &exif(orientation)[..]].concat())
}

/// An APP2 segment with a colour profile in it.
pub(super) fn icc_segment(profile: &[u8]) -> (u8, Vec<u8>) {
    (0xe2, [b"ICC_PROFILE\0\x01\x01", profile].concat())
}

/// A chunk of a PNG.
pub(super) fn png_chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let named = [name, body].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// A PNG with chunks put in after its header.
pub(super) fn png_with(file: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let after_header = 33;
    [&file[..after_header], &chunks.concat(), &file[after_header..]].concat()
}

/// A chunk of a WebP.
pub(super) fn webp_chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let padding = vec![0; body.len() % 2];
    [name, &length, body, &padding].concat()
}

/// A WebP of these chunks, whose extended header announces them by these flags.
pub(super) fn webp_of(flags: u8, width: u32, height: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![flags, 0, 0, 0];
    header.extend_from_slice(&(width - 1).to_le_bytes()[..3]);
    header.extend_from_slice(&(height - 1).to_le_bytes()[..3]);
    let body = [&b"WEBP"[..], &webp_chunk(b"VP8X", &header), &chunks.concat()].concat();
    webp_chunk(b"RIFF", &body)
}

/// The frame of a WebP, as a chunk.
pub(super) fn webp_frame(width: u32, height: u32) -> Vec<u8> {
    picture(width, height, ImageFormat::WebP)[12..].to_vec()
}

/// A picture of any kind with EXIF in it.
pub(super) fn with_exif(width: u32, height: u32, format: ImageFormat, orientation: u8) -> Vec<u8> {
    let file = picture(width, height, format);
    match format {
        ImageFormat::Jpeg => jpeg_with(&file, &[exif_segment(orientation)]),
        ImageFormat::Png => png_with(&file, &[png_chunk(b"eXIf", &exif(orientation))]),
        ImageFormat::WebP => {
            let chunks = [webp_frame(width, height), webp_chunk(b"EXIF", &exif(orientation))];
            webp_of(0x08, width, height, &chunks)
        }
        _ => file,
    }
}
