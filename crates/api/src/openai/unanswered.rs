//! Answers without pictures to edits that were accepted.

use actix_web::http::StatusCode;
use darkroom_core::job::{Failure, JobId};

use super::{code::Code, error::ErrorBody};
use crate::error::ApiError;

/// The type of errors that the caller causes, as OpenAI's image models name it.
const USER_ERROR: &str = "image_generation_user_error";

const SERVER_ERROR: &str = "server_error";

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
    /// The job's state, or its pictures, cannot be read.
    Away,
}

impl Unanswered {
    /// From an error in reading the job or its pictures.
    pub(super) fn because_of(error: &ApiError) -> Self {
        error.log();
        if matches!(error, ApiError::NotFound(_)) { Self::Deleted } else { Self::Away }
    }

    /// Whether a retry with the same `Idempotency-Key` may get the pictures. (Without one, it would be another edit to
    /// pay for.) A failed edit was tried already as often as makes sense.
    pub(super) fn may_end_well(&self) -> bool {
        matches!(self, Self::Running | Self::Away)
    }

    /// Status and body.
    pub(super) fn answer(&self, job: JobId) -> (StatusCode, ErrorBody) {
        let (code, kind, message) = match self {
            Self::Failed(failure) => return failed(failure),
            Self::Blanked => {
                let message = "The model's safety checker blanked the result.".to_owned();
                (Code::ModerationBlocked, USER_ERROR, message)
            }
            Self::Running => {
                let message = format!(
                    "The edit takes longer than the client waits. It goes on as job {job}."
                );
                (Code::StillRunning, SERVER_ERROR, message)
            }
            Self::Away => {
                let message = format!(
                    "The edit was accepted as job {job}, but its state cannot be read at the moment."
                );
                (Code::ResultUnavailable, SERVER_ERROR, message)
            }
            Self::Cancelled => {
                (Code::JobCancelled, "invalid_request_error", "The edit was cancelled.".into())
            }
            Self::Deleted => {
                (Code::JobDeleted, "invalid_request_error", "The job was deleted.".into())
            }
        };
        (code.status(), ErrorBody::new(kind, code, None, message))
    }
}

/// Answers by the failure's code: failures that the picture or the prompt causes are the caller's errors.
fn failed(failure: &Failure) -> (StatusCode, ErrorBody) {
    let Failure { code, message } = failure;
    let param = match code.as_str() {
        "content_policy" => {
            let blocked = Code::ModerationBlocked;
            return (blocked.status(), ErrorBody::new(USER_ERROR, blocked, None, message));
        }
        "image_too_small" | "image_too_large" | "image_unreadable" | "no_face"
        | "damaged_image" => Some("image"),
        "nothing_made" => Some("prompt"),
        "unknown_model" => Some("model"),
        "invalid_option" | "provider_refused" => None,
        code => {
            let status = match code {
                "provider_timeout" | "deadline_exceeded" => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            };
            return (status, ErrorBody::new(SERVER_ERROR, failure, None, message));
        }
    };
    (StatusCode::BAD_REQUEST, ErrorBody::new(USER_ERROR, failure, param, message))
}
