//! AI models, as fal offers them: which endpoint edits, and what its input looks like.

use serde_json::{Value, json};
use url::Url;

/// The endpoint that a job without a wish is edited by.
pub const SEEDREAM_V4_EDIT: &str = "fal-ai/bytedance/seedream/v4/edit";

/// Seedream v4 scales anything smaller up (source: the model's page at fal).
const MIN_AREA: f64 = 921_600.0;

/// What Seedream v4 makes when not told (source: the model's page at fal).
const DEFAULT_AREA: f64 = 2048.0 * 2048.0;

/// Longest side that Seedream v4 is known to take (source: the model's 2025 pages).
const MAX_SIDE: f64 = 4096.0;

/// The body of a submission: the model's own input.
pub fn input(prompt: &str, image_url: &Url, width: u32, height: u32) -> Value {
    let (width, height) = output_size(width, height);
    json!({
        "prompt": prompt,
        "image_urls": [image_url],
        // Both sides, always: a missing one would default to 512.
        "image_size": { "width": width, "height": height },
        "num_images": 1,
    })
}

/// The size to ask for: the input's proportions, so that a portrait does not come back square,
/// at no fewer pixels than the model makes anyway and no more than it makes when not told.
fn output_size(width: u32, height: u32) -> (u32, u32) {
    let (w, h) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let area = (w * h).clamp(MIN_AREA, DEFAULT_AREA);
    let scale = (area / (w * h)).sqrt().min(MAX_SIDE / w.max(h));
    (side(w * scale), side(h * scale))
}

fn side(length: f64) -> u32 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a u32 holds"
    )]
    let rounded = length.round().clamp(1.0, MAX_SIDE) as u32;
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_keeps_the_inputs_proportions() {
        assert_eq!(output_size(2048, 2048), (2048, 2048));
        assert_eq!(output_size(6000, 4000), (2508, 1672));
        assert_eq!(output_size(300, 400), (831, 1109));
        assert_eq!(output_size(10, 10_000), (4, 4096));
    }
}
