//! What one caller wants.

use bytes::Bytes;
use image::{ExtendedColorType, Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use rand::{Rng, RngExt, seq::IndexedRandom};
use tokio::time::Duration;

use crate::request;

/// Models that make small pictures of small ones, with what is asked of them beside the prompt.
const WISHES: [&[(&str, &str)]; 5] = [
    &[("model", "fal-ai/flux-pro/kontext")],
    &[("model", "fal-ai/flux-pro/kontext"), ("num_images", "2")],
    &[("model", "fal-ai/nano-banana/edit"), ("output_format", "webp")],
    &[("model", "fal-ai/nano-banana-pro/edit")],
    &[("model", "fal-ai/flux-2-pro/edit"), ("image_size", "512x512")],
];

/// Shares of callers.
const CANCEL: f64 = 0.12;
const LOOK: f64 = 0.25;

/// One caller's wishes.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Begins the prompt, and tells the job from all others.
    pub(super) words: String,
    pub(super) body: Bytes,
    /// The API replica that is asked first.
    pub(super) first: usize,
    /// When the caller thinks better of it, after the answer.
    pub(super) cancel_after: Option<Duration>,
    /// When the caller looks how far the job is, after the answer.
    pub(super) look_after: Option<Duration>,
}

impl Order {
    pub(super) fn draw(random: &mut impl Rng, number: u32, pictures: &[Vec<u8>]) -> Self {
        let words = format!("chaos {number}:");
        let prompt = format!("{words} a rainy evening");
        let wishes = WISHES.choose(random).copied().unwrap_or_default();
        let fields: Vec<(&str, &str)> =
            [("prompt", prompt.as_str())].into_iter().chain(wishes.iter().copied()).collect();
        let picture = pictures.choose(random).map(Vec::as_slice).unwrap_or_default();
        let body = request::form(&fields, picture).into();
        let mut perhaps = |share, longest: f64| {
            let after = Duration::from_secs_f64(random.random_range(0.0..longest));
            random.random_bool(share).then_some(after)
        };
        let (cancel_after, look_after) = (perhaps(CANCEL, 4.0), perhaps(LOOK, 2.0));
        Self { words, body, first: random.random_range(0..2), cancel_after, look_after }
    }
}

/// A few small pictures.
pub(super) fn pictures() -> anyhow::Result<Vec<Vec<u8>>> {
    [(64, 48), (48, 64), (80, 80)].into_iter().map(picture).collect()
}

fn picture((width, height): (u32, u32)) -> anyhow::Result<Vec<u8>> {
    let level = |part: u32, whole: u32| u8::try_from(part * 255 / whole).unwrap_or(u8::MAX);
    let picture =
        RgbImage::from_fn(width, height, |x, y| Rgb([level(x, width), level(y, height), 90]));
    let mut file = Vec::new();
    JpegEncoder::new(&mut file).encode(&picture, width, height, ExtendedColorType::Rgb8)?;
    Ok(file)
}
