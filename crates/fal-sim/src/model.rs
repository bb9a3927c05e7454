//! The dialects of the edit models: which fields each takes and returns
//! (fal docs: models; the table of other popular edit models).

mod field;
mod flux;
mod gpt_image;
mod input;
mod nano_banana;
pub(crate) mod output;
mod qwen;
mod seed;
mod seedream;
mod size;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::answer::Detail;
pub(crate) use field::{Check, Field, SizeRule};
pub(crate) use input::ModelInput;

/// The field with the input pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureField {
    /// `image_url`, one picture.
    One,
    /// `image_urls`, a list.
    Many,
    /// Either, for an endpoint that is not listed here.
    Either,
}

/// What is peculiar to one endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) pictures: PictureField,
    /// The formats an output may have; the first one is the default.
    pub(crate) formats: &'static [&'static str],
    /// The input's fields, apart from prompt, pictures and `sync_mode`.
    ///
    /// `None` for an endpoint that is not listed here: it takes any field.
    pub(crate) fields: Option<&'static [Field]>,
    /// The output's fields, apart from its pictures.
    pub(crate) output: &'static [OutputField],
    /// Millionths of a dollar for each picture.
    pub(crate) price: u64,
}

/// A field of an output, apart from its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputField {
    Seed,
    Prompt,
    Timings,
    Nsfw,
    Description,
}

/// The fields that every model takes.
const EVERYWHERE: [&str; 2] = ["prompt", "sync_mode"];

/// The price of a picture where fal's is not known: a usual one.
const USUAL_PRICE: u64 = 40_000;

/// The output's fields of models with a safety checker of the diffusion kind.
const AT_LENGTH: &[OutputField] =
    &[OutputField::Seed, OutputField::Prompt, OutputField::Timings, OutputField::Nsfw];

const JPEG_OR_PNG: &[&str] = &["jpeg", "png"];
const PNG_FIRST: &[&str] = &["png", "jpeg", "webp"];

/// The dialect of an endpoint that is not listed: it takes any field, and any format.
const FORGIVING: Model = Model {
    pictures: PictureField::Either,
    formats: &["jpeg", "png", "webp"],
    fields: None,
    output: &[OutputField::Seed],
    price: USUAL_PRICE,
};

/// The dialect of an endpoint; one that is not listed gets a forgiving dialect.
pub(crate) fn dialect(endpoint_id: &str) -> Model {
    match endpoint_id {
        "fal-ai/bytedance/seedream/v4/edit" => seedream::V4,
        "fal-ai/bytedance/seedream/v4.5/edit" => seedream::V4_5,
        "bytedance/seedream/v5/lite/edit" => seedream::V5_LITE,
        "bytedance/seedream/v5/pro/edit" => seedream::V5_PRO,
        "fal-ai/flux-pro/kontext" | "fal-ai/flux-pro/kontext/max" => flux::KONTEXT,
        "fal-ai/flux-pro/kontext/multi" => flux::KONTEXT_MULTI,
        "fal-ai/flux-kontext/dev" => flux::KONTEXT_DEV,
        "fal-ai/flux-2-pro/edit" => flux::FLUX_2_PRO,
        "fal-ai/nano-banana/edit" => nano_banana::FIRST,
        "fal-ai/nano-banana-pro/edit" => nano_banana::PRO,
        "fal-ai/nano-banana-2/edit" => nano_banana::SECOND,
        "fal-ai/qwen-image-edit" => qwen::EDIT,
        "fal-ai/qwen-image-edit-plus" => qwen::EDIT_PLUS,
        "fal-ai/qwen-image-edit-2511" => qwen::EDIT_2511,
        "fal-ai/gpt-image-1.5/edit" => gpt_image::V1_5,
        "openai/gpt-image-2/edit" => gpt_image::V2,
        _ => FORGIVING,
    }
}

impl Model {
    /// Whether the model takes a field of this name.
    pub(crate) fn reads(&self, name: &str) -> bool {
        let picture = match self.pictures {
            PictureField::One => name == "image_url",
            PictureField::Many => name == "image_urls",
            PictureField::Either => true,
        };
        picture || EVERYWHERE.contains(&name) || self.field(name).is_some() || self.fields.is_none()
    }

    /// The price of this many units, in dollars.
    pub(crate) fn cost(&self, units: u32) -> f64 {
        Duration::from_micros(self.price * u64::from(units)).as_secs_f64()
    }

    /// The names of the fields that the model does not document.
    pub(crate) fn unknown(&self, input: &Value) -> Vec<String> {
        let names = input.as_object().into_iter().flat_map(Map::keys);
        names.filter(|name| !self.reads(name)).cloned().collect()
    }

    /// The valid fields of an input, and complaints about the invalid ones. Fields that the model
    /// does not know are ignored.
    pub(crate) fn sift(&self, input: &Map<String, Value>) -> (Value, Vec<Detail>) {
        let mut complaints = Vec::new();
        let mut good = |name: &str, value: &Value| {
            let check = self.field(name).filter(|_| !value.is_null());
            let complaint = check.and_then(|field| field.complain(value));
            let good = complaint.is_none();
            complaints.extend(complaint);
            good
        };
        let kept = input.iter().filter(|(name, value)| self.reads(name) && good(name, value));
        let kept: Map<_, _> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        (kept.into(), complaints)
    }

    fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.unwrap_or_default().iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::dialect;

    #[test]
    fn a_field_that_a_model_does_not_document_is_unknown_to_it() {
        let input = json!({"prompt": "x", "image_urls": [], "num_images": 1, "mask_url": "y"});
        let unknown = |endpoint_id| dialect(endpoint_id).unknown(&input);

        assert_eq!(unknown("fal-ai/bytedance/seedream/v4/edit"), ["mask_url"]);
        assert_eq!(unknown("fal-ai/flux-2-pro/edit"), ["mask_url", "num_images"]);
        assert_eq!(unknown("fal-ai/flux-pro/kontext"), ["image_urls", "mask_url"]);
        assert!(unknown("openai/gpt-image-2/edit").is_empty());
        assert!(unknown("someone/something").is_empty());
    }
}
