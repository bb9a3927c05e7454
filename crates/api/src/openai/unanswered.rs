//! An edit that was accepted, and that is not answered with pictures.

use actix_web::http::StatusCode;
use darkroom_core::job::{Failure, JobId};

use super::error::ErrorBody;
use crate::error::ApiError;

/// Why there are no pictures.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The edit takes longer than the client waits, and goes on.
    Running,
    /// The edit failed.
    Failed(Failure),
    /// The model's safety checker blanked all of them.
    Blanked,
    /// The job was cancelled.
    Cancelled,
    /// The job was deleted.
    Deleted,
    /// How the job stands cannot be read.
    Away,
}

impl Unanswered {
    /// From what was in the way of reading the job or its pictures.
    pub(super) fn because_of(error: &ApiError) -> Self {
        error.log();
        if matches!(error, ApiError::NotFound(_)) { Self::Deleted } else { Self::Away }
    }

    /// Whether asking again under the same `Idempotency-Key` may get the pictures. Without one it would be another
    /// edit to pay for. What failed was tried as often as is right.
    pub(super) fn may_end_well(&self) -> bool {
        matches!(self, Self::Running | Self::Away)
    }

    /// Status and body.
    pub(super) fn answer(&self, job: JobId) -> (StatusCode, ErrorBody) {
        let ours = "server_error";
        let theirs = "invalid_request_error";
        match self {
            Self::Running => {
                let message = format!("The edit is not done yet; it goes on as job {job}.");
                (StatusCode::GATEWAY_TIMEOUT, ErrorBody::new(ours, "still_running", None, message))
            }
            Self::Away => {
                let message = format!(
                    "How the edit stands cannot be read at the moment; it was accepted as job {job}."
                );
                let body = ErrorBody::new(ours, "result_unavailable", None, message);
                (StatusCode::SERVICE_UNAVAILABLE, body)
            }
            Self::Failed(failure) => failed(failure),
            Self::Blanked => (
                StatusCode::BAD_REQUEST,
                moderated("The model's safety checker blanked the result."),
            ),
            Self::Cancelled => {
                let body = ErrorBody::new(theirs, "job_cancelled", None, "The edit was cancelled.");
                (StatusCode::CONFLICT, body)
            }
            Self::Deleted => {
                let body = ErrorBody::new(theirs, "job_deleted", None, "The job was deleted.");
                (StatusCode::CONFLICT, body)
            }
        }
    }
}

/// What of a request is not allowed, in the words of OpenAI's image models.
fn moderated(message: &str) -> ErrorBody {
    ErrorBody::new("image_generation_user_error", "moderation_blocked", None, message)
}

/// By the failure's code: those of the picture and the prompt are the caller's.
fn failed(failure: &Failure) -> (StatusCode, ErrorBody) {
    let Failure { code, message } = failure;
    let param = match code.as_str() {
        "content_policy" => return (StatusCode::BAD_REQUEST, moderated(message)),
        "image_too_small" | "image_too_large" | "image_unreadable" | "no_face"
        | "damaged_image" => Some("image"),
        "nothing_made" => Some("prompt"),
        "unknown_model" => Some("model"),
        "invalid_option" | "provider_refused" => None,
        code => {
            let status = match code {
                "provider_timeout" | "deadline_exceeded" => StatusCode::GATEWAY_TIMEOUT,
                "provider_busy" | "provider_account" | "provider_balance" => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::BAD_GATEWAY,
            };
            return (status, ErrorBody::new("server_error", code.to_owned(), None, message));
        }
    };
    let kind = "image_generation_user_error";
    (StatusCode::BAD_REQUEST, ErrorBody::new(kind, code.clone(), param, message))
}
