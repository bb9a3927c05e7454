//! Every error type of fal by name (fal docs: request error types, model error types).

use serde_json::{Value, json};

/// Failures of the request outside the model: type, status code, message.
const REQUEST: [(&str, u16, &str); 12] = [
    ("request_timeout", 504, "Request timed out"),
    ("startup_timeout", 504, "Runner startup timed out"),
    ("runner_scheduling_failure", 503, "Failed to schedule a runner"),
    ("runner_connection_timeout", 503, "Connection to the runner timed out"),
    ("runner_disconnected", 503, "Runner disconnected"),
    ("runner_connection_refused", 503, "Runner refused the connection"),
    ("runner_connection_error", 503, "Error in the connection to the runner"),
    ("runner_incomplete_response", 502, "Runner sent an incomplete response"),
    ("runner_server_error", 500, "Runner failed"),
    ("internal_error", 500, "Internal error"),
    ("client_disconnected", 499, "Client disconnected"),
    ("client_cancelled", 499, "Request was cancelled by the client"),
];

/// A failure of the request that is the caller's fault.
const BAD_REQUEST: (&str, u16, &str) = ("bad_request", 400, "Bad request");

/// Failures of the model: type, status code, field, message.
const MODEL: [(&str, u16, &str, &str); 24] = [
    ("internal_server_error", 500, "", "Internal server error"),
    ("generation_timeout", 504, "", "Generation timed out"),
    ("downstream_service_error", 500, "", "Downstream service error"),
    ("downstream_service_unavailable", 500, "", "Downstream service unavailable"),
    (
        "content_policy_violation",
        422,
        "prompt",
        "The content could not be processed because it was flagged by a content checker.",
    ),
    ("no_media_generated", 422, "prompt", "No media was generated"),
    ("image_too_small", 422, "image_urls", "Image dimensions are too small"),
    ("image_too_large", 422, "image_urls", "Image dimensions are too large"),
    ("image_load_error", 422, "image_urls", "Failed to load the image"),
    ("face_detection_error", 422, "image_urls", "No face was detected"),
    ("file_download_error", 422, "image_urls", "Failed to download the file"),
    ("file_too_large", 422, "image_urls", "File size exceeds the maximum"),
    ("unsupported_image_format", 422, "image_urls", "Unsupported image format"),
    ("feature_not_supported", 422, "image_urls", "This combination is not supported"),
    ("greater_than", 422, "num_images", "Input should be greater than 0"),
    ("greater_than_equal", 422, "num_images", "Input should be greater than or equal to 1"),
    ("less_than", 422, "num_images", "Input should be less than 7"),
    ("less_than_equal", 422, "num_images", "Input should be less than or equal to 6"),
    ("multiple_of", 422, "image_size", "Input should be a multiple of 8"),
    ("sequence_too_short", 422, "image_urls", "List should have at least 1 item"),
    ("sequence_too_long", 422, "image_urls", "List should have at most 10 items"),
    ("one_of", 422, "image_size", "Input should be one of the expected values"),
    ("missing", 422, "image_urls", "Field required"),
    ("value_error.missing", 422, "image_urls", "field required"),
];

/// An error type from the tables.
pub(super) enum ErrorType {
    Request { status: u16, message: &'static str },
    Model { status: u16, field: &'static str, message: &'static str },
}

impl ErrorType {
    pub(super) fn named(name: &str) -> Option<Self> {
        let model = MODEL.iter().find(|(kind, ..)| *kind == name);
        if let Some((_, status, field, message)) = model {
            return Some(Self::Model { status: *status, field, message });
        }
        let mut requests = REQUEST.iter().chain([&BAD_REQUEST]);
        let (_, status, message) = requests.find(|(kind, ..)| *kind == name)?;
        Some(Self::Request { status: *status, message })
    }
}

/// The `ctx` of a model error, which details its message.
pub(super) fn context(name: &str) -> Option<Value> {
    Some(match name {
        "image_too_small" => json!({"min_width": 64, "min_height": 64}),
        "image_too_large" => json!({"max_width": 4096, "max_height": 4096}),
        "file_too_large" => json!({"max_size": 10_485_760}),
        "unsupported_image_format" => json!({"supported_formats": ["jpeg", "png", "webp"]}),
        "greater_than" => json!({"gt": 0}),
        "greater_than_equal" => json!({"ge": 1}),
        "less_than" => json!({"lt": 7}),
        "less_than_equal" => json!({"le": 6}),
        "multiple_of" => json!({"multiple_of": 8}),
        "sequence_too_short" => json!({"min_length": 1}),
        "sequence_too_long" => json!({"max_length": 10}),
        "one_of" => json!({"expected": ["auto", "auto_2K", "auto_4K"]}),
        _ => return None,
    })
}

/// Whether fal calls a model error retryable.
pub(super) fn is_retryable(name: &str) -> bool {
    matches!(
        name,
        "internal_server_error"
            | "generation_timeout"
            | "downstream_service_error"
            | "downstream_service_unavailable"
    )
}
