//! The JSON body as it is sent.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// The most pictures that are read at all. Models take fewer.
const MOST_PICTURES: usize = 100;

/// A chequered picture of 64 by 48 pixels, for trying it out at `/docs`.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwAQMAAACbhe5cAAAABlBMVEXmljwoPG5uZvYBAAAAGUlEQVR42mNgYPj/H4IHB2NwuYaBYZCFDwApX79BiawYhQAAAABJRU5ErkJggg==";

/// A request for a job, as JSON. The fields are those of the form; one that may be left out may also be null.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"images": [{"base64": PICTURE}], "prompt": "make it look like a woodcut"}))]
pub(crate) struct NewJobBody<'a> {
    /// The pictures to edit; at least one, unless there is a `parent_id`.
    #[serde(borrow)]
    #[schema(value_type = Option<Vec<Picture<'_>>>)]
    pub(super) images: Option<Pictures<'a>>,
    /// What to do with the pictures, in up to 5,000 characters.
    #[schema(
        required,
        nullable = false,
        min_length = 1,
        max_length = 5000,
        example = "make it look like a woodcut"
    )]
    pub(super) prompt: Option<String>,
    /// The id of the model that makes the edit, as `GET /api/models` lists it; the default model if left out.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    pub(super) model: Option<String>,
    /// How many pictures to make; 1 if left out.
    #[schema(minimum = 1)]
    pub(super) num_images: Option<i64>,
    /// The same seed makes the same picture: a whole number of up to 63 bits.
    #[schema(minimum = 0)]
    pub(super) seed: Option<i64>,
    /// The result's size: `WIDTHxHEIGHT` in pixels, or a name that the model knows. If left out, it has the proportions
    /// of the picture, or the nearest ones that the model makes.
    #[schema(example = "2048x1536")]
    pub(super) image_size: Option<String>,
    /// The result's proportions: `WIDTH:HEIGHT` such as `4:3`, or `auto`. In place of `image_size`.
    pub(super) aspect_ratio: Option<String>,
    /// The result's resolution, by a name that the model knows, such as `2K`.
    pub(super) resolution: Option<String>,
    /// The result's format: `jpeg`, `png` or `webp`.
    pub(super) output_format: Option<String>,
    /// Whether the model's safety checker looks at the result.
    pub(super) enable_safety_checker: Option<bool>,
    /// How tolerant the model's safety check is; a higher number lets more pass.
    #[schema(minimum = 0)]
    pub(super) safety_tolerance: Option<i64>,
    /// Jobs of higher priority go first; 0 if left out.
    #[schema(minimum = -100, maximum = 100)]
    pub(super) priority: Option<i64>,
    /// The job does not start before this moment, which may be 30 days ahead at most; at once if left out.
    #[schema(format = DateTime)]
    pub(super) run_at: Option<String>,
    /// The address that is told of the job's events, by a POST that is signed as in Standard Webhooks. Up to 2,000
    /// characters; it must not be private.
    pub(super) webhook_url: Option<String>,
    /// Which events: `job.processing`, `job.completed`, `job.failed`, `job.cancelled`, separated by commas; the last
    /// three if left out.
    #[schema(example = "job.completed,job.failed")]
    pub(super) webhook_events: Option<String>,
    /// Data of your own that is shown with the job: an object of up to 4,096 bytes, 50 keys and 3 levels.
    // Kept as text until its length is checked.
    #[serde(borrow)]
    #[schema(value_type = Option<HashMap<String, serde_json::Value>>)]
    pub(super) metadata: Option<&'a RawValue>,
    /// The id of a completed job whose result to edit, in place of pictures. The result is copied, so it stays when
    /// that job is deleted.
    #[schema(format = Uuid)]
    pub(super) parent_id: Option<String>,
    /// Which of that job's results, counted from 0; the first if left out.
    #[schema(minimum = 0)]
    pub(super) parent_image: Option<i64>,
    /// Whether another job's results may be used, if its pictures, prompt, model and options are the same. `default`:
    /// if there is a `seed`; `prefer`: also without one; `bypass`: never.
    #[schema(pattern = "^(default|prefer|bypass)$")]
    pub(super) cache: Option<String>,
}

/// A picture: either `base64` or `url`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Picture<'a> {
    /// The file in Base64, also as a data URL (`data:…;base64,…`): JPEG, PNG, WebP or GIF (first frame).
    #[serde(borrow)]
    #[schema(value_type = Option<String>, content_encoding = "base64")]
    pub(super) base64: Option<Text<'a>>,
    /// The picture's address, which must answer a GET with it within 30 seconds and must not be private.
    #[schema(max_length = 2000, example = "https://example.com/photo.jpg")]
    pub(super) url: Option<String>,
}

/// A text that is borrowed from the body unless it has escapes there. (serde would always copy an optional `Cow`.)
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The pictures, [`MOST_PICTURES`] at most.
#[derive(Debug)]
pub(super) struct Pictures<'a>(pub(super) Vec<Picture<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Pictures<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Few).map(Self)
    }
}

struct Few;

impl<'de> Visitor<'de> for Few {
    type Value = Vec<Picture<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of pictures")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut pictures = Vec::new();
        while let Some(picture) = items.next_element()? {
            if pictures.len() >= MOST_PICTURES {
                return Err(A::Error::custom("there are too many pictures"));
            }
            pictures.push(picture);
        }
        Ok(pictures)
    }
}
