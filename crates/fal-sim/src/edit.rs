//! The edit: a print of the picture, graded by its prompt and captioned with it.
//!
//! The same pictures, prompt and seed give the same bytes; another prompt or seed gives another
//! grade and another caption. Nothing here knows of the network or the queue.

mod canvas;
mod caption;
mod colour;
mod font;
mod grade;
mod mood;
mod write;

use bytes::Bytes;
use image::{DynamicImage, ImageError, ImageFormat, RgbImage};
use sha2::{Digest, Sha256};

use canvas::{Area, Canvas};
use caption::Caption;
use grade::Grade;

/// How a picture is to be edited.
pub(crate) struct Order<'a> {
    pub(crate) prompt: &'a str,
    pub(crate) seed: u64,
    pub(crate) size: (u32, u32),
    pub(crate) format: ImageFormat,
}

/// A finished picture.
pub(crate) struct Print {
    pub(crate) bytes: Bytes,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Edits `picture`; the others appear on it as small insets.
pub(crate) fn edit(
    picture: &DynamicImage,
    others: &[DynamicImage],
    order: &Order<'_>,
) -> Result<Print, ImageError> {
    let (width, height) = order.size;
    let dice = Dice::throw(order.prompt, order.seed);
    let grade = Grade::choose(order.prompt, &dice);
    let caption = Caption::set(order.prompt, order.seed, order.size);

    let margin = caption.margin;
    let inner = Area {
        left: margin,
        top: margin,
        width: width.saturating_sub(2 * margin).max(1),
        height: height.saturating_sub(margin + caption.band).max(1),
    };
    let mut canvas = Canvas::new(width, height, grade.paper);
    canvas.picture(picture, inner, &grade);
    insets(&mut canvas, others, inner, &grade);
    caption.print(&mut canvas, &grade);

    Ok(Print { bytes: write::write(canvas.into_image(), order.format)?, width, height })
}

/// The black picture that a safety checker leaves.
pub(crate) fn black(order: &Order<'_>) -> Result<Print, ImageError> {
    let (width, height) = order.size;
    let bytes = write::write(RgbImage::new(width, height), order.format)?;
    Ok(Print { bytes, width, height })
}

/// A row of small pictures in the upper right corner, as long as there is room.
fn insets(canvas: &mut Canvas, others: &[DynamicImage], inner: Area, grade: &Grade) {
    let side = inner.width.min(inner.height) / 5;
    let gap = side / 8;
    if gap == 0 {
        return;
    }
    let mut right = inner.left + inner.width;
    for other in others {
        let Some(left) = right.checked_sub(side + gap).filter(|left| *left >= inner.left) else {
            return;
        };
        let area = Area { left, top: inner.top + gap, width: side, height: side };
        canvas.fill(area.grown(gap / 4), grade.paper);
        canvas.picture(other, area, grade);
        right = left;
    }
}

/// Decides everything that is left to chance: a hash of prompt and seed.
pub(crate) struct Dice([u8; 32]);

impl Dice {
    fn throw(prompt: &str, seed: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(prompt.as_bytes());
        Self(hash.finalize().into())
    }

    /// A number from 0 to below `sides`; each `which` is another die.
    pub(crate) fn roll(&self, which: usize, sides: u16) -> u16 {
        let byte = |at: usize| u16::from(self.0.get(at).copied().unwrap_or_default());
        (byte(2 * which) * 256 + byte(2 * which + 1)) % sides.max(1)
    }

    /// One of five, all equally likely.
    pub(crate) fn pick<T: Default>(&self, which: usize, from: [T; 5]) -> T {
        let place = usize::from(self.roll(which, 5));
        from.into_iter().nth(place).unwrap_or_default()
    }
}
