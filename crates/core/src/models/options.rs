//! What a caller may choose besides the prompt: one vocabulary for all models.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de};

use super::{
    check::OptionProblem,
    size::{parse_ratio, parse_sides},
};

/// What a caller chose. What is not set is left to the model, except the output's size, which follows
/// the picture, and the number of pictures, which is 1.
///
/// An option that is not known is refused: without it, the caller would pay for something else than was asked for.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many pictures to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_images: Option<u8>,
    /// The same seed makes the same picture. 64 bits, never a float.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// The output's size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_size: Option<ImageSize>,
    /// The output's proportions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<AspectRatio>,
    /// The output's resolution, in the model's own word for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// The output's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_format: Option<OutputFormat>,
    /// Whether the model's safety checker looks at the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_safety_checker: Option<bool>,
    /// How much the model's safety check lets pass; a higher number lets more pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_tolerance: Option<u8>,
}

/// A size of an output.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImageSize {
    /// Width and height, in pixels.
    Sides(u32, u32),
    /// A name that the model knows, such as `auto`.
    Named(String),
}

/// Proportions of an output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AspectRatio {
    /// The same as the picture's.
    Auto,
    /// Width to height.
    Ratio(u32, u32),
}

/// A format of an output.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// `jpeg`
    Jpeg,
    /// `png`
    Png,
    /// `webp`
    Webp,
}

impl Options {
    /// The options as a column holds them.
    pub(crate) fn stored(&self) -> serde_json::Value {
        // This cannot fail: they hold nothing that JSON does not have.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The names of all options.
    pub const NAMES: [&str; 8] = [
        "num_images",
        "seed",
        "image_size",
        "aspect_ratio",
        "resolution",
        "output_format",
        "enable_safety_checker",
        "safety_tolerance",
    ];

    /// Sets an option from the text of a form. A name that is not in [`Self::NAMES`] is refused.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), OptionProblem> {
        let text = text.trim();
        match name {
            "num_images" => self.num_images = Some(parse(name, text, "a whole number from 1")?),
            "seed" => {
                let seed = parse(name, text, "a whole number from 0 to 9223372036854775807")?;
                self.seed = Some(seed);
            }
            "image_size" => {
                self.image_size =
                    Some(parse(name, text, "WIDTHxHEIGHT in pixels, or a name of a size")?);
            }
            "aspect_ratio" => {
                self.aspect_ratio = Some(parse(name, text, "WIDTH:HEIGHT such as 16:9, or auto")?);
            }
            "resolution" => {
                self.resolution = Some(parse::<Word>(name, text, "a word such as 2K")?.0);
            }
            "output_format" => {
                self.output_format = Some(parse(name, text, "jpeg, png or webp")?);
            }
            "enable_safety_checker" => {
                self.enable_safety_checker = Some(parse(name, text, "true or false")?);
            }
            "safety_tolerance" => {
                self.safety_tolerance = Some(parse(name, text, "a whole number")?);
            }
            _ => return Err(OptionProblem::unknown(name)),
        }
        if self.seed.is_some_and(|seed| seed < 0) {
            return Err(OptionProblem::malformed("seed", "a whole number that is not negative"));
        }
        Ok(())
    }
}

fn parse<T: FromStr>(name: &str, text: &str, form: &str) -> Result<T, OptionProblem> {
    text.parse().map_err(|_malformed| OptionProblem::malformed(name, form))
}

/// A text does not have the form that it should have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it is not of that form")]
pub struct Malformed;

/// A word that models use for a size: only letters, digits, `_` and `.`.
struct Word(String);

impl FromStr for Word {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
        let is_word = (1..=32).contains(&text.len()) && text.chars().all(plain);
        is_word.then(|| Self(text.into())).ok_or(Malformed)
    }
}

impl FromStr for ImageSize {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((width, height)) = parse_sides(text) {
            return Ok(Self::Sides(width, height));
        }
        let word: Word = text.parse()?;
        // A word that begins with a digit was meant to be sides.
        let is_name = !word.0.starts_with(|letter: char| letter.is_ascii_digit());
        is_name.then_some(Self::Named(word.0)).ok_or(Malformed)
    }
}

impl FromStr for AspectRatio {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        parse_ratio(text).map(|(width, height)| Self::Ratio(width, height)).ok_or(Malformed)
    }
}

impl FromStr for OutputFormat {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jpeg" => Ok(Self::Jpeg),
            "png" => Ok(Self::Png),
            "webp" => Ok(Self::Webp),
            _ => Err(Malformed),
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sides(width, height) => write!(f, "{width}x{height}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for AspectRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Ratio(width, height) => write!(f, "{width}:{height}"),
        }
    }
}

impl OutputFormat {
    /// As fal writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

impl Serialize for ImageSize {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for AspectRatio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageSize {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for AspectRatio {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
