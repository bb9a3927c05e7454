//! The size to ask for: as the caller chose, else in the picture's own proportions, so that a portrait
//! does not come back square.

use serde_json::{Map, Value, json};

use super::{AspectRatio, ImageSize, Options, Size};

/// The longest proportions that any model is known to take: long side to short (source: Seedream's pages).
const MAX_RATIO: f64 = 16.0;

/// Sides and proportions have no more digits than this.
const MAX_DIGITS: usize = 5;

/// `WIDTHxHEIGHT`, both more than 0.
pub(super) fn parse_sides(text: &str) -> Option<(u32, u32)> {
    parse_pair(text, 'x')
}

/// `WIDTH:HEIGHT`, both more than 0.
pub(super) fn parse_ratio(text: &str) -> Option<(u32, u32)> {
    parse_pair(text, ':')
}

fn parse_pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(between)?;
    Some((parse_number(first)?, parse_number(second)?))
}

fn parse_number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= MAX_DIGITS;
    text.parse().ok().filter(|number| digits && *number > 0)
}

impl Size {
    /// Writes the fields that ask for the output's size. `sides` are those of the picture.
    pub(super) fn write(
        &self,
        options: &Options,
        sides: (u32, u32),
        input: &mut Map<String, Value>,
    ) {
        let mut put = |name: &str, value: Value| input.insert(name.into(), value);
        match self {
            Self::Sides { .. } => {
                let size = match (&options.image_size, options.aspect_ratio) {
                    (Some(ImageSize::Named(name)), _) => json!(name),
                    (Some(ImageSize::Sides(width, height)), _) => object((*width, *height)),
                    (None, Some(AspectRatio::Ratio(width, height))) => {
                        // With an unlimited area, so that the model's own default area decides.
                        object(self.scaled((f64::from(width), f64::from(height)), f64::INFINITY))
                    }
                    (None, Some(AspectRatio::Auto) | None) => {
                        let (width, height) = (f64::from(sides.0), f64::from(sides.1));
                        object(self.scaled((width, height), width * height))
                    }
                };
                // Both sides, always: a missing one would default to 512 (source: fal-js,
                // `types/endpoints.ts`, `ImageSize`).
                put("image_size", size);
            }
            Self::Ratio { ratios, auto, .. } => {
                let ratio = match options.aspect_ratio {
                    Some(ratio @ AspectRatio::Ratio(..)) => ratio.to_string(),
                    Some(AspectRatio::Auto) | None if *auto => AspectRatio::Auto.to_string(),
                    _ => nearest(ratios, sides, parse_ratio),
                };
                put("aspect_ratio", json!(ratio));
                if let Some(resolution) = &options.resolution {
                    put("resolution", json!(resolution));
                }
            }
            Self::List { sizes, .. } => {
                let size = match (&options.image_size, options.aspect_ratio) {
                    (Some(size), _) => size.to_string(),
                    (None, Some(AspectRatio::Ratio(width, height))) => {
                        nearest(sizes, (width, height), parse_sides)
                    }
                    (None, Some(AspectRatio::Auto) | None) => nearest(sizes, sides, parse_sides),
                };
                put("image_size", json!(size));
            }
        }
    }

    /// The proportions that can be chosen, where sizes are a list.
    pub fn listed_ratios(&self) -> Vec<String> {
        let Self::List { sizes, .. } = self else {
            return Vec::new();
        };
        let ratio = |(width, height): (u32, u32)| {
            let common = (1..=width.min(height)).rev().find(|n| width % n == 0 && height % n == 0);
            let common = common.unwrap_or(1);
            format!("{}:{}", width / common, height / common)
        };
        sizes.iter().filter_map(|size| parse_sides(size)).map(ratio).collect()
    }

    /// The largest ratio of long side to short. Beyond it, a picture with the longest side that is allowed
    /// would have too few pixels.
    pub fn max_ratio(&self) -> f64 {
        match self {
            Self::Sides { max_side, min_area, .. } => {
                #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "small")]
                let ratio = f64::from(*max_side).powi(2) / *min_area as f64;
                ratio.min(MAX_RATIO)
            }
            Self::Ratio { .. } | Self::List { .. } => MAX_RATIO,
        }
    }

    /// Sides in these proportions and with about this area, as far as the model allows.
    fn scaled(&self, (width, height): (f64, f64), area: f64) -> (u32, u32) {
        let Self::Sides { multiple_of, min_side, max_side, min_area, default_area, .. } = self
        else {
            return (0, 0);
        };
        let most = self.max_ratio();
        let ratio = (width.max(1.0) / height.max(1.0)).clamp(1.0 / most, most);
        #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "areas are small")]
        let area = area.clamp(*min_area as f64, *default_area as f64);
        let longest = (area * ratio.max(1.0 / ratio)).sqrt().min(f64::from(*max_side));
        let side = |part: f64| {
            let multiple = f64::from(*multiple_of);
            let rounded = (longest * part / multiple).round() * multiple;
            #[expect(
                clippy::as_conversions,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to what a u32 holds"
            )]
            let whole = rounded.clamp(f64::from(*min_side), f64::from(*max_side)) as u32;
            whole
        };
        let (mut width, mut height) = (side(ratio.min(1.0)), side((1.0 / ratio).min(1.0)));
        // Rounding must not make the picture smaller than the model takes.
        while u64::from(width) * u64::from(height) < *min_area {
            let shorter = if width <= height { &mut width } else { &mut height };
            *shorter += multiple_of;
        }
        (width, height)
    }
}

fn object((width, height): (u32, u32)) -> Value {
    json!({ "width": width, "height": height })
}

/// The entry whose proportions are closest to these.
fn nearest(
    entries: &[String],
    (width, height): (u32, u32),
    parse: impl Fn(&str) -> Option<(u32, u32)>,
) -> String {
    let ratio = |(width, height)| (f64::from(width) / f64::from(height)).ln();
    let wanted = ratio((width.max(1), height.max(1)));
    let distance =
        |entry: &&String| parse(entry).map_or(f64::INFINITY, |sides| (ratio(sides) - wanted).abs());
    let closest = entries.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    closest.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::{DEFAULT, Models};

    fn asked(model: &str, options: &Options, sides: (u32, u32)) -> Value {
        let models = Models::new(None, DEFAULT).unwrap();
        let mut input = Map::new();
        models.find(model).unwrap().size.write(options, sides, &mut input);
        input.into()
    }

    fn options(name: &str, text: &str) -> Options {
        let mut options = Options::default();
        options.set(name, text).unwrap();
        options
    }

    #[test]
    fn the_output_keeps_the_pictures_proportions() {
        let size = |sides| {
            let asked = asked("fal-ai/bytedance/seedream/v4/edit", &Options::default(), sides);
            let side = |name: &str| asked["image_size"][name].as_u64().unwrap();
            (side("width"), side("height"))
        };

        assert_eq!(size((2048, 2048)), (2048, 2048));
        assert_eq!(size((6000, 4000)), (2508, 1672));
        assert_eq!(size((300, 400)), (832, 1109));
        // Longer than any model makes.
        assert_eq!(size((10, 10_000)), (240, 3840));
    }

    proptest! {
        #[test]
        fn what_is_asked_for_is_what_the_model_takes(width in 1_u32..20_000, height in 1_u32..20_000) {
            let models = Models::new(None, DEFAULT).unwrap();
            for model in models.iter() {
                let mut input = Map::new();
                model.size.write(&Options::default(), (width, height), &mut input);
                let mut asked = Options::default();
                for (name, value) in &input {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        sides => format!("{}x{}", sides["width"], sides["height"]),
                    };
                    asked.set(name, &text).unwrap();
                }
                prop_assert_eq!(model.check(&asked, 1), Ok(()), "{} {:?}", model.id, asked);
            }
        }
    }

    #[test]
    fn a_portrait_stays_one_whatever_the_models_dialect() {
        let asked = |model| asked(model, &Options::default(), (3000, 4000));

        assert_eq!(
            asked("fal-ai/flux-2-pro/edit"),
            json!({"image_size": {"width": 880, "height": 1184}})
        );
        assert_eq!(asked("fal-ai/flux-pro/kontext"), json!({"aspect_ratio": "3:4"}));
        assert_eq!(asked("fal-ai/nano-banana/edit"), json!({"aspect_ratio": "auto"}));
        assert_eq!(asked("fal-ai/gpt-image-1.5/edit"), json!({"image_size": "1024x1536"}));
    }

    #[test]
    fn a_wish_is_said_in_the_models_dialect() {
        let seedream = "fal-ai/bytedance/seedream/v4/edit";
        let wide = options("aspect_ratio", "16:9");
        let asked = |model, options: &Options| asked(model, options, (100, 100));

        assert_eq!(asked(seedream, &wide), json!({"image_size": {"width": 2731, "height": 1536}}));
        assert_eq!(
            asked(seedream, &options("image_size", "auto_4K")),
            json!({"image_size": "auto_4K"})
        );
        assert_eq!(
            asked(seedream, &options("image_size", "1600x1200")),
            json!({"image_size": {"width": 1600, "height": 1200}})
        );
        assert_eq!(asked("fal-ai/flux-pro/kontext", &wide), json!({"aspect_ratio": "16:9"}));
        assert_eq!(
            asked("fal-ai/gpt-image-1.5/edit", &options("aspect_ratio", "3:2")),
            json!({"image_size": "1536x1024"})
        );
        assert_eq!(
            asked("fal-ai/nano-banana-pro/edit", &options("resolution", "4K")),
            json!({"aspect_ratio": "auto", "resolution": "4K"})
        );
    }
}
