//! Refusals by the queue itself, not by the model (fal docs: errors, plain shape).

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

/// The error type when no slot is free.
const CONCURRENCY: &str = "concurrent_requests_limit";

/// Why the queue refuses a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// No `Authorization` header, or another scheme than `Key`.
    #[error("Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'.")]
    MalformedKey,
    /// A key other than [`Settings::key`](crate::Settings::key).
    #[error("No user found for Key ID and Secret")]
    UnknownKey,
    /// The result was fetched before the request ended.
    #[error("Request is still in progress")]
    InProgress,
    /// There is no request with this id under this app.
    #[error("no such request")]
    UnknownRequest,
    /// There is no file with this id, or it was dropped for newer ones.
    #[error("File not found")]
    UnknownFile,
    /// An upload is larger than this stand-in accepts.
    #[error("File is larger than {0} bytes")]
    TooLarge(usize),
    /// More requests wait than the caller allows (`fal_max_queue_length`).
    #[error("The queue of this endpoint is longer than fal_max_queue_length")]
    QueueFull,
    /// No slot is free for a direct run.
    #[error("Too many concurrent requests")]
    AtOnceTooMany,
    /// A parameter or header of a submission is invalid.
    #[error("{0}")]
    BadRequest(String),
    /// No token of the CDN, or an invalid or expired one.
    #[error("Invalid or expired token")]
    UnknownToken,
    /// Parts of a file have wrong numbers, or were not received so.
    #[error("{0}")]
    WrongParts(&'static str),
    /// The body could not be read.
    #[error("{0}")]
    Unreadable(String),
    /// The path does not exist.
    #[error("Path {0} not found")]
    NoPath(String),
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::MalformedKey | Self::UnknownKey | Self::UnknownToken => StatusCode::UNAUTHORIZED,
            Self::InProgress | Self::Unreadable(_) | Self::WrongParts(_) | Self::BadRequest(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::QueueFull | Self::AtOnceTooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownRequest | Self::UnknownFile | Self::NoPath(_) => StatusCode::NOT_FOUND,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let body = match self {
            // An unknown id has its own body (fal queue docs: status).
            Self::UnknownRequest => json!({"status": "NOT_FOUND"}),
            Self::BadRequest(message) => json!({"detail": message, "error_type": "bad_request"}),
            // Type and header are documented, the body is not (fal docs: concurrency limits).
            Self::AtOnceTooMany => json!({"detail": self.to_string(), "error_type": CONCURRENCY}),
            _ => json!({"detail": self.to_string()}),
        };
        let mut response = HttpResponse::build(self.status_code());
        if matches!(self, Self::AtOnceTooMany) {
            response.insert_header(("X-Fal-Error-Type", CONCURRENCY));
            response.insert_header(("X-Fal-Needs-Retry", "1"));
        }
        response.json(body)
    }
}
