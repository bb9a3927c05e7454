//! Translates OpenAI's form into our fields. What cannot be honoured is refused by name; nothing that would change the
//! result is ignored.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    error::{ApiError, Code},
    jobs::upload::{Fields, Form, Limit, text},
};

/// OpenAI's fields that mean the same here, with our names for them.
const SAME: [(&str, &str); 8] = [
    ("n", "num_images"),
    ("size", "image_size"),
    ("output_format", "output_format"),
    ("seed", "seed"),
    ("aspect_ratio", "aspect_ratio"),
    ("resolution", "resolution"),
    ("enable_safety_checker", "enable_safety_checker"),
    ("safety_tolerance", "safety_tolerance"),
];

/// Our own fields that say how the job is treated.
const TREATMENT: [&str; 2] = ["priority", "cache"];

/// Fields that name the end user; kept in the job's metadata.
const CALLERS: [&str; 2] = ["user", "safety_identifier"];

/// Fields that cannot be honoured here, with the values that are accepted because they ask for nothing (source:
/// openai-python 3.57, `image_edit_params.py`, for names and defaults).
const UNAVAILABLE: [(&str, &[&str]); 13] = [
    ("background", &["auto"]),
    ("complexity", &[]),
    ("frame_count", &[]),
    ("frame_duration_ms", &[]),
    ("input_fidelity", &["low"]),
    ("markup", &[]),
    ("mask", &[]),
    ("moderation", &["auto"]),
    ("output_compression", &["100"]),
    ("partial_images", &["0"]),
    ("quality", &["auto", "standard"]),
    ("stream", &["false"]),
    ("svg", &[]),
];

/// How the names of OpenAI's own models begin.
const THEIR_MODELS: [&str; 3] = ["gpt-image-", "chatgpt-image-", "dall-e-"];

/// How pictures are handed over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Delivery {
    /// In the answer. OpenAI's image models do only this, so its callers read only this.
    #[default]
    Base64,
    /// By their addresses.
    Url,
}

/// OpenAI's form, with what it says that does not become part of the job.
#[derive(Debug, Default)]
pub(crate) struct EditForm {
    pub(super) delivery: Delivery,
}

impl Form for EditForm {
    const PICTURES: &[&str] = &["image", "image[]"];

    const ADDRESSES: &[&str] = &[];

    const SENT_AS: &str = "Send the image and the prompt as multipart/form-data.";

    fn limit(&self, name: &str) -> Result<Limit, ApiError> {
        let root = name.split_once('[').map_or(name, |(root, _)| root);
        if matches!(root, "mask" | "markup" | "svg") {
            return Ok(Limit { bytes: 0, over: unavailable(root, &[]) });
        }
        let mut known = ["prompt", "model", "response_format"]
            .iter()
            .chain(SAME.iter().map(|(theirs, _)| theirs))
            .chain(&TREATMENT)
            .chain(&CALLERS)
            .chain(UNAVAILABLE.iter().map(|(name, _)| name));
        if known.any(|known| *known == name) {
            return Ok(Limit::of(name));
        }
        let detail = format!("There is no field '{name}'. /docs lists the fields.");
        Err(ApiError::invalid(Code::UnknownField, name, detail))
    }

    fn place(&mut self, texts: Vec<(String, Bytes)>, fields: &mut Fields) -> Result<(), ApiError> {
        let mut callers = Map::new();
        for (name, value) in texts {
            if name == "prompt" {
                fields.prompt = Some(value);
                continue;
            }
            let said = text(&name, &value)?.trim();
            if said.is_empty() {
                continue;
            }
            match name.as_str() {
                "model" if is_theirs(said) => {}
                "model" => fields.model = Some(value),
                // The same as no size: the proportions of the picture.
                "size" if said == "auto" => {}
                "response_format" => self.delivery = delivery(said)?,
                name if TREATMENT.contains(&name) => fields.treatment.push((name.into(), value)),
                // The database cannot store them.
                name if CALLERS.contains(&name) && said.contains('\0') => {
                    return Err(ApiError::nul(name));
                }
                name if CALLERS.contains(&name) => {
                    callers.insert(name.into(), Value::from(said));
                }
                name => match SAME.iter().find(|(theirs, _)| *theirs == name) {
                    Some((_, ours)) => fields.options.push(((*ours).into(), value)),
                    None => refuse_unless_default(name, said)?,
                },
            }
        }
        if !callers.is_empty() {
            let metadata = Value::Object(callers).to_string();
            fields.treatment.push(("metadata".into(), metadata.into()));
        }
        Ok(())
    }
}

/// Whether it is one of OpenAI's models. Callers name one because they have to; the default model is used instead.
fn is_theirs(model: &str) -> bool {
    THEIR_MODELS.iter().any(|beginning| model.starts_with(beginning))
}

fn delivery(said: &str) -> Result<Delivery, ApiError> {
    match said {
        "b64_json" => Ok(Delivery::Base64),
        "url" => Ok(Delivery::Url),
        _ => {
            let detail = "The response_format must be b64_json or url.";
            Err(ApiError::invalid(Code::InvalidOption, "response_format", detail))
        }
    }
}

fn refuse_unless_default(name: &str, said: &str) -> Result<(), ApiError> {
    let defaults = UNAVAILABLE.iter().find(|(known, _)| *known == name);
    let defaults = defaults.map_or(&[][..], |(_, defaults)| *defaults);
    if defaults.iter().any(|default| default.eq_ignore_ascii_case(said)) {
        return Ok(());
    }
    Err(unavailable(name, defaults))
}

fn unavailable(name: &str, defaults: &[&str]) -> ApiError {
    let or = defaults.first().map(|default| format!(", or send '{default}'")).unwrap_or_default();
    let detail = format!("The field '{name}' is not supported here. Leave it out{or}.");
    ApiError::invalid(Code::OptionNotSupported, name, detail)
}

/// Rewrites a refusal to name a field as OpenAI's form names it.
pub(super) fn by_their_names(error: ApiError) -> ApiError {
    let ApiError::Invalid { code, field, detail } = error else { return error };
    let theirs = SAME.iter().find(|(theirs, ours)| *ours == field && theirs != ours);
    match theirs {
        Some((theirs, ours)) if code != Code::UnknownField => {
            let detail = detail.replace(&format!("'{ours}'"), &format!("'{theirs}'"));
            ApiError::invalid(code, theirs, detail)
        }
        _ => ApiError::Invalid { code, field, detail },
    }
}
