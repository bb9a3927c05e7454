//! What goes wrong at fal, and what to do about it: classified here and nowhere else.
//!
//! Nothing that fal echoes of the input is kept, and no address: both may hold what is nobody
//! else's business.

mod kind;
mod refusal;

use reqwest::StatusCode;

use crate::job::Failure;

use kind::Kind;
pub use refusal::{Origin, Refusal};

/// What an error means for a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// Another attempt may well succeed.
    Retry,
    /// No attempt ever will.
    Never,
    /// Not now: ask again, it costs no attempt.
    Later,
    /// The key or the balance is the problem: no submission will succeed until that changes.
    Halt,
}

/// A call to fal that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer, or only a part of one.
    #[error("fal gave no answer")]
    Transport(#[source] reqwest::Error),
    /// An answer with a status code that says no.
    #[error("fal refused: {0}")]
    Refused(Refusal),
    /// A good answer that is not what fal documents.
    #[error("fal answered something unexpected")]
    Malformed(#[source] serde_json::Error),
    /// More bytes than are ever needed.
    #[error("fal answered more than {limit} bytes")]
    TooLarge {
        /// Bytes that were allowed.
        limit: usize,
    },
    /// A request at a provider that is not the configured one.
    #[error("the request was made at another provider")]
    ForeignRequest,
    /// An output that is not there any more.
    #[error("an output is gone ({0})")]
    OutputGone(StatusCode),
    /// A picture on a host that results are not fetched from.
    #[error("fal put a result on {host}, which is not among FAL_MEDIA_HOSTS")]
    ForeignHost {
        /// Of the result's address.
        host: String,
    },
    /// The result is not a picture, or names none.
    #[error("fal's result holds no picture")]
    NoPicture,
}

/// A submission that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// It surely did not arrive, or was surely refused: submitting again pays once.
    #[error("the submission was not accepted")]
    NotAccepted(#[source] Error),
    /// It may have arrived: submitting again might pay twice.
    #[error("it is unknown whether the submission was accepted")]
    Unknown(#[source] Error),
}

impl Error {
    /// A call without an answer. The address is left out: it may hold a token.
    pub(super) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }

    /// What the error means for the job.
    pub fn class(&self) -> Class {
        match self {
            Self::Transport(_)
            | Self::TooLarge { .. }
            | Self::Malformed(_)
            | Self::NoPicture
            | Self::ForeignRequest
            | Self::OutputGone(_) => Class::Retry,
            Self::ForeignHost { .. } => Class::Never,
            Self::Refused(refusal) => refusal.class(),
        }
    }

    /// How often the same call is worth making before its error is believed: gateways hiccup, the
    /// queue may, and what a model said it will say again.
    pub fn worthwhile_tries(&self) -> u32 {
        match self {
            Self::Transport(_) => 8,
            Self::Refused(refusal) => match refusal.origin {
                Origin::Gateway => 8,
                Origin::Queue => 3,
                Origin::Model => 1,
            },
            // What was cut off or garbled on the way.
            Self::Malformed(_) | Self::NoPicture | Self::OutputGone(_) => 3,
            Self::TooLarge { .. } | Self::ForeignHost { .. } | Self::ForeignRequest => 1,
        }
    }

    /// The machinery is away or overloaded, not the request wrong: the same call may work soon.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused(refusal) => refusal.is_passing(),
            _ => false,
        }
    }

    /// fal does not know the request.
    pub fn is_unknown_request(&self) -> bool {
        match self {
            Self::ForeignRequest => true,
            Self::Refused(refusal) => {
                refusal.status == StatusCode::NOT_FOUND && refusal.origin != Origin::Gateway
            }
            _ => false,
        }
    }

    /// Somebody answered 404, if only a gateway: it counts when it does not stop.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { status: StatusCode::NOT_FOUND, .. }))
    }

    /// What the job's caller may know.
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::ForeignHost { .. }
            | Self::NoPicture
            | Self::TooLarge { .. }
            | Self::OutputGone(_) => Kind::ResultUnusable,
            Self::ForeignRequest => Kind::ProviderLostRequest,
            Self::Transport(_) | Self::Malformed(_) => Kind::ProviderError,
        };
        Failure::new(kind.code(), kind.sentence())
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    fn refused(status: u16, body: &str) -> Error {
        refused_with(status, &[], body)
    }

    fn refused_with(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Error::Refused(Refusal::read(status, &headers, body.as_bytes()))
    }

    /// As a model answers: a list of entries.
    fn by_model(status: u16, word: &str) -> Error {
        let entry =
            json!({"loc": ["body", "prompt"], "msg": "no", "type": word, "input": "secret"});
        refused(status, &json!({"detail": [entry]}).to_string())
    }

    /// As the queue answers: a sentence and a word.
    fn by_queue(status: u16, word: &str) -> Error {
        refused(status, &json!({"detail": "Sorry", "error_type": word}).to_string())
    }

    #[test]
    fn every_word_of_the_queue_has_its_class() {
        for (word, status, class, code) in [
            ("request_timeout", 504, Class::Retry, "provider_timeout"),
            ("startup_timeout", 504, Class::Retry, "provider_timeout"),
            ("runner_scheduling_failure", 503, Class::Retry, "provider_error"),
            ("runner_connection_timeout", 503, Class::Retry, "provider_error"),
            ("runner_disconnected", 503, Class::Retry, "provider_error"),
            ("runner_connection_refused", 503, Class::Retry, "provider_error"),
            ("runner_connection_error", 503, Class::Retry, "provider_error"),
            ("runner_incomplete_response", 502, Class::Retry, "provider_error"),
            ("runner_server_error", 500, Class::Retry, "provider_error"),
            ("internal_error", 500, Class::Retry, "provider_error"),
            ("client_disconnected", 499, Class::Never, "provider_cancelled"),
            ("client_cancelled", 499, Class::Never, "provider_cancelled"),
            ("bad_request", 400, Class::Never, "provider_refused"),
            ("a_word_of_tomorrow", 503, Class::Retry, "provider_error"),
        ] {
            let error = by_queue(status, word);
            assert_eq!((error.class(), &*error.failure().code), (class, code), "{word}");
            assert!(!error.is_passing(), "{word} ends the request");
        }
    }

    #[test]
    fn every_word_of_the_models_has_its_class() {
        for (word, status, class, code) in [
            ("internal_server_error", 500, Class::Retry, "provider_error"),
            ("generation_timeout", 504, Class::Retry, "provider_timeout"),
            ("downstream_service_error", 400, Class::Retry, "provider_error"),
            ("downstream_service_error", 500, Class::Retry, "provider_error"),
            ("downstream_service_unavailable", 500, Class::Retry, "provider_error"),
            ("content_policy_violation", 422, Class::Never, "content_policy"),
            ("no_media_generated", 422, Class::Never, "nothing_made"),
            ("image_too_small", 422, Class::Never, "image_too_small"),
            ("image_too_large", 422, Class::Never, "image_too_large"),
            ("file_too_large", 422, Class::Never, "image_too_large"),
            ("image_load_error", 422, Class::Never, "image_unreadable"),
            ("unsupported_image_format", 422, Class::Never, "image_unreadable"),
            ("face_detection_error", 422, Class::Never, "no_face"),
            ("file_download_error", 422, Class::Retry, "provider_error"),
            ("feature_not_supported", 422, Class::Never, "provider_refused"),
            ("greater_than", 422, Class::Never, "invalid_option"),
            ("one_of", 422, Class::Never, "invalid_option"),
            ("missing", 422, Class::Never, "provider_refused"),
            ("value_error.missing", 422, Class::Never, "provider_refused"),
            ("a_word_of_tomorrow", 422, Class::Never, "provider_refused"),
        ] {
            let error = by_model(status, word);
            assert_eq!((error.class(), &*error.failure().code), (class, code), "{word}");
            assert_eq!(error.worthwhile_tries(), 1, "{word}");
        }
    }

    #[test]
    fn the_account_is_told_from_the_request() {
        let locked =
            r#"{"detail":"User is locked. Reason: Exhausted balance. Top up your balance."}"#;
        let admin = r#"{"detail":"User is locked. Reason: Admin lock."}"#;
        let unknown = r#"{"detail":"No user found for Key ID and Secret"}"#;
        for (status, body, class, code) in [
            (403, locked, Class::Halt, "provider_balance"),
            (403, admin, Class::Halt, "provider_account"),
            (401, unknown, Class::Halt, "provider_account"),
            (429, "", Class::Later, "provider_busy"),
            (404, r#"{"status":"NOT_FOUND"}"#, Class::Retry, "provider_lost_request"),
            (402, "", Class::Halt, "provider_balance"),
        ] {
            let error = refused(status, body);
            assert_eq!((error.class(), &*error.failure().code), (class, code), "{body}");
        }
    }

    #[test]
    fn a_partners_refusal_in_words_is_a_content_policy() {
        let error = refused(400, r#"{"detail":"Request blocked due to safety violations"}"#);

        assert_eq!(error.class(), Class::Never);
        assert_eq!(error.failure().code, "content_policy");
    }

    #[test]
    fn what_stands_before_fal_may_hiccup_and_ends_nothing() {
        for body in ["<html><center>nginx</center></html>", "", "[1, 2", "null"] {
            let error = refused(504, body);
            assert!(error.is_passing() && error.worthwhile_tries() > 1, "{body}");
        }
    }

    #[test]
    fn what_does_not_speak_fals_json_refuses_nothing_for_good() {
        for status in [301, 307, 404, 407, 421] {
            let error = refused(status, "<html>proxy</html>");
            assert_eq!(error.class(), Class::Retry, "{status}");
            assert!(!error.is_unknown_request(), "{status}");
        }
        assert!(refused(404, r#"{"status":"NOT_FOUND"}"#).is_unknown_request());
    }

    #[test]
    fn a_result_that_is_not_there_yet_is_asked_for_again() {
        let error = refused(400, r#"{"detail":"Request is still in progress"}"#);

        assert!(error.is_passing());
    }

    #[test]
    fn a_hint_that_another_try_is_useless_is_believed() {
        let body = r#"{"detail":"Sorry","error_type":"runner_server_error"}"#;

        for hint in [("x-fal-retryable", "false"), ("x-fal-needs-retry", "0")] {
            assert_eq!(refused_with(500, &[hint], body).class(), Class::Never);
        }
        for hint in [("x-fal-retryable", "true"), ("x-fal-needs-retry", "1")] {
            assert_eq!(refused_with(500, &[hint], body).class(), Class::Retry);
        }
    }

    #[test]
    fn nothing_that_fal_echoes_is_shown() {
        let error = by_model(422, "secret words\nof a user");

        let shown = format!("{error} {error:?} {:?}", error.failure());
        assert!(!shown.contains("secret words") && !shown.contains("\"secret\""), "{shown}");
    }
}
