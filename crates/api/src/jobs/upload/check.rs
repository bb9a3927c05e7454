//! Checks the fields of an upload against the limits and the models on offer.

use darkroom_core::{
    job::{MAX_PROMPT_CHARS, PRIORITIES},
    models::{OptionCode, OptionProblem, Options},
    store::IdempotencyKey,
};

use super::{Fields, Upload, metadata, prompt_too_long, webhook};
use crate::{
    State,
    error::{ApiError, Code},
    jobs::moment,
};

impl Fields {
    pub(super) fn check(self, state: &State, key: Option<String>) -> Result<Upload, ApiError> {
        let models = &state.models;
        let parent = self.parent()?;
        if self.images.is_empty() && parent.is_none() {
            return Err(missing(self.pictures));
        }
        let idempotency_key =
            key.map(|key| IdempotencyKey { key, fingerprint: self.fingerprint() });
        let prompt = check_prompt(&self.prompt.ok_or_else(|| missing("prompt"))?)?;
        // Browsers send fields that nobody filled in as empty.
        let id = match &self.model {
            Some(id) => Some(text("model", id)?.trim()).filter(|id| !id.is_empty()),
            None => None,
        };
        let id = id.unwrap_or(models.default_id());
        let model = models.find(id).ok_or_else(ApiError::unknown_model)?;
        let mut options = Options::default();
        for (name, value) in &self.options {
            let value = text(name, value)?;
            if !value.trim().is_empty() {
                options.set(name, value)?;
            }
        }
        // A parent's result is one picture.
        model.check(&options, self.images.len().max(1)).map_err(|problem| {
            match problem.field.as_str() {
                "image" => OptionProblem { field: self.pictures.into(), ..problem },
                _ => problem,
            }
        })?;
        let (mut priority, mut run_at, mut attached) = (0, None, None);
        let mut is_cache_looked_into = options.seed.is_some();
        let (mut webhook_url, mut webhook_events) = ("", "");
        for (name, value) in &self.treatment {
            let value = text(name, value)?.trim();
            match name.as_str() {
                _ if value.is_empty() => {}
                "metadata" => attached = Some(metadata::check(value)?),
                "cache" => is_cache_looked_into = check_cache(value, &options)?,
                "priority" => priority = check_priority(value)?,
                "webhook_url" => webhook_url = value,
                "webhook_events" => webhook_events = value,
                "run_at" => run_at = Some(moment(name, value)?),
                // `parent` has read them.
                "parent_id" | "parent_image" => {}
                _ => return Err(unknown(name)),
            }
        }
        let webhook = webhook::check(webhook_url, webhook_events, &state.outbound_allowed)?;
        let pictures = self.images.into_iter().map(|(name, sent)| sent.check(name, state));
        let pictures = pictures.collect::<Result<_, _>>()?;
        Ok(Upload {
            prompt,
            pictures,
            model: model.id.clone(),
            options,
            priority,
            run_at,
            webhook,
            parent,
            is_cache_looked_into,
            metadata: attached,
            idempotency_key,
        })
    }
}

fn check_prompt(prompt: &[u8]) -> Result<String, ApiError> {
    let prompt = text("prompt", prompt)?;
    if prompt.contains('\0') {
        return Err(ApiError::nul("prompt"));
    }
    if prompt.trim().is_empty() {
        return Err(ApiError::invalid(Code::EmptyField, "prompt", "The prompt is empty."));
    }
    if prompt.chars().count() > MAX_PROMPT_CHARS {
        return Err(prompt_too_long());
    }
    Ok(prompt.into())
}

fn check_priority(text: &str) -> Result<i16, ApiError> {
    text.parse().ok().filter(|priority| PRIORITIES.contains(priority)).ok_or_else(|| {
        let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
        let detail = format!("The priority must be a whole number from {least} to {most}.");
        ApiError::invalid(Code::InvalidPriority, "priority", detail)
    })
}

/// Whether other jobs' results may be used. By default not without a seed: then the same request sent again wants
/// another picture.
fn check_cache(text: &str, options: &Options) -> Result<bool, ApiError> {
    match text {
        "default" => Ok(options.seed.is_some()),
        "prefer" => Ok(true),
        "bypass" => Ok(false),
        _ => {
            let detail = "The cache must be one of default, prefer, bypass.";
            Err(ApiError::invalid(Code::InvalidCache, "cache", detail))
        }
    }
}

pub(crate) fn text<'a>(field: &str, value: &'a [u8]) -> Result<&'a str, ApiError> {
    str::from_utf8(value).map_err(|_invalid| {
        let detail = format!("The field '{field}' must be UTF-8.");
        ApiError::invalid(Code::InvalidEncoding, field, detail)
    })
}

/// The refusal of a field that a form takes, and that nothing here reads.
fn unknown(field: &str) -> ApiError {
    ApiError::invalid(Code::UnknownField, field, format!("There is no field '{field}'."))
}

fn missing(field: &str) -> ApiError {
    ApiError::invalid(Code::MissingField, field, format!("The field '{field}' is missing."))
}

impl From<OptionProblem> for ApiError {
    fn from(problem: OptionProblem) -> Self {
        let code = match problem.code {
            OptionCode::UnknownField => Code::UnknownField,
            OptionCode::InvalidOption => Code::InvalidOption,
            OptionCode::OptionNotSupported => Code::OptionNotSupported,
            OptionCode::TooManyImages => Code::TooManyImages,
        };
        Self::invalid(code, &problem.field, problem.detail)
    }
}
