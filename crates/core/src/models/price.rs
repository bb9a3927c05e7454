//! What an edit costs.

use serde::Deserialize;

/// What an edit costs, in US dollars.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// For each image, or for an image's first megapixel.
    pub usd: f64,
    /// What is counted.
    pub per: Per,
    /// For each further megapixel that is begun; the same as the first unless said.
    pub further_usd: Option<f64>,
    /// Whether it is not from fal's price list.
    #[serde(default)]
    pub estimate: bool,
}

/// What a price is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An image, however large.
    Image,
    /// A megapixel of an image.
    Megapixel,
}

impl Per {
    /// As the descriptor writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Megapixel => "megapixel",
        }
    }
}
