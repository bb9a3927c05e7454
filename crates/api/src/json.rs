//! Reads JSON bodies whole, where a refusal names the field that is wrong, and writes JSON.

use std::fmt::Display;

use actix_web::error::PayloadError;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};

const MALFORMED: ApiError = ApiError::MalformedBody("The body is not well-formed JSON.");

/// A body that the framework has read whole, up to its limit.
pub(crate) fn whole(body: Result<Bytes, actix_web::Error>) -> Result<Bytes, ApiError> {
    body.map_err(|error| match error.as_error() {
        Some(PayloadError::Overflow) => ApiError::BodyTooLarge,
        Some(error) => ApiError::of_body(error),
        None => ApiError::MalformedBody("The body is incomplete."),
    })
}

/// Reads a body; an empty one is an empty object.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, ApiError> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::invalid(
            Code::InvalidField,
            "body",
            "The body must be a JSON object.",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, wrong) = (error.path(), error.inner());
        if wrong.is_syntax() || wrong.is_eof() {
            return MALFORMED;
        }
        let field: &dyn Display = if path.iter().len() == 0 { &"body" } else { path };
        // Both may quote what was sent, however long it is: they are cut off there.
        let detail = format_args!("The body is not what /docs describes: {wrong}.");
        ApiError::invalid(Code::InvalidField, field, detail)
    })?;
    // Nothing may follow the object.
    json.end().map_err(|_more| MALFORMED)?;
    Ok(read)
}

/// Writes a value of ours. This cannot fail: the keys of its maps are texts, and it has nothing else that JSON cannot
/// hold. A value that breaks this rule is logged.
pub(crate) fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a value could not be written as JSON");
        String::new()
    })
}
