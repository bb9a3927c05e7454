//! The files that are measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{DynamicImage, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::photo;

/// Metadata as cameras write it (source: Exif 2.32, tag 0x0112 = 6): the picture is to be turned by a quarter.
const TURNED: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// The JPEG quality of a phone's camera.
const CAMERA_QUALITY: u8 = 90;

/// A file, and the size to which it is brought.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) megapixels: f64,
    pub(super) max_side: u32,
    has_alpha: bool,
}

impl Case {
    /// The file that vips writes; its extension tells vips the format.
    pub(super) fn vips_output(&self) -> &'static str {
        if self.has_alpha { "theirs.png" } else { "theirs.jpg" }
    }

    /// For JPEG, the quality that Darkroom writes; for PNG, vips's fastest level that compresses at all.
    pub(super) fn vips_options(&self) -> &'static str {
        if self.has_alpha { "[compression=1,strip]" } else { "[Q=92,strip]" }
    }
}

/// Writes all files, and returns their cases.
pub(super) fn all(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let write = |name: &str, data: Vec<u8>| -> anyhow::Result<PathBuf> {
        let file = folder.join(name);
        fs::write(&file, data)?;
        Ok(file)
    };
    let twelve = photo::taken(4032, 3024);
    let twenty_four = photo::taken(6000, 4000);
    let six = photo::taken(3000, 2000);
    let upright = write("12.jpg", jpeg(&twelve, None)?)?;
    let turned = write("12-turned.jpg", jpeg(&twelve, Some(TURNED))?)?;
    let large = write("24.jpg", jpeg(&twenty_four, None)?)?;
    let alpha = write("alpha.png", png(&photo::cut_out(&six).into())?)?;
    let deep =
        write("deep.png", png(&DynamicImage::ImageRgb16(DynamicImage::from(six).into_rgb16()))?)?;
    let tiny = write("tiny.jpg", jpeg(&photo::taken(16, 16), None)?)?;
    let case = |name: &str, file: &Path, megapixels, max_side| Case {
        name: format!("{name} → {max_side}"),
        file: file.to_owned(),
        megapixels,
        max_side,
        has_alpha: name.contains("transparency"),
    };
    Ok(vec![
        case("JPEG, 12 MP, upright", &upright, 12.2, 4096),
        case("JPEG, 12 MP, turned by EXIF", &turned, 12.2, 4096),
        case("**JPEG, 12 MP**", &upright, 12.2, 2048),
        case("JPEG, 12 MP, turned by EXIF", &turned, 12.2, 2048),
        case("JPEG, 24 MP", &large, 24.0, 4096),
        case("PNG, 6 MP, transparency", &alpha, 6.0, 2048),
        case("PNG, 6 MP, 16 bits", &deep, 6.0, 4096),
        case("JPEG, 16 × 16: the start of a process", &tiny, 0.000_256, 8),
    ])
}

fn jpeg(photo: &RgbImage, exif: Option<&[u8]>) -> anyhow::Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, CAMERA_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    if let Some(exif) = exif {
        encoder.add_exif_metadata(exif)?;
    }
    let (width, height) = (photo.width().try_into()?, photo.height().try_into()?);
    encoder.encode(photo, width, height, ColorType::Rgb)?;
    Ok(file)
}

fn png(picture: &DynamicImage) -> anyhow::Result<Vec<u8>> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png)?;
    Ok(file.into_inner())
}
