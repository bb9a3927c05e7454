//! Kinds of failure, as a job's caller sees them, and fal's words for each.

use super::Class;
use crate::job::FailureCode;

/// A kind of failure: one code, one sentence, one class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    ContentPolicy,
    NothingMade,
    ImageTooSmall,
    ImageTooLarge,
    ImageUnreadable,
    NoFace,
    InvalidOption,
    ProviderRefused,
    ProviderCancelled,
    ProviderTimeout,
    ProviderError,
    ProviderBusy,
    ProviderLostRequest,
    ProviderAccount,
    ProviderBalance,
    ResultUnusable,
}

impl Kind {
    /// The kind for fal's own word (source: fal's pages on request errors and on model errors). A word that
    /// is not listed decides nothing: the status does, 422 for a refusal, 5xx for an error.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "content_policy_violation" => Self::ContentPolicy,
            "no_media_generated" => Self::NothingMade,
            "image_too_small" => Self::ImageTooSmall,
            "image_too_large" | "file_too_large" => Self::ImageTooLarge,
            "image_load_error" | "unsupported_image_format" => Self::ImageUnreadable,
            "face_detection_error" => Self::NoFace,
            "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal"
            | "multiple_of" | "sequence_too_short" | "sequence_too_long" | "one_of" => {
                Self::InvalidOption
            }
            "feature_not_supported" | "bad_request" => Self::ProviderRefused,
            "client_disconnected" | "client_cancelled" => Self::ProviderCancelled,
            "request_timeout" | "startup_timeout" | "generation_timeout" => Self::ProviderTimeout,
            "concurrent_requests_limit" => Self::ProviderBusy,
            // fal's table calls `file_download_error` final. But the file that could not be fetched was
            // uploaded to fal's own servers, so the fault is theirs and not in the caller's picture.
            "file_download_error"
            | "internal_error"
            | "internal_server_error"
            | "downstream_service_error"
            | "downstream_service_unavailable"
            | "runner_scheduling_failure"
            | "runner_connection_timeout"
            | "runner_disconnected"
            | "runner_connection_refused"
            | "runner_connection_error"
            | "runner_incomplete_response"
            | "runner_server_error" => Self::ProviderError,
            _ => return None,
        })
    }

    pub(super) fn class(self) -> Class {
        match self {
            Self::ContentPolicy
            | Self::NothingMade
            | Self::ImageTooSmall
            | Self::ImageTooLarge
            | Self::ImageUnreadable
            | Self::NoFace
            | Self::InvalidOption
            | Self::ProviderRefused
            | Self::ProviderCancelled => Class::Never,
            Self::ProviderTimeout
            | Self::ProviderError
            | Self::ProviderLostRequest
            | Self::ResultUnusable => Class::Retry,
            Self::ProviderBusy => Class::Later,
            Self::ProviderAccount | Self::ProviderBalance => Class::Halt,
        }
    }

    pub(super) fn code(self) -> FailureCode {
        match self {
            Self::ContentPolicy => FailureCode::ContentPolicy,
            Self::NothingMade => FailureCode::NothingMade,
            Self::ImageTooSmall => FailureCode::ImageTooSmall,
            Self::ImageTooLarge => FailureCode::ImageTooLarge,
            Self::ImageUnreadable => FailureCode::ImageUnreadable,
            Self::NoFace => FailureCode::NoFace,
            Self::InvalidOption => FailureCode::InvalidOption,
            Self::ProviderRefused => FailureCode::ProviderRefused,
            Self::ProviderCancelled => FailureCode::ProviderCancelled,
            Self::ProviderTimeout => FailureCode::ProviderTimeout,
            Self::ProviderError => FailureCode::ProviderError,
            Self::ProviderBusy => FailureCode::ProviderBusy,
            Self::ProviderLostRequest => FailureCode::ProviderLostRequest,
            Self::ProviderAccount => FailureCode::ProviderAccount,
            Self::ProviderBalance => FailureCode::ProviderBalance,
            Self::ResultUnusable => FailureCode::ResultUnusable,
        }
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::ContentPolicy => {
                "The provider's content policy does not allow this edit. Change the prompt or the picture."
            }
            Self::NothingMade => "The model made no picture of this. Try another prompt.",
            Self::ImageTooSmall => "The picture is too small for the model. Use a larger one.",
            Self::ImageTooLarge => "The picture is too large for the model. Use a smaller one.",
            Self::ImageUnreadable => {
                "The model cannot read the picture. Save it anew, or use another."
            }
            Self::NoFace => "The model found no face in the picture, and needs one.",
            Self::InvalidOption => "The model does not take one of the options in this range.",
            Self::ProviderRefused => {
                "The provider cannot make this edit of this picture with this prompt."
            }
            Self::ProviderCancelled => "The edit was cancelled at the provider.",
            Self::ProviderTimeout => "The provider took too long. Try again.",
            Self::ProviderError => "The provider did not complete the edit. Try again.",
            Self::ProviderBusy => "The provider has too much to do at the moment. Try again later.",
            Self::ProviderLostRequest => "The provider does not know the request any more.",
            Self::ProviderAccount => {
                "The provider does not accept this service's account at the moment."
            }
            Self::ProviderBalance => {
                "This service's account at the provider is used up. Its operator has to top it up."
            }
            Self::ResultUnusable => {
                "The provider's result is not a picture that can be used, or could not be fetched. Try again."
            }
        }
    }
}
