//! A model's descriptor, as `models.toml` writes it.

use serde::Deserialize;

use super::{ImageSize, Options, OutputFormat, Price};
use crate::images::Fit;

/// An AI model, as fal offers it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its endpoint at fal; a caller names the model by it.
    pub id: String,
    /// For people.
    pub name: String,
    /// How long an edit usually takes, in seconds.
    pub typical_seconds: u32,
    /// What an edit costs.
    pub price: Price,
    /// The pictures it takes.
    pub images: Images,
    /// How the output's size is asked for.
    pub size: Size,
    /// The most pictures that one edit makes; nothing where that cannot be chosen.
    pub num_images: Option<u8>,
    /// Whether it takes a seed.
    #[serde(default)]
    pub seed: bool,
    /// The formats to choose from; empty where there is no choice.
    #[serde(default)]
    pub output_formats: Vec<OutputFormat>,
    /// Which safety settings can be chosen.
    #[serde(default)]
    pub safety: Safety,
}

/// The pictures that a model takes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The field they go into.
    pub field: ImageField,
    /// How many, at most.
    pub most: usize,
    /// Longest side, in pixels; larger ones are scaled down.
    #[serde(default = "default_max_side")]
    pub max_side: u32,
    /// Largest file.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
}

/// The field of the input that holds the pictures' addresses (source: fal-js, `types/endpoints.ts`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ImageField {
    /// One address.
    ImageUrl,
    /// A list of addresses.
    ImageUrls,
}

/// How a model is asked for the size of its output.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "dialect", rename_all = "snake_case", deny_unknown_fields)]
pub enum Size {
    /// `image_size`, as both sides or as a name.
    Sides {
        /// Both sides are a multiple of it.
        #[serde(default = "one")]
        multiple_of: u32,
        /// Shortest side, in pixels.
        min_side: u32,
        /// Longest side, in pixels.
        max_side: u32,
        /// Fewest pixels.
        min_area: u64,
        /// Pixels to ask for when the caller does not say.
        default_area: u64,
        /// Most pixels.
        max_area: u64,
        /// Sizes that the model knows by name.
        #[serde(default)]
        names: Vec<String>,
    },
    /// `aspect_ratio`, from a list.
    Ratio {
        /// Each `WIDTH:HEIGHT`.
        ratios: Vec<String>,
        /// Whether the model takes `auto`, which follows the picture.
        #[serde(default)]
        auto: bool,
        /// What `resolution` may be; empty where there is no such field.
        #[serde(default)]
        resolutions: Vec<String>,
    },
    /// `image_size`, from a list.
    List {
        /// Each `WIDTHxHEIGHT`.
        sizes: Vec<String>,
        /// Whether the model takes `auto`, and chooses by itself.
        #[serde(default)]
        auto: bool,
    },
}

/// Which of a model's safety settings can be chosen.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Safety {
    /// Whether the checker can be switched on and off.
    #[serde(default)]
    pub checker: bool,
    /// Least and most tolerance.
    pub tolerance: Option<(u8, u8)>,
}

/// Pixels assumed for an output whose size is not known in advance: as many as the largest models make today.
const LARGEST_OUTPUT: u64 = 4_096 * 4_096;

impl Model {
    /// What an edit with these options may cost at most, in millionths of a US dollar.
    pub fn most_micros(&self, options: &Options) -> i64 {
        let pixels = match (&options.image_size, &self.size) {
            (Some(ImageSize::Sides(width, height)), _) => u64::from(*width) * u64::from(*height),
            (_, Size::Sides { max_area, .. }) => *max_area,
            _ => LARGEST_OUTPUT,
        };
        let asked_for = options.resolution.clone().or_else(|| self.asked_for(options));
        let outputs = options.num_images.unwrap_or(1);
        self.price.most_micros(outputs, pixels, asked_for.as_deref())
    }

    /// What is known of an output in advance: its resolution, by default the model's first (source: fal's pages), or
    /// its sides, unless they follow the picture.
    fn asked_for(&self, options: &Options) -> Option<String> {
        match &self.size {
            Size::Ratio { resolutions, .. } => resolutions.first().cloned(),
            Size::List { .. } | Size::Sides { .. } => {
                let size = options.image_size.as_ref()?;
                matches!(size, ImageSize::Sides(..)).then(|| size.to_string())
            }
        }
    }
}

impl Images {
    /// What a picture has to fit into.
    pub fn fit(&self) -> Fit {
        Fit { max_side: self.max_side, max_bytes: self.max_bytes }
    }
}

impl ImageField {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ImageUrl => "image_url",
            Self::ImageUrls => "image_urls",
        }
    }
}

fn default_max_side() -> u32 {
    Fit::default().max_side
}

fn default_max_bytes() -> u64 {
    Fit::default().max_bytes
}

fn one() -> u32 {
    1
}
