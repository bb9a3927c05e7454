//! What one caller wants.

use bytes::Bytes;
use image::{Rgb, RgbImage};
use rand::{Rng, RngExt, seq::IndexedRandom};
use tokio::time::Duration;

use crate::{picture, request};

/// Models that make small pictures of small ones.
pub(crate) const MODELS: [&str; 4] = [
    "fal-ai/flux-pro/kontext",
    "fal-ai/nano-banana/edit",
    "fal-ai/nano-banana-pro/edit",
    "fal-ai/flux-2-pro/edit",
];

/// The number of the model, and the fields beside the prompt.
const WISHES: [(usize, &[(&str, &str)]); 6] = [
    (0, &[]),
    (0, &[("num_images", "2"), ("priority", "5")]),
    (1, &[("output_format", "webp")]),
    (2, &[]),
    (2, &[("priority", "-5")]),
    (3, &[("image_size", "512x512")]),
];

/// The share of callers that do each of these.
const CANCEL: f64 = 0.12;
const DELETE: f64 = 0.05;
const LOOK: f64 = 0.25;
const FOLLOW: f64 = 0.2;
const RECEIVER: f64 = 0.3;
const KEY: f64 = 0.8;
const TWICE: f64 = 0.1;

/// The JPEG quality of the pictures.
const QUALITY: u8 = 75;

/// One caller's wishes.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Begins the prompt, and tells the job from all others.
    pub(super) words: String,
    /// The idempotency key, if there is one: it makes it safe to send the POST again.
    pub(super) key: Option<String>,
    /// Whether the impatient caller posts to both replicas at once.
    pub(super) twice: bool,
    pub(super) body: Bytes,
    /// The API replica that is asked first.
    pub(super) first: usize,
    /// The wait before the caller cancels the job, if it does.
    pub(super) cancel_after: Option<Duration>,
    /// The wait before the caller deletes the job, if it does.
    pub(super) delete_after: Option<Duration>,
    /// The wait before the caller looks how far the job is, if it does.
    pub(super) look_after: Option<Duration>,
    /// Whether the caller waits for the end.
    pub(super) follows: bool,
}

impl Order {
    pub(super) fn draw(
        random: &mut impl Rng,
        number: u32,
        pictures: &[Vec<u8>],
        receiver: u16,
    ) -> Self {
        let words = format!("chaos {number}:");
        let prompt = format!("{words} a rainy evening");
        let (model, wishes) = WISHES.choose(random).copied().unwrap_or_default();
        let model = MODELS.get(model).copied().unwrap_or_default();
        let fields = [("prompt", prompt.as_str()), ("model", model)];
        let receiver = format!("http://127.0.0.1:{receiver}/{number}");
        let receiver = random.random_bool(RECEIVER).then_some(("webhook_url", receiver.as_str()));
        let fields = fields.into_iter().chain(wishes.iter().copied()).chain(receiver);
        let fields: Vec<(&str, &str)> = fields.collect();
        let picture = pictures.choose(random).map(Vec::as_slice).unwrap_or_default();
        let body = request::form(&fields, picture).into();
        let mut perhaps = |share, longest: f64| {
            let after = Duration::from_secs_f64(random.random_range(0.0..longest));
            random.random_bool(share).then_some(after)
        };
        let (cancel_after, look_after) = (perhaps(CANCEL, 4.0), perhaps(LOOK, 2.0));
        let delete_after = perhaps(DELETE, 6.0);
        let (first, follows) = (random.random_range(0..2), random.random_bool(FOLLOW));
        let key = random.random_bool(KEY).then(|| format!("chaos-{number}"));
        let twice = key.is_some() && random.random_bool(TWICE);
        Self { words, key, twice, body, first, cancel_after, delete_after, look_after, follows }
    }
}

/// A few small pictures.
pub(super) fn pictures() -> anyhow::Result<Vec<Vec<u8>>> {
    [(64, 48), (48, 64), (80, 80)].into_iter().map(gradient).collect()
}

fn gradient((width, height): (u32, u32)) -> anyhow::Result<Vec<u8>> {
    let level = |part: u32, whole: u32| u8::try_from(part * 255 / whole).unwrap_or(u8::MAX);
    let picture =
        RgbImage::from_fn(width, height, |x, y| Rgb([level(x, width), level(y, height), 90]));
    picture::encode(&picture, QUALITY)
}
