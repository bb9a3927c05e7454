//! Reads the request for a job, a form or JSON, and stops at the first byte too many.

mod address;
mod check;
mod fetch;
mod fingerprint;
mod form;
mod json;
mod metadata;
mod multipart;
mod parent;
mod picture;
mod webhook;

use actix_web::{HttpMessage, HttpRequest, web};
use bytes::Bytes;
use darkroom_core::{
    job::MAX_PROMPT_CHARS,
    models::Options,
    store::{IdempotencyKey, Parent},
    webhook::{MAX_URL_CHARS, Webhook},
};
use futures_util::TryStreamExt;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    State,
    error::{ApiError, Code},
};
pub(crate) use check::text;
pub(crate) use fetch::Fetcher;
pub(super) use fetch::fetch;
use form::JobForm;
pub(crate) use form::{Form, Limit};
pub(super) use json::NewJobBody;
use picture::{Picture, SentPicture};

/// Room for the prompt, the options, headers and boundaries beside the images.
const ENVELOPE_BYTES: usize = 64 * 1024;

/// The most bytes of a model's id or an option.
const MAX_OPTION_BYTES: usize = 200;

/// The most bytes of a prompt: UTF-8 takes up to four for a character.
const MAX_PROMPT_BYTES: usize = 4 * MAX_PROMPT_CHARS;

/// The most bytes of an address, in UTF-8 as the prompt.
const MAX_URL_BYTES: usize = 4 * MAX_URL_CHARS;

/// A well-formed upload.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(super) prompt: String,
    /// The input pictures in order; at least one, unless there is a parent.
    pub(super) pictures: Vec<Picture>,
    /// The id of a model that is on offer and takes these pictures and options.
    pub(super) model: String,
    pub(super) options: Options,
    pub(super) priority: i16,
    pub(super) run_at: Option<OffsetDateTime>,
    pub(super) webhook: Option<Webhook>,
    pub(super) parent: Option<Parent>,
    /// Whether another job's results may be used for it.
    pub(super) is_cache_looked_into: bool,
    /// A JSON object.
    pub(super) metadata: Option<Value>,
    /// Its idempotency key, with the request's fingerprint.
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

/// The fields that say how the job is treated: all but the images, the prompt, the model and its options.
const TREATMENT: [&str; 8] = [
    "priority",
    "run_at",
    "webhook_url",
    "webhook_events",
    "metadata",
    "parent_id",
    "parent_image",
    "cache",
];

/// The fields as they were sent, not checked yet.
#[derive(Debug)]
pub(crate) struct Fields {
    /// The name of the field with the pictures.
    pictures: &'static str,
    pub(crate) prompt: Option<Bytes>,
    /// The pictures in order, each with the name of its field.
    images: Vec<(String, SentPicture)>,
    pub(crate) model: Option<Bytes>,
    /// Names and texts of the options.
    pub(crate) options: Vec<(String, Bytes)>,
    /// Names and texts of the fields in [`TREATMENT`].
    pub(crate) treatment: Vec<(String, Bytes)>,
}

impl Fields {
    /// No fields yet.
    fn of(pictures: &'static str) -> Self {
        Self {
            pictures,
            prompt: None,
            images: Vec::new(),
            model: None,
            options: Vec::new(),
            treatment: Vec::new(),
        }
    }
}

/// Reads and checks all fields of a request for a job; `key` is its idempotency key.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    key: Option<String>,
) -> Result<Upload, ApiError> {
    if request.content_type().eq_ignore_ascii_case("application/json") {
        return json::read(request, payload, state, key).await;
    }
    read_form(request, payload, state, key, &mut JobForm).await
}

/// Reads and checks all fields of a form.
pub(crate) async fn read_form<F: Form>(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    key: Option<String>,
    form: &mut F,
) -> Result<Upload, ApiError> {
    let limits = &state.limits;
    let announced = announced_bytes(request);
    if announced.is_some_and(|bytes| bytes > limits.request_bytes + ENVELOPE_BYTES) {
        return Err(too_large("image", limits.request_bytes));
    }
    if request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        return multipart::read(request, payload, announced, state, key, form).await;
    }
    if announced.is_some() {
        drain(payload).await;
    }
    Err(ApiError::UnsupportedMediaType(F::SENT_AS))
}

/// Reads a refused body to its end, so that a client that goes on sending can use the connection again.
async fn drain(mut payload: web::Payload) {
    while let Ok(Some(_rest)) = payload.try_next().await {}
}

fn announced_bytes(request: &HttpRequest) -> Option<usize> {
    let header = request.headers().get(actix_web::http::header::CONTENT_LENGTH)?;
    header.to_str().ok()?.parse().ok()
}

fn too_large(field: &str, limit: usize) -> ApiError {
    ApiError::TooLarge { field: field.into(), limit }
}

fn too_many_images(field: &str, most: usize) -> ApiError {
    let detail = format!("No model accepts more than {most} pictures.");
    ApiError::invalid(Code::TooManyImages, field, detail)
}

fn too_long(field: &str, most: usize) -> ApiError {
    let detail = format!("The field '{field}' has more than {most} bytes.");
    ApiError::invalid(Code::TooLong, field, detail)
}

fn prompt_too_long() -> ApiError {
    let detail = format!("The prompt has more than {MAX_PROMPT_CHARS} characters.");
    ApiError::invalid(Code::TooLong, "prompt", detail)
}
