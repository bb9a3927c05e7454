//! Scales pixels down.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};

use super::{
    PrepareError,
    pixels::{Kind, Pixels},
};

/// The longest side that a JPEG file can state (source: ITU-T T.81, B.2.2).
const MAX_SIDE: u32 = 65_535;

/// Scales a picture down in proportion until no side is longer than `max_side`; never up.
pub(super) fn within(pixels: Pixels, max_side: u32) -> Result<Pixels, PrepareError> {
    let longest = pixels.width.max(pixels.height);
    let max_side = max_side.clamp(1, MAX_SIDE);
    if longest <= max_side {
        return Ok(pixels);
    }
    let side = |length: u32| {
        let scaled =
            (u64::from(length) * u64::from(max_side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled.max(1)).unwrap_or(max_side)
    };
    let (width, height) = (side(pixels.width), side(pixels.height));
    let data = resize(&pixels, width, height).map_err(PrepareError::Scale)?;
    Ok(Pixels { width, height, data, ..pixels })
}

/// Uses Lanczos's filter with three lobes, on premultiplied colours, so that the colours of transparent
/// pixels do not shine through.
fn resize(
    pixels: &Pixels,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let pixel_type = match pixels.kind {
        Kind::Grey => PixelType::U8,
        Kind::GreyAlpha => PixelType::U8x2,
        Kind::Rgb => PixelType::U8x3,
        Kind::Rgba | Kind::Cmyk => PixelType::U8x4,
    };
    let source = ImageRef::new(pixels.width, pixels.height, &pixels.data, pixel_type)?;
    let mut scaled = Image::new(width, height, pixel_type);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(pixels.kind.has_alpha());
    Resizer::new().resize(&source, &mut scaled, &options)?;
    Ok(scaled.into_vec())
}
