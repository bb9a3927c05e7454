//! What an upload is refused for while it is read.

use actix_multipart::MultipartError;
use darkroom_core::job::MAX_PROMPT_CHARS;

use crate::error::ApiError;

/// A field that is taken once was sent again.
pub(super) fn once(given: bool, field: &str) -> Result<(), ApiError> {
    if !given {
        return Ok(());
    }
    let detail = format!("The field '{field}' was sent more than once.");
    Err(ApiError::invalid("duplicate_field", field, detail))
}

/// More pictures than any model takes.
pub(super) fn too_many_images(most: usize) -> ApiError {
    let detail = format!("No model takes more than {most} pictures.");
    ApiError::invalid("too_many_images", "image", detail)
}

/// Any field but the pictures and the prompt.
pub(super) fn option_too_long(field: &str, limit: usize) -> ApiError {
    let detail = format!("The field '{field}' has more than {limit} bytes.");
    ApiError::invalid("too_long", field, detail)
}

/// The prompt.
pub(super) fn prompt_too_long() -> ApiError {
    let detail = format!("The prompt has more than {MAX_PROMPT_CHARS} characters.");
    ApiError::invalid("too_long", "prompt", detail)
}

/// The body as a whole.
pub(super) fn malformed(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            ApiError::UnsupportedMediaType(
                "The Content-Type must be multipart/form-data with a boundary.",
            )
        }
        _ => ApiError::MalformedBody("The multipart body is not well-formed or breaks off."),
    }
}
