//! Forms that ask for an edit: the names of their fields, and what they mean.

use bytes::Bytes;
use darkroom_core::models::Options;

use super::{
    Fields, MAX_OPTION_BYTES, MAX_PROMPT_BYTES, MAX_URL_BYTES, TREATMENT, metadata,
    prompt_too_long, too_long,
};
use crate::error::{ApiError, Code};

/// A form that asks for an edit.
pub(crate) trait Form {
    /// Names of fields with pictures.
    const PICTURES: &[&str];

    /// Names of fields with addresses of pictures.
    const ADDRESSES: &[&str];

    /// The refusal of a body of another media type.
    const SENT_AS: &str;

    /// How long the text of this field may be. A field that does not exist is refused.
    fn limit(&self, name: &str) -> Result<Limit, ApiError>;

    /// Puts all texts where they belong in `fields`. Each name comes once.
    fn place(&mut self, texts: Vec<(String, Bytes)>, fields: &mut Fields) -> Result<(), ApiError>;
}

/// How long a field's text may be.
pub(crate) struct Limit {
    /// The most bytes, in UTF-8.
    pub(crate) bytes: usize,
    /// The answer to a longer one.
    pub(crate) over: ApiError,
}

impl Limit {
    /// The limit of a field that both forms know by this name.
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
            "There is no field '{name}'. There are: image, image_url, prompt, model, {options}, {treatment}."
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
