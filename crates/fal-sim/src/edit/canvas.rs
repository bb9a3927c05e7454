//! The sheet a print is made on.

use image::imageops::FilterType;
use image::{DynamicImage, Rgb, RgbImage};

use super::colour::Colour;
use super::grade::Grade;

/// A rectangle of the sheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Area {
    /// The same rectangle, larger by `by` on every side.
    pub(crate) fn grown(self, by: u32) -> Self {
        Self {
            left: self.left.saturating_sub(by),
            top: self.top.saturating_sub(by),
            width: self.width + 2 * by,
            height: self.height + 2 * by,
        }
    }
}

/// A sheet of paper; anything drawn beyond its edges is lost.
pub(crate) struct Canvas(RgbImage);

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, paper: Colour) -> Self {
        Self(RgbImage::from_pixel(width, height, Rgb(paper)))
    }

    pub(crate) fn into_image(self) -> RgbImage {
        self.0
    }

    pub(crate) fn fill(&mut self, area: Area, colour: Colour) {
        self.each(area, |pixel, _, _| *pixel = Rgb(colour));
    }

    /// Prints a picture so that it covers an area, cropped around its middle to the area's shape.
    pub(crate) fn picture(&mut self, picture: &DynamicImage, area: Area, grade: &Grade) {
        let mut picture = cover(picture, area.width, area.height);
        if grade.mirrored {
            picture = picture.fliph();
        }
        let picture = picture.into_rgba8();
        let across = falloff(area.width, grade.vignette);
        let down = falloff(area.height, grade.vignette);

        let rows = self.rows(area).zip(picture.rows()).zip(down);
        for ((to, from), row_light) in rows {
            for ((to, from), light) in to.zip(from).zip(&across) {
                *to = Rgb(grade.of(from.0, (light * row_light) >> 8));
            }
        }
    }

    /// Visits the pixels of an area with their position inside it.
    fn each(&mut self, area: Area, mut visit: impl FnMut(&mut Rgb<u8>, u32, u32)) {
        for (y, row) in (0..).zip(self.rows(area)) {
            for (x, pixel) in (0..).zip(row) {
                visit(pixel, x, y);
            }
        }
    }

    fn rows(&mut self, area: Area) -> impl Iterator<Item = impl Iterator<Item = &mut Rgb<u8>>> {
        let [left, top, width, height] = [area.left, area.top, area.width, area.height]
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let rows = self.0.rows_mut().skip(top).take(height);
        rows.map(move |row| row.skip(left).take(width))
    }
}

/// Scales a picture to fill these sides; the excess is cropped evenly.
fn cover(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let part = |side: u32, of: u32, other: u32| {
        let side = u64::from(side) * u64::from(of) / u64::from(other.max(1));
        u32::try_from(side).unwrap_or(u32::MAX).max(1)
    };
    let cut_width = part(picture.height(), width, height).min(picture.width());
    let cut_height = part(picture.width(), height, width).min(picture.height());
    let left = (picture.width() - cut_width) / 2;
    let top = (picture.height() - cut_height) / 2;
    let cut = picture.crop_imm(left, top, cut_width, cut_height);

    if cut_width > width && cut_height > height {
        cut.thumbnail_exact(width, height)
    } else {
        cut.resize_exact(width, height, FilterType::CatmullRom)
    }
}

/// The light along one side, where 256 is full: full in the middle, less by `vignette` at both ends.
fn falloff(length: u32, vignette: i32) -> Vec<i32> {
    let length = i32::try_from(length).unwrap_or(i32::MAX).max(1);
    let light = |at: i32| {
        let out = ((2 * at + 1 - length).abs() << 8) / length;
        256 - ((((out * out) >> 8) * out) >> 8) * vignette / 256
    };
    (0..length).map(light).collect()
}
