//! Reads an upload as it streams in, and stops at the first byte too many.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{HttpMessage, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use darkroom_core::{
    config::Limits,
    images::{ImageProblem, inspect},
    job::MAX_PROMPT_CHARS,
    store::NewImage,
};
use futures_util::TryStreamExt;

use crate::error::ApiError;

/// Room for the prompt, headers and boundaries beside the image.
const ENVELOPE_BYTES: usize = 64 * 1024;

/// UTF-8 takes up to four bytes for a character.
const MAX_PROMPT_BYTES: usize = 4 * MAX_PROMPT_CHARS;

/// A well-formed upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) prompt: String,
    pub(super) image: NewImage,
}

/// Reads and checks both fields.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    limits: &Limits,
) -> Result<Upload, ApiError> {
    let announced = announced_bytes(request);
    if announced.is_some_and(|bytes| bytes > limits.upload_bytes + ENVELOPE_BYTES) {
        return Err(ApiError::TooLarge { limit: limits.upload_bytes });
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
    let outcome = read_fields(&mut multipart, announced.unwrap_or(0), limits).await;
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
) -> Result<Upload, ApiError> {
    let (mut image, mut prompt) = (None, None);
    while let Some(field) = multipart.try_next().await.map_err(|error| malformed(&error))? {
        match field.name().unwrap_or_default() {
            "image" => {
                once(image.as_ref(), "image")?;
                let too_large = ApiError::TooLarge { limit: limits.upload_bytes };
                image = Some(collect(field, expected, limits.upload_bytes, too_large).await?);
            }
            "prompt" => {
                once(prompt.as_ref(), "prompt")?;
                prompt = Some(collect(field, 0, MAX_PROMPT_BYTES, prompt_too_long()).await?);
            }
            other => {
                let detail = format!("There is no field '{other}'; image and prompt are taken.");
                return Err(ApiError::invalid("unknown_field", other, detail));
            }
        }
    }
    let image = image.ok_or_else(|| missing("image"))?;
    let prompt = prompt.ok_or_else(|| missing("prompt"))?;
    Ok(Upload { prompt: check_prompt(&prompt)?, image: check_image(image, limits)? })
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

fn check_prompt(prompt: &[u8]) -> Result<String, ApiError> {
    let Ok(prompt) = str::from_utf8(prompt) else {
        return Err(ApiError::invalid("invalid_encoding", "prompt", "The prompt must be UTF-8."));
    };
    if prompt.contains('\0') {
        let detail = "The prompt must not contain NUL characters.";
        return Err(ApiError::invalid("invalid_character", "prompt", detail));
    }
    if prompt.trim().is_empty() {
        return Err(ApiError::invalid("empty_field", "prompt", "The prompt is empty."));
    }
    if prompt.chars().count() > MAX_PROMPT_CHARS {
        return Err(prompt_too_long());
    }
    Ok(prompt.into())
}

fn check_image(data: Bytes, limits: &Limits) -> Result<NewImage, ApiError> {
    let picture = inspect(&data, limits.image_pixels).map_err(|problem| {
        let code = match problem {
            ImageProblem::Empty => "empty_field",
            ImageProblem::UnsupportedType => "unsupported_image_type",
            ImageProblem::Damaged(_) => "damaged_image",
            ImageProblem::TooManyPixels { .. } => "too_many_pixels",
        };
        ApiError::invalid(code, "image", problem.to_string())
    })?;
    Ok(NewImage {
        data,
        media_type: picture.media_type,
        width: picture.width,
        height: picture.height,
    })
}

fn announced_bytes(request: &HttpRequest) -> Option<usize> {
    let header = request.headers().get(actix_web::http::header::CONTENT_LENGTH)?;
    header.to_str().ok()?.parse().ok()
}

fn once(given: Option<&Bytes>, field: &str) -> Result<(), ApiError> {
    if given.is_none() {
        return Ok(());
    }
    let detail = format!("The field '{field}' was sent more than once.");
    Err(ApiError::invalid("duplicate_field", field, detail))
}

fn missing(field: &str) -> ApiError {
    ApiError::invalid("missing_field", field, format!("The field '{field}' is missing."))
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
