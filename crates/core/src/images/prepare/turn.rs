//! Turns and mirrors pixels, so that the top is up.

use image::metadata::Orientation;
use rayon::{iter::IndexedParallelIterator, prelude::*};

use super::pixels::Pixels;

/// Side of the squares that are turned one after the other: what is read and written for a square stays
/// in the processor's nearest cache, whichever way the rows run.
const SQUARE: usize = 32;

/// Turns a picture as its orientation says.
pub(super) fn upright(pixels: Pixels, orientation: Orientation) -> Pixels {
    if orientation == Orientation::NoTransforms {
        return pixels;
    }
    let Some(walk) = Walk::new(pixels.width, pixels.height, orientation) else {
        return pixels;
    };
    let data = match pixels.kind.channels() {
        1 => walk.all::<1>(&pixels.data),
        2 => walk.all::<2>(&pixels.data),
        3 => walk.all::<3>(&pixels.data),
        _ => walk.all::<4>(&pixels.data),
    };
    let (width, height) = if is_sideways(orientation) {
        (pixels.height, pixels.width)
    } else {
        (pixels.width, pixels.height)
    };
    Pixels { width, height, data, ..pixels }
}

/// Whether width and height change places.
pub(super) fn is_sideways(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// How the pixels of the upright picture are found in the stored one.
#[derive(Clone, Copy)]
struct Walk {
    /// Pixels in a row of the upright picture.
    row: usize,
    /// The position of its first pixel in the stored one.
    origin: usize,
    /// The distance from a pixel to the one on its right; wraps around zero where it goes backwards.
    right: usize,
    /// The distance from a pixel to the one below it; wraps around zero where it goes backwards.
    below: usize,
}

impl Walk {
    /// `None` for a picture without pixels.
    fn new(width: u32, height: u32, orientation: Orientation) -> Option<Self> {
        let (width, height) = (usize::try_from(width).ok()?, usize::try_from(height).ok()?);
        let (last_column, last_row) = (width.checked_sub(1)?, height.checked_sub(1)? * width);
        let (back, up) = (1_usize.wrapping_neg(), width.wrapping_neg());
        let (origin, right, below) = match orientation {
            Orientation::NoTransforms => (0, 1, width),
            Orientation::FlipHorizontal => (last_column, back, width),
            Orientation::Rotate180 => (last_row + last_column, back, up),
            Orientation::FlipVertical => (last_row, 1, up),
            Orientation::Rotate90FlipH => (0, width, 1),
            Orientation::Rotate90 => (last_row, up, 1),
            Orientation::Rotate270FlipH => (last_row + last_column, up, back),
            Orientation::Rotate270 => (last_column, width, back),
        };
        let row = if is_sideways(orientation) { height } else { width };
        Some(Self { row, origin, right, below })
    }

    /// The upright picture; its bands of rows are made in parallel.
    fn all<const CHANNELS: usize>(self, lying: &[u8]) -> Vec<u8> {
        let (lying, _) = lying.as_chunks::<CHANNELS>();
        let mut upright = vec![0; lying.len() * CHANNELS];
        let band = self.row * SQUARE * CHANNELS;
        upright.par_chunks_mut(band).enumerate().for_each(|(number, band)| {
            let (band, _) = band.as_chunks_mut::<CHANNELS>();
            self.band(lying, number * SQUARE, band);
        });
        upright
    }

    /// One band of the upright picture, square by square.
    fn band<P: Copy>(self, lying: &[P], top: usize, band: &mut [P]) {
        for left in (0..self.row).step_by(SQUARE) {
            for (y, row) in band.chunks_exact_mut(self.row).enumerate() {
                let down = self.below.wrapping_mul(top + y);
                let mut at =
                    self.origin.wrapping_add(down).wrapping_add(self.right.wrapping_mul(left));
                for pixel in row.iter_mut().skip(left).take(SQUARE) {
                    if let Some(found) = lying.get(at) {
                        *pixel = *found;
                    }
                    at = at.wrapping_add(self.right);
                }
            }
        }
    }
}
