//! Reads an upload as it streams in, and stops at the first byte too many.

mod check;
mod metadata;
mod parent;
mod said;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use darkroom_core::{
    config::Limits,
    job::MAX_PROMPT_CHARS,
    models::{Models, Options},
    store::{NewImage, Parent, Sha256},
};
use futures_util::TryStreamExt;
use serde_json::Value;
use time::OffsetDateTime;

use crate::error::ApiError;

/// Room for the prompt, the options, headers and boundaries beside the images.
const ENVELOPE_BYTES: usize = 64 * 1024;

/// Of a model's id or an option.
const MAX_OPTION_BYTES: usize = 200;

/// UTF-8 takes up to four bytes for a character.
const MAX_PROMPT_BYTES: usize = 4 * MAX_PROMPT_CHARS;

/// A well-formed upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) prompt: String,
    /// In order; at least one, unless there is a parent.
    pub(super) images: Vec<NewImage>,
    /// Id of a model that is on offer and takes all of this.
    pub(super) model: String,
    pub(super) options: Options,
    pub(super) priority: i16,
    pub(super) run_at: Option<OffsetDateTime>,
    pub(super) parent: Option<Parent>,
    /// Whether another job's results may answer it.
    pub(super) is_cache_looked_into: bool,
    /// An object.
    pub(super) metadata: Option<Value>,
    /// Of all that was said beside the images.
    pub(super) said: Sha256,
}

/// Fields beside the images, the prompt, the model and its options: how the job is treated.
const TREATMENT: [&str; 6] =
    ["priority", "run_at", "metadata", "parent_id", "parent_image", "cache"];

/// Fields as they came.
#[derive(Debug, Default)]
struct Fields {
    prompt: Option<Bytes>,
    images: Vec<Bytes>,
    /// Of all images so far.
    image_bytes: usize,
    model: Option<Bytes>,
    /// Names and texts of options.
    options: Vec<(String, Bytes)>,
    /// The same of [`TREATMENT`].
    treatment: Vec<(String, Bytes)>,
}

/// Reads and checks all fields.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    limits: &Limits,
    models: &Models,
) -> Result<Upload, ApiError> {
    let announced = announced_bytes(request);
    if announced.is_some_and(|bytes| bytes > limits.request_bytes + ENVELOPE_BYTES) {
        return Err(ApiError::TooLarge { limit: limits.request_bytes });
    }
    if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        if announced.is_some() {
            while let Ok(Some(_rest)) = payload.try_next().await {}
        }
        return Err(ApiError::UnsupportedMediaType(
            "Send the image and the prompt as multipart/form-data.",
        ));
    }
    let mut multipart = Multipart::new(request.headers(), payload);
    let outcome = read_fields(&mut multipart, announced.unwrap_or(0), limits, models)
        .await
        .and_then(|fields| fields.check(limits, models));
    // A client that sends on while it is told of its mistake can use the connection again. One that
    // does not say how much is to come may never end: its connection closes.
    if announced.is_some() && matches!(outcome, Err(ApiError::Invalid { .. })) {
        while let Ok(Some(_rest)) = multipart.try_next().await {}
    }
    outcome
}

async fn read_fields(
    multipart: &mut Multipart,
    expected: usize,
    limits: &Limits,
    models: &Models,
) -> Result<Fields, ApiError> {
    let mut fields = Fields::default();
    while let Some(field) = multipart.try_next().await.map_err(|error| malformed(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "image" => {
                if fields.images.len() >= models.most_images() {
                    return Err(too_many_images(models.most_images()));
                }
                let left = limits.request_bytes - fields.image_bytes;
                let limit = limits.upload_bytes.min(left);
                // The limit that was hit is the one that is told.
                let told = if limit < limits.upload_bytes { limits.request_bytes } else { limit };
                let too_large = ApiError::TooLarge { limit: told };
                let image = collect(field, expected, limit, too_large).await?;
                fields.image_bytes += image.len();
                fields.images.push(image);
            }
            "prompt" => {
                once(fields.prompt.is_some(), &name)?;
                fields.prompt = Some(collect(field, 0, MAX_PROMPT_BYTES, prompt_too_long()).await?);
            }
            "model" => {
                once(fields.model.is_some(), &name)?;
                fields.model = Some(
                    collect(field, 0, MAX_OPTION_BYTES, too_long(&name, MAX_OPTION_BYTES)).await?,
                );
            }
            option if Options::NAMES.contains(&option) || TREATMENT.contains(&option) => {
                let kept = if TREATMENT.contains(&option) {
                    &mut fields.treatment
                } else {
                    &mut fields.options
                };
                once(kept.iter().any(|(known, _)| known == option), option)?;
                let most =
                    if option == "metadata" { metadata::MOST_BYTES } else { MAX_OPTION_BYTES };
                let text = collect(field, 0, most, too_long(option, most)).await?;
                kept.push((name, text));
            }
            other => {
                let options = Options::NAMES.join(", ");
                let treatment = TREATMENT.join(", ");
                let detail = format!(
                    "There is no field '{other}'; image, prompt, model, {options}, {treatment} are taken."
                );
                return Err(ApiError::invalid("unknown_field", other, detail));
            }
        }
    }
    Ok(fields)
}

/// Collects a field of about `expected` bytes; one of more than `limit` is `over`.
async fn collect(
    mut field: Field,
    expected: usize,
    limit: usize,
    over: ApiError,
) -> Result<Bytes, ApiError> {
    let mut data = BytesMut::with_capacity(expected.min(limit));
    while let Some(chunk) = field.try_next().await.map_err(|error| malformed(&error))? {
        if data.len() + chunk.len() > limit {
            return Err(over);
        }
        data.extend_from_slice(&chunk);
    }
    Ok(data.freeze())
}

fn announced_bytes(request: &HttpRequest) -> Option<usize> {
    let header = request.headers().get(actix_web::http::header::CONTENT_LENGTH)?;
    header.to_str().ok()?.parse().ok()
}

fn once(given: bool, field: &str) -> Result<(), ApiError> {
    if !given {
        return Ok(());
    }
    let detail = format!("The field '{field}' was sent more than once.");
    Err(ApiError::invalid("duplicate_field", field, detail))
}

fn too_many_images(most: usize) -> ApiError {
    let detail = format!("No model takes more than {most} pictures.");
    ApiError::invalid("too_many_images", "image", detail)
}

fn too_long(field: &str, most: usize) -> ApiError {
    let detail = format!("The field '{field}' has more than {most} bytes.");
    ApiError::invalid("too_long", field, detail)
}

fn prompt_too_long() -> ApiError {
    let detail = format!("The prompt has more than {MAX_PROMPT_CHARS} characters.");
    ApiError::invalid("too_long", "prompt", detail)
}

fn malformed(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            ApiError::UnsupportedMediaType(
                "The Content-Type must be multipart/form-data with a boundary.",
            )
        }
        _ => ApiError::MalformedBody("The multipart body is not well-formed or breaks off."),
    }
}
