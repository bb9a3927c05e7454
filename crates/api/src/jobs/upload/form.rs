//! Forms that ask for an edit: what their fields are called, and what they mean.

use bytes::Bytes;
use darkroom_core::models::Options;

use super::{
    Fields, MAX_OPTION_BYTES, MAX_PROMPT_BYTES, MAX_URL_BYTES, TREATMENT, metadata,
    prompt_too_long, too_long,
};
use crate::error::{ApiError, Code};

/// A form that asks for an edit.
pub(crate) trait Form {
    /// What pictures may be called.
    const PICTURES: &[&str];

    /// What addresses of pictures may be called.
    const ADDRESSES: &[&str];

    /// For whoever sends something else.
    const SENT_AS: &str;

    /// How long a text of this name may be; refused where there is no such field.
    fn limit(&self, name: &str) -> Result<Limit, ApiError>;

    /// Puts all texts where they belong. None comes twice.
    fn place(&mut self, texts: Vec<(String, Bytes)>, fields: &mut Fields) -> Result<(), ApiError>;
}

/// How long a text may be.
pub(crate) struct Limit {
    /// In UTF-8.
    pub(crate) bytes: usize,
    /// What a longer one is answered with.
    pub(crate) over: ApiError,
}

impl Limit {
    /// Of a field that both forms know by this name.
    pub(crate) fn of(name: &str) -> Self {
        let bytes = match name {
            "prompt" => return Self { bytes: MAX_PROMPT_BYTES, over: prompt_too_long() },
            "metadata" => metadata::MOST_BYTES,
            "webhook_url" | "image_url" => MAX_URL_BYTES,
            _ => MAX_OPTION_BYTES,
        };
        Self { bytes, over: too_long(name, bytes) }
    }
}

/// The form of `POST /api/jobs`.
pub(super) struct JobForm;

impl Form for JobForm {
    const PICTURES: &[&str] = &["image"];

    const ADDRESSES: &[&str] = &["image_url"];

    const SENT_AS: &str =
        "Send the image and the prompt as multipart/form-data, or as application/json.";

    fn limit(&self, name: &str) -> Result<Limit, ApiError> {
        let mut known =
            ["image_url", "prompt", "model"].iter().chain(&Options::NAMES).chain(&TREATMENT);
        if known.any(|known| *known == name) {
            return Ok(Limit::of(name));
        }
        let options = Options::NAMES.join(", ");
        let treatment = TREATMENT.join(", ");
        let detail = format!(
            "There is no field '{name}'; image, image_url, prompt, model, {options}, {treatment} are taken."
        );
        Err(ApiError::invalid(Code::UnknownField, name, detail))
    }

    fn place(&mut self, texts: Vec<(String, Bytes)>, fields: &mut Fields) -> Result<(), ApiError> {
        for (name, text) in texts {
            match name.as_str() {
                "prompt" => fields.prompt = Some(text),
                "model" => fields.model = Some(text),
                option if Options::NAMES.contains(&option) => fields.options.push((name, text)),
                _ => fields.treatment.push((name, text)),
            }
        }
        Ok(())
    }
}
