//! JPEG, on all cores: strips are encoded side by side and joined at restart markers.
//!
//! The parts of a scan between restart markers do not depend on each other, so the joined strips are what a
//! single encoder would write that restarts at each strip (source: ITU-T T.81, E.1.4).

use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};
use rayon::prelude::*;

use super::unencodable;
use crate::images::{
    jpeg::{self, START_OF_SCAN, Segment},
    prepare::{PrepareError, pixels::Pixels},
};

/// Rows of a strip: whole blocks, and few enough that a restart interval can count those of the widest picture's.
const STRIP: usize = 32;

/// Side of a block. Colours are not subsampled, so that edges of red and blue stay sharp.
const BLOCK: usize = 8;

/// Restart markers are numbered from 0 to 7, and then from 0 again.
const RESTARTS: u8 = 8;

/// Encodes RGB pixels.
pub(super) fn encode(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, PrepareError> {
    let width = u16::try_from(pixels.width).map_err(unencodable)?;
    let height = u16::try_from(pixels.height).map_err(unencodable)?;
    let row = usize::from(width) * pixels.kind.channels();
    let strips: Vec<Vec<u8>> = pixels
        .data
        .par_chunks((row * STRIP).max(1))
        .map(|strip| {
            let rows = u16::try_from(strip.len() / row.max(1)).unwrap_or(u16::MAX);
            let mut file = Vec::with_capacity(strip.len() / 4);
            let mut encoder = Encoder::new(&mut file, quality);
            encoder.set_sampling_factor(SamplingFactor::R_4_4_4);
            encoder.encode(strip, width, rows, ColorType::Rgb)?;
            Ok(file)
        })
        .collect::<Result<_, EncodingError>>()
        .map_err(unencodable)?;
    join(&strips, width, height).ok_or(PrepareError::SizeDiffers)
}

/// Joins all strips into one file: the header of the first, and the scans of all.
fn join(strips: &[Vec<u8>], width: u16, height: u16) -> Option<Vec<u8>> {
    let first = strips.first()?;
    let frame = jpeg::segments(first).find(Segment::is_start_of_frame)?;
    let scan = jpeg::segments(first).find(|segment| segment.marker == START_OF_SCAN)?;

    let mut file = Vec::with_capacity(strips.iter().map(Vec::len).sum());
    file.extend_from_slice(first.get(..scan.whole.start)?);
    let stated = frame.body.start + 1;
    file.get_mut(stated..stated + 2)?.copy_from_slice(&height.to_be_bytes());
    let blocks = usize::from(width).div_ceil(BLOCK) * (STRIP / BLOCK);
    file.extend_from_slice(b"\xff\xdd\x00\x04");
    file.extend_from_slice(&u16::try_from(blocks).ok()?.to_be_bytes());
    file.extend_from_slice(first.get(scan.whole.start..scan.body.end)?);
    // All headers have the same length: the same tables, and a height of two bytes.
    for (strip, restart) in strips.iter().zip((0..RESTARTS).cycle()) {
        file.extend_from_slice(strip.get(scan.body.end..strip.len().checked_sub(2)?)?);
        file.extend_from_slice(&[0xff, 0xd0 + restart]);
    }
    // The last marker becomes the end of the image.
    *file.last_mut()? = 0xd9;
    Some(file)
}
